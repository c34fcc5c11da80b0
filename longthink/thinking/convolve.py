"""Convolutions of positions chosen one by one, each as fast as in a convolution of a whole picture.

Features are channels last, and the channels of a position fill whole groups. The sums of some positions and some
channels stay in vector registers while everything that they are made of is added, which numba does not bring about by
itself. So that innermost loop is written in LLVM's own language, and LLVM chooses the processor's instructions.
"""

from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from longthink.base.compiled import compiled

GROUP = 8
"""Channels are computed so many at a time: those of one position in (half of) a vector."""
WIDE = bool(binding.get_host_cpu_features().get("avx512f"))
"""Whether a vector holds the groups of two positions."""
SIDE_BY_SIDE = 2 if WIDE else 1
AT_ONCE, MOST_GROUPS = (8, 4) if WIDE else (4, 3)
"""Positions, and groups of channels of each, that are computed at a time: as many as there are registers for."""
UNROLLED = 2
"""Channels that are looked at in a round of the innermost loop."""


def groups_of(channels: int) -> int:
    """How many groups so many channels fill.

    >>> groups_of(20)
    3
    """
    return -(-channels // GROUP)


def grouped(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features (N, W) as (N, groups, GROUP), the last group filled up with zeros."""
    count, width = features.shape
    groups = np.zeros((count, groups_of(width), GROUP), np.float32)
    groups.reshape(count, -1)[:, :width] = features
    return groups


def arranged(weight: NDArray[np.float32], bias: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights (taps, in, out) and biases (out,) in the order in which `convolve` wants them.

    That is part by part of the groups of outputs: their biases, then their weights for each tap and input.
    """
    taps, inputs, outputs = weight.shape
    filled = np.zeros((taps, groups_of(inputs) * GROUP, groups_of(outputs) * GROUP), np.float32)
    filled[:, :inputs, :outputs] = weight
    rows = np.concatenate([grouped(bias[None]).reshape(1, -1), filled.reshape(-1, filled.shape[2])])
    groups = groups_of(outputs)
    begins = [GROUP * _begin(groups, part) for part in range(1, _parts(groups))]
    return np.concatenate([part.ravel() for part in np.split(rows, begins, axis=1)])


@compiled
def _parts(groups):  # type: ignore[no-untyped-def]
    """Into how many parts groups are divided, none of more than MOST_GROUPS."""
    return -(-groups // MOST_GROUPS)


@compiled
def _begin(groups, part):  # type: ignore[no-untyped-def]
    """Where a part begins: they are as even as can be."""
    return groups * part // _parts(groups)


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def _sums(typing, number, features, groups, positions, taps, weights, sums):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Fill the first groups of `sums` (AT_ONCE, ...), a number of them that is known beforehand, from `weights` of them.

    `features` have so many `groups` for each position. `positions` (AT_ONCE,) and `taps` count positions.
    """
    signature = types.void(number, features, groups, positions, taps, weights, sums)
    number = number.literal_value
    lanes = GROUP * SIDE_BY_SIDE
    scalar, index = ir.FloatType(), ir.IntType(64)
    vector, half = ir.VectorType(scalar, lanes), ir.VectorType(scalar, GROUP)

    def mask(chosen: list[int]) -> ir.Constant:
        return ir.Constant(ir.VectorType(ir.IntType(32), len(chosen)), chosen)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = [
            context.make_array(kind)(context, builder, value) if isinstance(kind, types.Array) else value
            for kind, value in zip(signature.args, arguments, strict=True)
        ]
        _, features, groups, positions, taps, weights, sums = arrays
        width = builder.mul(groups, index(GROUP))
        multiply_and_add = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fmuladd.v{lanes}f32"
        )
        nothing = ir.Constant(vector, ir.Undefined)

        def load_group(pointer: Any, group: int) -> Any:
            """A group of weights, for each of the positions side by side."""
            place = builder.gep(pointer, [index(group * GROUP)])
            loaded = builder.load(builder.bitcast(place, half.as_pointer()), align=4)
            return builder.shuffle_vector(loaded, loaded, mask([*range(GROUP)] * SIDE_BY_SIDE))

        def spread(values: list[Any]) -> Any:
            """A number of each of the positions side by side, for all channels of a group."""
            first, last = (builder.insert_element(nothing, value, ir.IntType(32)(0)) for value in (values[0], values[-1]))
            return builder.shuffle_vector(first, last, mask([i // GROUP * lanes for i in range(lanes)]))

        rows = [range(first, first + SIDE_BY_SIDE) for first in range(0, AT_ONCE, SIDE_BY_SIDE)]
        begun = [load_group(weights.data, group) for group in range(number)]  # the biases
        totals = [[cgutils.alloca_once_value(builder, bias) for bias in begun] for _ in rows]
        places = [
            builder.gep(features.data, [builder.mul(builder.load(builder.gep(positions.data, [index(row)])), width)])
            for row in range(AT_ONCE)
        ]
        following = cgutils.alloca_once_value(builder, builder.gep(weights.data, [index(number * GROUP)]))
        with cgutils.for_range(builder, cgutils.unpack_tuple(builder, taps.shape)[0]) as tap:
            away = builder.mul(builder.load(builder.gep(taps.data, [tap.index])), width)
            seen = [builder.gep(place, [away]) for place in places]
            with cgutils.for_range_slice(builder, index(0), width, index(UNROLLED)) as (channel, _):
                pointer = builder.load(following)
                for later in range(UNROLLED):
                    looked = [builder.load(builder.gep(place, [builder.add(channel, index(later))])) for place in seen]
                    factors = [load_group(pointer, later * number + group) for group in range(number)]
                    for row, total in zip(rows, totals, strict=True):
                        value = spread([looked[position] for position in row])
                        for weight, so_far in zip(factors, total, strict=True):
                            builder.store(builder.call(multiply_and_add, [value, weight, builder.load(so_far)]), so_far)
                builder.store(builder.gep(pointer, [index(UNROLLED * number * GROUP)]), following)
        stride = builder.sdiv(cgutils.unpack_tuple(builder, sums.strides)[0], index(4))
        for row, total in zip(rows, totals, strict=True):
            for side, position in enumerate(row):
                start = builder.gep(sums.data, [builder.mul(index(position), stride)])
                for group, so_far in enumerate(total):
                    value = builder.load(so_far)
                    part = builder.shuffle_vector(value, value, mask([side * GROUP + i for i in range(GROUP)]))
                    place = builder.gep(start, [index(group * GROUP)])
                    builder.store(part, builder.bitcast(place, half.as_pointer()), align=4)
        return context.get_dummy_value()

    return signature, generate


@compiled
def convolve(features, groups, positions, taps, weights, sums):  # type: ignore[no-untyped-def]
    """Fill `sums` (N, groups, GROUP) with what a convolution makes of N positions.

    `features` (all positions x groups, GROUP) have wherever `taps`, which are added to a position's number, lead;
    `weights` are `arranged`. What it makes of a position does not depend on the other positions.
    """
    outputs = sums.shape[1]
    several, some = np.empty(AT_ONCE, np.int64), np.empty((AT_ONCE, outputs, GROUP), np.float32)
    for first in range(0, len(positions), AT_ONCE):
        count = min(AT_ONCE, len(positions) - first)
        for place in range(AT_ONCE):  # the last ones several times over
            several[place] = positions[first + min(place, count - 1)]
        results = sums[first : first + AT_ONCE] if count == AT_ONCE else some
        begin = 0
        for part in range(_parts(outputs)):
            number = _begin(outputs, part + 1) - _begin(outputs, part)
            own, result = weights[begin:], results[:, _begin(outputs, part) :]
            if number == 1:
                _sums(1, features, groups, several, taps, own, result)
            elif number == 2:
                _sums(2, features, groups, several, taps, own, result)
            elif number == 3:
                _sums(3, features, groups, several, taps, own, result)
            else:
                _sums(4, features, groups, several, taps, own, result)
            begin += number * GROUP * (1 + len(taps) * groups * GROUP)
        if count < AT_ONCE:
            sums[first : first + count] = some[:count]
