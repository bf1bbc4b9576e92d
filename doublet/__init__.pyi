"""The public face of `spectra_core`, for type checkers."""

from spectra_core import *  # noqa: F403
from spectra_core import __version__ as __version__
