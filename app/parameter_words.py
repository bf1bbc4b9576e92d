"""What a parameter is called on screen, wherever its path would otherwise stand."""

from __future__ import annotations

from spectra_core.editing.edits import members, owner_label
from spectra_core.model import BACKGROUND, REGION, Model, Region, split_path

from .formula import formula

NAMES = {"center": "centre", "fwhm": "FWHM", "fwhm_gauss": "FWHM G", "fwhm_lorentz": "FWHM L"}
"""Parameters whose name in a model is not their name in words."""
_OF_REGION = {BACKGROUND: "background", REGION: "charge"}


def parameter_words(model: Model, path: str) -> str:
    """Return the name of the parameter at a path, its region first where there are several."""
    region_name, owner, name = split_path(path)
    place = f"{region_name} · " if len(model.regions) > 1 else ""
    words = _OF_REGION.get(owner) or _owner_words(model.region(region_name), owner)
    return formula(f"{place}{words} {NAMES.get(name, name)}")


def _owner_words(region: Region, owner: str) -> str:
    """Return a label; the id where another component has the same label."""
    if len(members(region, owner)) > 1:
        return owner_label(region, owner)
    label = region.component(owner).label
    return label if [c.label for c in region.components].count(label) == 1 else owner
