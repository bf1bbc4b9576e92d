"""How the kernels are compiled: one decorator, so that types and flags are said once.

Floating point rules are relaxed only as far as results stay finite numbers: sums may
be regrouped and products fused, but infinities and NaN keep their meaning, because a
fit that ran away is recognised by them. A kernel gives the same bits whichever thread
runs it and however many run beside it.

Inner functions allocate nothing and count no references (a counted reference is an atomic
addition, and a fit hands its arrays on a hundred times in each step): entries bring all the
room there has to be. What needs memory of its own does not compile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit, types

Function = TypeVar("Function", bound=Callable[..., Any])

_RELAXED = {"contract", "arcp", "nsz", "reassoc"}
_INNER: dict[str, Any] = {"error_model": "numpy", "_nrt": False}

FLOAT, INT, BOOL, NOTHING = types.float64, types.int64, types.boolean, types.void


def given(dimensions: int, kind: Any = FLOAT) -> Any:
    """Return the type of a contiguous array that a kernel only reads."""
    return types.Array(kind, dimensions, "C", readonly=True)


def filled(dimensions: int, kind: Any = FLOAT) -> Any:
    """Return the type of a contiguous array that a kernel writes into."""
    return types.Array(kind, dimensions, "C")


def named(kind: type, *fields: Any) -> Any:
    """Return the type of a named tuple."""
    return types.NamedTuple(fields, kind)  # type: ignore[no-untyped-call]


def compiled(function: Function) -> Function:
    """Compile an inner kernel: loops over points, safe to regroup."""
    return cast(Function, njit(fastmath=_RELAXED, **_INNER)(function))


def inlined(function: Function) -> Function:
    """Compile what becomes part of the function that calls it.

    For what is done at one point: the compiler would leave a long one as a call, and then
    not take points together. For a short loop: a slice of an array handed over to a call
    is counted in and out, which costs as much as a hundred points.
    """
    return cast(Function, njit(fastmath=_RELAXED, inline="always", **_INNER)(function))


def woven(function: Function) -> Function:
    """Compile a part of one long function, which it becomes: there is no call.

    In the one it is woven into, that one's rules for floating point hold.
    """
    return cast(Function, njit(inline="always", **_INNER)(function))


def exact(function: Function) -> Function:
    """Compile an inner function in which the order of operations matters."""
    return cast(Function, njit(**_INNER)(function))


def ordered(function: Function) -> Function:
    """Compile a loop over points that relies on the order of additions (rounding tricks)."""
    return cast(Function, njit(fastmath={"contract"}, **_INNER)(function))


def entry(*arguments: Any, returns: Any = NOTHING) -> Callable[[Function], Function]:
    """Compile what Python calls: kept on disk, and without the interpreter lock.

    The types are said here, not taken from the first call: an entry compiled once for
    arrays that may be written and once for arrays that may not gives other last digits,
    and which of the two a call meets would hang on what the process did before.
    """

    def decorate(function: Function) -> Function:
        made = njit(returns(*arguments), error_model="numpy", cache=True, nogil=True)(function)
        return cast(Function, made)

    return decorate
