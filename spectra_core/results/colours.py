"""One colour for one species, on every spectrum, in the window and in every export.

The colours are told apart with the common colour-vision deficiencies (after Okabe and Ito, Color
Universal Design, 2008, with four that keep their distance in lightness). A species of the
sulfide-electrolyte families has a fixed one; any other gets one from its name, always the same.
Within a region no two components share a colour while there are enough.
"""

from __future__ import annotations

import re
from hashlib import sha256

from ..model import Component, Region

COLOURS = (
    "#0072B2",  # blue
    "#E69F00",  # orange
    "#009E73",  # green
    "#D55E00",  # vermilion
    "#8C6BB1",  # violet
    "#CC79A7",  # pink
    "#56B4E9",  # sky
    "#8A5A2B",  # brown
    "#7F8C00",  # olive
    "#7F7F7F",  # grey
)

_FAMILIES = (
    (r"PS4", 0),
    (r"P2S5|P2S6|P4S10", 6),
    (r"bridging|intermediate|P-\[?S\]?n?-?P|P-Sn-P|P2S7|P-S-P", 1),
    (r"thiosulfate|S2O3|sulfite|SO3", 5),
    (r"sulfate|SO4", 4),
    (r"PSxOy|P-O-S|phosphate|PO4|P4O10|P-O\b", 7),
    (r"P2Sx", 6),
    (r"Li3P\b|LixP|phosphide|elemental P|\bP0\b", 8),
    (r"\bS0\b|\bS8\b|S-S|Sn2-|polysulfide|elemental sulfur", 3),
    (r"Li2S\b|S2-|S\(2-\)|lattice S", 2),
    (r"adventitious|carbon\b|C-C|C-H|graphit", 9),
)
"""Pattern in species or label, and the place of its colour; the first that fits."""

_LIGHTER = 0.45


def species_colour(name: str) -> str:
    """Return the colour of a species by its name, as ``#rrggbb``."""
    return COLOURS[_place(name)]


def component_colours(region: Region) -> dict[str, str]:
    """Return the colour of every component and doublet of a region, by id.

    Both lines of a doublet have the doublet's colour; `lighter` is that of its minor line.
    """
    colours: dict[str, str] = {}
    taken: set[str] = set()
    for component in region.components:
        doublet = region.doublet_of(component.id)
        if doublet is not None and component.id == doublet.minor:
            continue
        colour = _free_colour(_place(_name(component)), taken)
        taken.add(colour)
        colours[component.id] = colour
        if doublet is not None:
            colours[doublet.id] = colours[doublet.minor] = colour
    return colours


def lighter(colour: str) -> str:
    """Return a colour nearer to white, for the minor line of a doublet."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * _LIGHTER):02X}" for part in parts)


def _name(component: Component) -> str:
    return f"{component.species} {component.label}" if component.species else component.label


def _place(name: str) -> int:
    for pattern, place in _FAMILIES:
        if re.search(pattern, name, re.IGNORECASE):
            return place
    # A digest, because Python's own hash of a text is another one in every process.
    return sha256(re.sub(r"\s+\d+$", "", name).encode()).digest()[0] % len(COLOURS)


def _free_colour(first: int, taken: set[str]) -> str:
    turned = (*COLOURS[first:], *COLOURS[:first])
    return next((colour for colour in turned if colour not in taken), turned[0])
