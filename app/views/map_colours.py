"""Colours of a map: of one band from pale to deep, of a ratio from one band to the other."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

from spectra_core.spectrum import Array

from ..map_scene import ABSENT, BELOW, FAILED, SHOWN, STATUS, MapScene, band_pair
from ..theme import colour, theme
from .level_map import heat_colours

STATUS_TONES = ("good", "warn", "alarm", "alarm")
_PALE, _MIDDLE, _DEEP = 0.82, 0.45, 0.45
_HATCH = 7  # pixels from one line of the hatching to the next


def map_colours(scene: MapScene) -> np.ndarray:
    """Return 256 colours (256, 4) for the values of a map, as bytes of a BGRA image."""
    name = scene.shown.name
    if name == STATUS:
        return _steps([colour(tone).name() for tone in STATUS_TONES])
    pair = band_pair(name, scene.bands)
    if pair is not None:
        above, below = (scene.colours.get(band, "#7F7F7F") for band in pair)
        stops = (_mixed(below, 0.8), _mixed(below, 0.62), _mixed(above, _MIDDLE), above)
        return heat_colours((*stops, _mixed(above, -_DEEP)))
    kind, _, band = name.partition(":")
    if kind == "area" and band in scene.colours:
        tone = scene.colours[band]
        return heat_colours((_mixed(tone, _PALE), _mixed(tone, _MIDDLE), tone, _mixed(tone, -0.5)))
    return heat_colours()


def _mixed(tone: str, share: float) -> str:
    """Return a colour nearer to white, or to black where the share is negative."""
    goal = 255 if share > 0 else 0
    parts = (int(tone[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + (goal - part) * abs(share)):02x}" for part in parts)


def _steps(tones: list[str]) -> np.ndarray:
    rgb = [[int(tone[i : i + 2], 16) for i in (5, 3, 1)] for tone in tones]
    places = np.round(np.linspace(0, len(tones) - 1, 256)).astype(int)
    columns = np.array(rgb)[places]
    return np.column_stack([columns, np.full(256, 255)]).astype(np.uint8)


def map_image(scene: MapScene, rows: np.ndarray, columns: np.ndarray) -> QImage:
    """Return the picture of a map; what is not coloured is hatched.

    Parameters
    ----------
    scene : MapScene
    rows : ndarray of int, shape (H,)
        Row of the map that each line of the picture shows.
    columns : ndarray of int, shape (W,)
    """
    values, states = scene.image[np.ix_(rows, columns)], scene.states[np.ix_(rows, columns)]
    places = (np.nan_to_num(scene.scaled(values)) * 255).astype(np.uint8)
    pixels = map_colours(scene)[places]
    _hatch(pixels, states)
    pixels = np.ascontiguousarray(pixels)
    height, width = states.shape
    kind = QImage.Format.Format_ARGB32
    return QImage(pixels.data, width, height, 4 * width, kind).copy()


def _hatch(pixels: np.ndarray, states: np.ndarray) -> None:
    """Hatch what has no colour: below the limit densely, unfitted lightly, failed crosswise."""
    height, width = states.shape
    down, right = np.arange(height)[:, None], np.arange(width)[None, :]
    rising, falling = (right + down) % _HATCH < 2, (right - down) % _HATCH < 2
    dark = theme().palette.dark
    for state, ground, line in (
        (BELOW, "#3a434d" if dark else "#dfe3e8", "#55616d" if dark else "#ffffff"),
        (FAILED, "#4a2f2c" if dark else "#f3d9d5", "#ef7a6d" if dark else "#c0392b"),
    ):
        here = states == state
        lines = rising | falling if state == FAILED else rising
        pixels[here & ~lines] = _bytes(ground)
        pixels[here & lines] = _bytes(line)
    here = ~np.isin(states, (SHOWN, BELOW, FAILED, ABSENT))
    pixels[here & ~rising] = _bytes(colour("hover").name())
    pixels[here & rising] = _bytes(colour("card").name())
    pixels[states == ABSENT] = 0


def _bytes(tone: str) -> tuple[int, ...]:
    return (*(int(tone[i : i + 2], 16) for i in (5, 3, 1)), 255)


def tone_at(colours: np.ndarray, share: float) -> str:
    """Return the colour at a place from 0 to 1."""
    blue, green, red, _ = colours[round(255 * min(max(share, 0.0), 1.0))].tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def histogram(scene: MapScene, bins: int) -> Array:
    """Return how many coloured pixels stand at each place of the colours (bins,)."""
    known = scene.image[np.isfinite(scene.image)]
    counts, _ = np.histogram(scene.scaled(known), bins=bins, range=(0.0, 1.0))
    return counts.astype(float)
