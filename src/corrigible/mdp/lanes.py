"""Sixteen numbers at once: the vectors on which the compiled solvers work.

A block of sixteen rewards is kept with the rewards innermost: an array of shape (states, 16), so that
the values of one state for sixteen rewards are two cache lines. The solvers' loops run over states,
actions and outcomes, one after another and with random access, and do the same to all sixteen. The
compiler does not find that by itself (it would have to exchange loops, and to prove that the rows
it reads and the row it writes differ), so it is said here: `load`, `store`, `spread` and a few
operations on a Numba type that stands for LLVM's vector of sixteen doubles. The compiler turns it
into whatever vectors the processor has (four AVX registers, two of AVX-512, eight of NEON).

Each lane's result depends on nothing in the other lanes. Products and sums are rounded apart,
never fused, so results are the same to the last bit on every processor.

Only compiled functions can call these. Numba's cache on disk notices changes in a kernel's own
file, not in this one: after a change here, touch the files that import it.
"""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportUntypedFunctionDecorator=false
# pyright: reportMissingTypeStubs=false, reportUntypedBaseClass=false, reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, register_model

WIDTH = 16
"""Rewards in a block."""

_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_ZERO = ir.Constant(_VECTOR, [0.0] * WIDTH)


class _LanesType(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"corrigible_lanes_{WIDTH}")


@register_model(_LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, numba_type) -> None:
        super().__init__(manager, numba_type, _VECTOR)


_LANES = _LanesType()


def scratch(rows: int) -> np.ndarray:
    """Return an uninitialised array of shape (rows, 16) whose rows are whole cache lines."""
    raw = np.empty(rows * WIDTH + 7)
    start = (-raw.ctypes.data // 8) % 8
    return raw[start : start + rows * WIDTH].reshape(rows, WIDTH)


def _address(context, builder, array_type, array, row):
    data = context.make_array(array_type)(context, builder, array).data
    place = builder.gep(data, [builder.mul(row, ir.Constant(row.type, WIDTH))])
    return builder.bitcast(place, _VECTOR.as_pointer())


def _load(typing, array, row):
    """Return row ``row`` of an array of shape (rows, 16) as lanes; the index is not checked."""

    def generate(context, builder, signature, arguments):
        row = context.cast(builder, arguments[1], signature.args[1], types.intp)
        place = _address(context, builder, signature.args[0], arguments[0], row)
        vector = builder.load(place)
        vector.align = 8
        return vector

    return _LANES(array, row), generate


def _store(typing, array, row, lanes):
    """Write lanes into row ``row`` of an array of shape (rows, 16); the index is not checked."""

    def generate(context, builder, signature, arguments):
        row = context.cast(builder, arguments[1], signature.args[1], types.intp)
        place = _address(context, builder, signature.args[0], arguments[0], row)
        builder.store(arguments[2], place).align = 8
        return context.get_dummy_value()

    return types.void(array, row, lanes), generate


def _spread(typing, number):
    """Return lanes that all hold ``number``, a float."""

    def generate(context, builder, signature, arguments):
        index = ir.IntType(32)
        anything = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(anything, arguments[0], ir.Constant(index, 0))
        mask = ir.Constant(ir.VectorType(index, WIDTH), [0] * WIDTH)
        return builder.shuffle_vector(first, anything, mask)

    return _LANES(types.float64), generate


def _at(typing, array, index):
    """Return ``array[index]`` of an array of one dimension, the index neither checked nor counted from
    the end where it is negative: Numba's own reading takes twice as many instructions."""

    def generate(context, builder, signature, arguments):
        index = context.cast(builder, arguments[1], signature.args[1], types.intp)
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.load(builder.gep(data, [index]))

    return array.dtype(array, index), generate


at: Any = intrinsic(_at)
load: Any = intrinsic(_load)
store: Any = intrinsic(_store)
spread: Any = intrinsic(_spread)


def _operation(build: Callable[..., Any], count: int) -> Any:
    def generate(context, builder, signature, arguments):
        return build(builder, *arguments)

    if count == 2:

        @intrinsic
        def binary(typing, a, b):
            return _LANES(a, b), generate

        return binary

    @intrinsic
    def ternary(typing, a, b, c):
        return _LANES(a, b, c), generate

    return ternary


add = _operation(lambda b, x, y: b.fadd(x, y), 2)
sub = _operation(lambda b, x, y: b.fsub(x, y), 2)
mul = _operation(lambda b, x, y: b.fmul(x, y), 2)
div = _operation(lambda b, x, y: b.fdiv(x, y), 2)
maximum = _operation(lambda b, x, y: b.select(b.fcmp_ordered(">", x, y), x, y), 2)
minimum = _operation(lambda b, x, y: b.select(b.fcmp_ordered("<", x, y), x, y), 2)
where_positive = _operation(lambda b, x, y, z: b.select(b.fcmp_ordered(">", x, _ZERO), y, z), 3)
"""``where_positive(x, y, z)``: y where x > 0, else z, lane by lane."""
