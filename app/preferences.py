"""What a user prefers, kept by the system's settings between two starts."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from PySide6.QtCore import QSettings

from .theme import SCHEMES, Scheme

RESIDUAL_RANGES = (3, 4, 5, 6, 10)
_CHOICES: dict[str, tuple[object, ...]] = {"scheme": SCHEMES, "residual_range": RESIDUAL_RANGES}
"""What can be preferred where it is one of a few."""


def _default_starts() -> int:
    from spectra_core.fitting import DEFAULT_STARTS  # the scheme is wanted before the core is

    return DEFAULT_STARTS


@dataclass(frozen=True)
class Preferences:
    """Preferences of the user at this machine.

    Attributes
    ----------
    scheme : {"system", "light", "dark"}
    live_refit : bool
        Fit again while a handle is dragged.
    autosave_s : float
        Seconds after a change until the recovery file is written.
    starts : int
        Starting points of the fits of new analyses.
    residual_range : {3, 4, 5, 6, 10}
        The panel of the residual reaches at least this many sigma.
    """

    scheme: Scheme = "system"
    live_refit: bool = True
    autosave_s: float = 2.0
    starts: int = field(default_factory=_default_starts)
    residual_range: int = RESIDUAL_RANGES[0]


def preferred_scheme(settings: QSettings) -> Scheme:
    """Return the stored scheme of colours alone."""
    stored = settings.value("preferences/scheme")
    return next((scheme for scheme in SCHEMES if scheme == stored), SCHEMES[0])


def load_preferences(settings: QSettings) -> Preferences:
    """Return the stored preferences; what is missing or damaged is as at the first start."""
    found = Preferences()
    for one in fields(Preferences):
        stored = settings.value(f"preferences/{one.name}")
        value = _converted(stored, type(getattr(found, one.name)))
        if value is not None and value in _CHOICES.get(one.name, (value,)):
            change: dict[str, Any] = {one.name: value}
            found = replace(found, **change)
    return found


def save_preferences(settings: QSettings, preferences: Preferences) -> None:
    """Store preferences."""
    for one in fields(Preferences):
        settings.setValue(f"preferences/{one.name}", str(getattr(preferences, one.name)))


def _converted(stored: object, kind: type) -> object | None:
    text = "" if stored is None else str(stored)
    if kind is bool:
        return {"True": True, "False": False}.get(text)
    try:
        return kind(text) if text else None
    except ValueError:
        return None
