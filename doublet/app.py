"""The programs, in a checkout: the folder `app` beside this package, as the package `doublet.app`.

A module with a ``__path__`` is a package. A wheel has the folder itself in place of this file, so
the programs have one name everywhere, and no other package or folder called `app` is ever taken
for them.
"""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[1] / "app")]
