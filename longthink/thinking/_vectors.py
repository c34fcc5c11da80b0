"""What numba's own loops would do one number at a time, or with their sums in memory: in LLVM's own language.

Vectors hold a group of a position's channels. LLVM chooses the processor's instructions.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir  # type: ignore[import-untyped]
from numba.core import cgutils as _cgutils
from numba.core import types as _types

from longthink.base.compiled import intrinsic

cgutils: Any = _cgutils
types: Any = _types

GROUP = 8
"""Channels are computed so many at a time."""
WIDE = bool(binding.get_host_cpu_features().get("avx512f"))
"""Whether a processor's vector holds a group of two positions."""
SIDE_BY_SIDE = 2 if WIDE else 1
AT_ONCE, MOST_GROUPS = (8, 4) if WIDE else (4, 3)
"""Positions, and groups of each, that are convolved at a time: as many as there are registers for their sums."""
UNROLLED = 2
"""Channels that are looked at in a round of the innermost loop."""
SCALAR, INDEX, LANE = ir.FloatType(), ir.IntType(64), ir.IntType(32)
VECTOR, VECTORS = ir.VectorType(SCALAR, GROUP), ir.VectorType(SCALAR, GROUP * SIDE_BY_SIDE)


def _array(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """An argument of compiled code as an array whose `data`, `shape` and `strides` can be read."""
    return context.make_array(kind)(context, builder, value)


def _group(builder: Any, pointer: Any, number: Any) -> Any:
    """Where a group begins, as a pointer to a vector."""
    place = builder.gep(pointer, [builder.mul(number, INDEX(GROUP))])
    return builder.bitcast(place, VECTOR.as_pointer())


def _load(builder: Any, pointer: Any) -> Any:
    return builder.load(pointer, align=4)


def _lanes(builder: Any, first: Any, second: Any, chosen: list[int]) -> Any:
    """A vector of chosen numbers of two others."""
    return builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(LANE, len(chosen)), chosen))


