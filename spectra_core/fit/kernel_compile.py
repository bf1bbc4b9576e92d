"""How the kernels are compiled: one decorator, so that types and flags are said once.

Floating point rules are relaxed only as far as results stay finite numbers: sums may
be regrouped and products fused, but infinities and NaN keep their meaning, because a
fit that ran away is recognised by them. A kernel gives the same bits whichever thread
runs it and however many run beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

_RELAXED = {"contract", "arcp", "nsz", "reassoc"}


def compiled(function: Function) -> Function:
    """Compile an inner kernel: loops over points, safe to regroup."""
    return cast(Function, njit(fastmath=_RELAXED, error_model="numpy")(function))


def point(function: Function) -> Function:
    """Compile what is done at one point; it becomes part of the loop that calls it.

    The compiler would leave a long one as a call, and then not take points together.
    """
    return cast(Function, njit(fastmath=_RELAXED, error_model="numpy", inline="always")(function))


def exact(function: Function) -> Function:
    """Compile an inner function in which the order of operations matters."""
    return cast(Function, njit(error_model="numpy")(function))


def ordered(function: Function) -> Function:
    """Compile a loop over points that relies on the order of additions (rounding tricks)."""
    return cast(Function, njit(fastmath={"contract"}, error_model="numpy")(function))


def entry(function: Function) -> Function:
    """Compile what Python calls: kept on disk, and without the interpreter lock."""
    return cast(Function, njit(error_model="numpy", cache=True, nogil=True)(function))
