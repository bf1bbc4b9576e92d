"""Processes of this program's own: `child_command` starts them, `run` is what they do.

A child is Python with this file as its script. The frozen program has no Python beside it; there
the program itself is started again, and its first word says that it is a child.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

CHILD = "--doublet-child"
"""First word on the command line of a frozen program that is a child."""
_HERE = Path(__file__).resolve().parent


def child_command(target: str) -> list[str] | None:
    """Return the command of a child.

    Parameters
    ----------
    target : str
        Module of `spectra_core` to be imported, or ``module:function`` to be called.

    Returns
    -------
    command : list of str or None
        For `subprocess`; None where this program is no Python interpreter and not frozen.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, CHILD, target]
    if not Path(sys.executable or "").stem.lower().startswith(("python", "pypy")):
        return None
    # -P: neither the folder of this file nor the one the user is in holds modules for the child
    return [sys.executable, "-P", str(Path(__file__).resolve()), target]


def run(target: str) -> None:
    """Import a module of the core, and call a function of it if the target names one."""
    if not target.startswith("spectra_core."):
        raise SystemExit(f"{target} is no module of spectra_core.")
    module, _, function = target.partition(":")
    imported = import_module(module)
    if function:
        getattr(imported, function)()


def run_if_child() -> None:
    """In a frozen program that was started as a child, do what it is for, and end."""
    if sys.argv[1:2] == [CHILD]:
        run(*sys.argv[2:])
        raise SystemExit


if __name__ == "__main__":
    found = find_spec("spectra_core")
    if found is None or found.origin != str(_HERE / "__init__.py"):
        sys.path.insert(0, str(_HERE.parent))
    run(*sys.argv[1:])
