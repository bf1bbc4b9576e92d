"""Doublet under its own name.

``import doublet`` is the public face of `spectra_core`, name by name; ``python -m doublet`` and
the commands ``doublet`` and ``doublet-gui`` run the programs, which are `doublet.app`.
"""

from __future__ import annotations

from typing import Any

import spectra_core
from spectra_core import __version__ as __version__

__all__ = spectra_core.__all__


def __getattr__(name: str) -> Any:
    if name in spectra_core.__all__:
        return getattr(spectra_core, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
