"""A position's features at once: what numba's loops over a few channels would do one by one, in LLVM's own language.

All take features (groups, GROUP) of one position.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

GROUP = 8
"""Channels are computed so many at a time."""
SCALAR, INDEX = ir.FloatType(), ir.IntType(64)
VECTOR = ir.VectorType(SCALAR, GROUP)


def array(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """An argument of compiled code as an array whose `data` and `shape` can be read."""
    return context.make_array(kind)(context, builder, value)


def group_at(builder: Any, pointer: Any, number: Any) -> Any:
    """Where a group begins, as a pointer to a vector."""
    place = builder.gep(pointer, [builder.mul(number, INDEX(GROUP))])
    return builder.bitcast(place, VECTOR.as_pointer())


def _for_each_group(context: Any, builder: Any, signature: Any, arguments: Any, use: Callable[..., None]) -> None:
    """Call `use` with pointers to the vectors of a group in each array."""
    arrays = [array(context, builder, *each) for each in zip(signature.args, arguments, strict=True)]
    groups = cgutils.unpack_tuple(builder, arrays[0].shape)[0]
    with cgutils.for_range(builder, groups) as loop:
        use(*(group_at(builder, each.data, loop.index) for each in arrays))


def _load(builder: Any, pointer: Any) -> Any:
    return builder.load(pointer, align=4)


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


@intrinsic
def apart(typing, here, there):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """The sums of the absolute differences, and of their squares."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        zero = ir.Constant(VECTOR, [0.0] * GROUP)
        sums = [cgutils.alloca_once_value(builder, zero) for _ in range(2)]
        kind = ir.FunctionType(VECTOR, [VECTOR])
        absolute = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fabs.v{GROUP}f32")

        def use(here: Any, there: Any) -> None:
            difference = builder.fsub(_load(builder, here), _load(builder, there))
            added = builder.call(absolute, [difference]), builder.fmul(difference, difference)
            for so_far, more in zip(sums, added, strict=True):
                builder.store(builder.fadd(builder.load(so_far), more), so_far)

        _for_each_group(context, builder, signature, arguments, use)
        kind = ir.FunctionType(SCALAR, [SCALAR, VECTOR])
        across = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.fadd.v{GROUP}f32")
        totals = [
            builder.call(across, [SCALAR(0.0), builder.load(so_far)], fastmath=("reassoc",)) for so_far in sums
        ]
        return context.make_tuple(builder, signature.return_type, totals)

    return types.UniTuple(types.float32, 2)(here, there), generate
