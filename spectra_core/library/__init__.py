"""The peak library: what was reported, what it agrees on, and how well that is known."""

from .library import (
    DEFAULT_SENSITIVITY,
    FOLDER_VARIABLE,
    PeakLibrary,
    find_preset,
    library_level,
    load_library,
    shipped_folder,
    user_folder,
)

__all__ = [
    "DEFAULT_SENSITIVITY",
    "FOLDER_VARIABLE",
    "PeakLibrary",
    "find_preset",
    "library_level",
    "load_library",
    "shipped_folder",
    "user_folder",
]