@intrinsic(prefer_literal=True)
def convolved(typing, number, features, groups, positions, taps, weights, sums):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Fill the first groups of `sums` (AT_ONCE, groups, GROUP), a literal number of them, from their `weights`.

    `features` have so many `groups` of each position. `positions` (AT_ONCE,) and `taps` count positions.
    """
    made = number.literal_value

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, features, groups, *others = arguments
        kinds = signature.args
        features = _array(context, builder, kinds[1], features)
        positions, taps, weights, sums = (
            _array(context, builder, *each) for each in zip(kinds[3:], others, strict=True)
        )
        width = builder.mul(groups, INDEX(GROUP))
        kind = ir.FunctionType(VECTORS, [VECTORS] * 3)
        name = f"llvm.fmuladd.v{GROUP * SIDE_BY_SIDE}f32"
        multiply_and_add = cgutils.get_or_insert_function(builder.module, kind, name)

        def for_each_position(pointer: Any, group: int) -> Any:
            """A group of weights, once for each of the positions side by side."""
            loaded = _load(builder, _group(builder, pointer, INDEX(group)))
            return _lanes(builder, loaded, loaded, [*range(GROUP)] * SIDE_BY_SIDE)

        def for_each_channel(numbers: list[Any]) -> Any:
            """A number of each of the positions side by side, once for each channel of a group."""
            first, last = (
                builder.insert_element(ir.Constant(VECTORS, ir.Undefined), numbers[side], LANE(0)) for side in (0, -1)
            )
            return _lanes(
                builder, first, last, [side * VECTORS.count for side in range(SIDE_BY_SIDE) for _ in range(GROUP)]
            )

        rows = [range(first, first + SIDE_BY_SIDE) for first in range(0, AT_ONCE, SIDE_BY_SIDE)]
        biases = [for_each_position(weights.data, group) for group in range(made)]
        totals = [[cgutils.alloca_once_value(builder, bias) for bias in biases] for _ in rows]
        places = [
            builder.gep(features.data, [builder.mul(builder.load(builder.gep(positions.data, [INDEX(row)])), width)])
            for row in range(AT_ONCE)
        ]
        following = cgutils.alloca_once_value(builder, builder.gep(weights.data, [INDEX(made * GROUP)]))
        with cgutils.for_range(builder, cgutils.unpack_tuple(builder, taps.shape)[0]) as tap:
            away = builder.mul(builder.load(builder.gep(taps.data, [tap.index])), width)
            seen = [builder.gep(place, [away]) for place in places]
            with cgutils.for_range_slice(builder, INDEX(0), width, INDEX(UNROLLED)) as (channel, _):
                pointer = builder.load(following)
                for later in range(UNROLLED):
                    at = builder.add(channel, INDEX(later))
                    numbers = [builder.load(builder.gep(place, [at])) for place in seen]
                    factors = [for_each_position(pointer, later * made + group) for group in range(made)]
                    for row, total in zip(rows, totals, strict=True):
                        value = for_each_channel([numbers[position] for position in row])
                        for factor, so_far in zip(factors, total, strict=True):
                            more = builder.call(multiply_and_add, [value, factor, builder.load(so_far)])
                            builder.store(more, so_far)
                builder.store(builder.gep(pointer, [INDEX(UNROLLED * made * GROUP)]), following)
        stride = builder.sdiv(cgutils.unpack_tuple(builder, sums.strides)[0], INDEX(4))
        for row, total in zip(rows, totals, strict=True):
            for side, position in enumerate(row):
                start = builder.gep(sums.data, [builder.mul(INDEX(position), stride)])
                for group, so_far in enumerate(total):
                    both = builder.load(so_far)
                    one = _lanes(builder, both, both, [side * GROUP + lane for lane in range(GROUP)])
                    builder.store(one, _group(builder, start, INDEX(group)), align=4)
        return context.get_dummy_value()

    return types.void(number, features, groups, positions, taps, weights, sums), generate


def _for_each_group(context: Any, builder: Any, signature: Any, arguments: Any, use: Callable[..., None]) -> None:
    """Call `use` with pointers to a group in each argument, features (groups, GROUP) of one position."""
    arrays = [_array(context, builder, *each) for each in zip(signature.args, arguments, strict=True)]
    groups = cgutils.unpack_tuple(builder, arrays[0].shape)[0]
    with cgutils.for_range(builder, groups) as loop:
        use(*(_group(builder, each.data, loop.index) for each in arrays))


@intrinsic
def copy(typing, here, there):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """here = there"""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def use(here: Any, there: Any) -> None:
            builder.store(_load(builder, there), here, align=4)

        _for_each_group(context, builder, signature, arguments, use)
        return context.get_dummy_value()

    return types.void(here, there), generate


@intrinsic
def add(typing, here, there):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """here += there"""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def use(here: Any, there: Any) -> None:
            builder.store(builder.fadd(_load(builder, here), _load(builder, there)), here, align=4)

        _for_each_group(context, builder, signature, arguments, use)
        return context.get_dummy_value()

    return types.void(here, there), generate


@intrinsic
def rectify(typing, here):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """here = max(here, 0), NaN where it is NaN."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        zero = ir.Constant(VECTOR, [0.0] * GROUP)

        def use(here: Any) -> None:
            value = _load(builder, here)
            builder.store(builder.select(builder.fcmp_ordered("<", value, zero), zero, value), here, align=4)

        _for_each_group(context, builder, signature, arguments, use)
        return context.get_dummy_value()

    return types.void(here), generate


def _two_sums(context: Any, builder: Any, signature: Any, arguments: Any, terms: Callable[..., Any]) -> Any:
    """The sums over all channels of two terms of here and there."""
    zero = ir.Constant(VECTOR, [0.0] * GROUP)
    sums = [cgutils.alloca_once_value(builder, zero) for _ in range(2)]

    def use(here: Any, there: Any) -> None:
        for so_far, more in zip(sums, terms(_load(builder, here), _load(builder, there)), strict=True):
            builder.store(builder.fadd(builder.load(so_far), more), so_far)

    _for_each_group(context, builder, signature, arguments, use)
    kind = ir.FunctionType(SCALAR, [SCALAR, VECTOR])
    across = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.fadd.v{GROUP}f32")
    totals = [builder.call(across, [SCALAR(0.0), builder.load(so_far)], fastmath=("reassoc",)) for so_far in sums]
    return context.make_tuple(builder, signature.return_type, totals)


@intrinsic
def apart(typing, here, there):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """The sums of the absolute differences, and of their squares."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(VECTOR, [VECTOR])
        absolute = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fabs.v{GROUP}f32")

        def terms(here: Any, there: Any) -> Any:
            difference = builder.fsub(here, there)
            return builder.call(absolute, [difference]), builder.fmul(difference, difference)

        return _two_sums(context, builder, signature, arguments, terms)

    return types.UniTuple(types.float32, 2)(here, there), generate


@intrinsic
def size_and_product(typing, here, there):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """The sums of the squares of here, and of the products of both."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def terms(here: Any, there: Any) -> Any:
            return builder.fmul(here, here), builder.fmul(here, there)

        return _two_sums(context, builder, signature, arguments, terms)

    return types.UniTuple(types.float32, 2)(here, there), generate
