"""Presets: ready models of the peak library, each with its warnings.

A preset file is a recipe with one more table, ``[preset]``: id, description, warnings, sources,
and whether it repeats a paper as reported. An as-reported preset holds what the paper printed,
impossible splittings included; it is for reproduction only, and its warnings say what is wrong.
A recommended preset stands on consensus entries and correct doublet physics.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import RecipeError
from ..library import PeakLibrary, find_preset, load_library
from ..model import Model
from ..shown import Reported
from .library import fill_from_library
from .schema import Recipe
from .text import model_from_recipe, recipe_from_dict


@dataclass(frozen=True, repr=False)
class Preset(Reported):
    """A recipe of the library, and what a user must know before using it.

    Attributes
    ----------
    id : str
    description : str
    warnings : tuple of str
        Shown whenever the preset is loaded.
    as_reported : bool
        True: repeats a paper, for reproduction only.
    sources : tuple of str
        Keys of the library's sources.
    recipe : Recipe
    """

    id: str
    description: str
    warnings: tuple[str, ...]
    as_reported: bool
    sources: tuple[str, ...]
    recipe: Recipe

    @property
    def model(self) -> Model:
        """The model that the recipe describes."""
        return model_from_recipe(self.recipe)


def preset(preset_id: str, *, library: PeakLibrary | None = None) -> Preset:
    """Return a preset, checked as a recipe is.

    Parameters
    ----------
    preset_id : str
        E.g. ``"lpscl-cathode"``.
    library : PeakLibrary or None
        None: `load_library`.

    Raises
    ------
    RecipeError
        If the recipe in it has mistakes, or an entry it uses is not in the library.
    SpectraError
        If there is no such preset.
    """
    library = library or load_library()
    path, header, raw = find_preset(preset_id, library.folders)
    filled, problems = fill_from_library(raw, library=library)
    if problems:
        raise RecipeError("\n".join(problems), where=str(path))
    recipe = recipe_from_dict(filled, where=str(path))
    return Preset(
        header.id, header.description, header.warnings, header.as_reported, header.sources, recipe
    )


def preset_ids(*, library: PeakLibrary | None = None) -> tuple[str, ...]:
    """Return the ids of all presets."""
    return tuple((library or load_library()).presets)
