"""Many arrays handed to compiled functions as one address.

A named tuple of arrays is passed by value: each call of a compiled function, and each function that is
written into its caller, moves every field of every array. With a hundred of them compiling takes minutes. A
handle is the address of a table instead; a field is read from it where it is used, and only then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import extending, types
from numba.core import cgutils, typing
from numba.np import arrayobj

from exatwin.foundation.arrays import Int64
from exatwin.foundation.jit import INTERPRETED, PART

F = TypeVar("F", bound=Callable[..., Any])

_WORD = 8
_arrays: Any = arrayobj  # numba's inside has no types
_words_of: Any = cgutils.pack_array
_lower: Any = extending.lower_getattr_generic
_resolves: Any = extending.infer_getattr
_overloads: Any = extending.overload
_Template: Any = typing.templates.AttributeTemplate


class Handle(types.Type):
    """The type of the address of a table that stands for the named tuple type `of`.

    `parts` are bits: which parts of what takes it there are at all, see :func:`where`.
    """

    def __init__(self, of: Any, parts: int = 0) -> None:
        self.of, self.parts = of, parts
        super().__init__(name=f"Handle({of.name}, {parts})")

    def field(self, name: str) -> tuple[int, Any]:
        """Return where a field stands in the table [words], and its type."""
        at = self.of.fields.index(name)
        return sum(_words(each) for each in self.of.types[:at]), self.of.types[at]


def _words(kind: Any) -> int:
    """An array takes its address and its shape, a named tuple all of its fields."""
    return sum(map(_words, kind.types)) if isinstance(kind, types.NamedTuple) else 1 + int(kind.ndim)


extending.register_model(Handle)(extending.models.OpaqueModel)


@_resolves
class _Fields(_Template):  # type: ignore[misc]  # numba's
    key = Handle

    def generic_resolve(self, value: Any, attr: str) -> Any:
        if attr not in value.of.fields:
            return None
        kind = value.field(attr)[1]
        return Handle(kind, value.parts) if isinstance(kind, types.NamedTuple) else kind


def _read(context: Any, builder: Any, kind: Any, value: Any, attr: str) -> Any:
    """Read an array from the table; nobody writes to that, so that loops need not read it again."""
    at, found = kind.field(attr)
    if isinstance(found, types.NamedTuple):
        return builder.gep(value, [ir.Constant(ir.IntType(64), at * _WORD)])
    never = builder.module.add_metadata([])

    def word(place: int, of: Any) -> Any:
        here = builder.gep(value, [ir.Constant(ir.IntType(64), (at + place) * _WORD)])
        loaded = builder.load(builder.bitcast(here, of.as_pointer()))
        loaded.set_metadata("invariant.load", never)
        return loaded

    array = _arrays.make_array(found)(context, builder)
    whole = ir.IntType(64)
    shape = [word(1 + axis, whole) for axis in range(found.ndim)]
    size = context.get_constant(types.intp, found.dtype.bitwidth // 8)
    strides = [size]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    _arrays.populate_array(
        array,
        data=word(0, array.data.type),
        shape=_words_of(builder, shape, whole),
        strides=_words_of(builder, strides, whole),
        itemsize=size,
        meminfo=None,
    )
    return array._getvalue()


_lower(Handle)(_read)


def reader(of: Any) -> Callable[[Any, int], Any]:
    """Return the compiled function that takes what :func:`table` returned, by its address, for the tuple.

    Its second argument says which parts there are, as bits: a constant.

    Parameters
    ----------
    of
        The numba type of the named tuple.
    """

    def opened(typing_context: Any, address: Any, parts: Any) -> Any:
        if not isinstance(parts, types.IntegerLiteral):
            return None

        def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], cgutils.voidptr_t)

        return Handle(of, parts.literal_value)(types.int64, parts), emit

    compiled: Any = extending.intrinsic(prefer_literal=True)(opened)
    return _plainly if INTERPRETED else compiled


def _plainly(fields: Any, parts: int) -> Any:
    return fields


def where(part: int, otherwise: Any = None) -> Callable[[F], F]:
    """Return a decorator: the function is compiled only for handles that have `part`, for others a constant.

    A loop that lacks a part is compiled in a fraction of the time. The first argument is a handle.

    Parameters
    ----------
    part
        A bit.
    otherwise
        What is returned without it, as the function itself does where the part asks for nothing.
    """

    def decorated(function: F) -> F:
        def called(*args: Any) -> Any:
            return function(*args)

        def nothing(*args: Any) -> Any:
            return otherwise

        def chosen(first: Any, *others: Any) -> Any:
            return function if first.parts & part else nothing

        _overloads(called, strict=False, jit_options=PART)(chosen)
        return cast(F, called)

    return _unchanged if INTERPRETED else decorated


def _unchanged(function: F) -> F:
    return function


def table(fields: Any) -> Int64:
    """Return the addresses and shapes of the arrays of a named tuple; it does not keep them alive."""
    found: list[int] = []
    for each in fields:
        if isinstance(each, tuple):
            found.extend(table(each).tolist())
        else:
            found.extend([each.ctypes.data, *each.shape])
    return np.array(found, np.int64)


def address(fields: Any, rows: Int64) -> Any:
    """Return what the function of :func:`reader` takes: the address of the table `rows` of `fields`."""
    return fields if INTERPRETED else rows.ctypes.data


__all__ = ["Handle", "address", "reader", "table", "where"]
