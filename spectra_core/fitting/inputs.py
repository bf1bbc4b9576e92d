"""What a fit is given: forgiven where it can mean one thing only, named where it cannot.

Everything behind this door works with a `Model`, one spectrum for each region, and options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import FitError, did_you_mean
from ..model import Model, Region
from ..spectrum import Axis, Spectrum, to_axis

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Options = TypeVar("Options", bound=DataclassInstance)

Spectra = Spectrum | Sequence[Spectrum] | Mapping[str, Spectrum]
_MOST_LISTED = 8


def as_model(given: Model | Region | Sequence[Region]) -> Model:
    """Return the model that is meant: a model itself, or one of the regions given.

    Raises
    ------
    FitError
        If it is neither; the sentence says where its model is, if it has one.
    """
    if isinstance(given, Model):
        return given
    if isinstance(given, Region) or _is_list_of(given, Region):
        return Model(given)  # type: ignore[arg-type] # one region is made a tuple there
    kind = type(given).__name__
    if isinstance(given, Spectrum) or _is_list_of(given, Spectrum):
        hint = "The spectrum comes first: fit(spectrum, model)."
    elif isinstance(getattr(given, "model", None), Model):
        hint = f"A {kind} has one: give its .model."
    else:
        hint = "Give a Model or a Region; model_from_recipe(recipe) makes one of a recipe."
    raise FitError(f"a model was expected, found {_shown(given)}.", hint=hint)


def as_spectra(given: Spectra, model: Model) -> dict[str, Spectrum]:
    """Return the spectrum of each region, on the axis that is fitted.

    Parameters
    ----------
    given : Spectrum, sequence of one Spectrum, or mapping of str to Spectrum
        One spectrum for all regions, or one for each region name.
    model : Model

    Raises
    ------
    FitError
        If it is something else, or several spectra without the names of their regions.
    """
    if isinstance(given, Mapping):
        missing = [region.name for region in model.regions if region.name not in given]
        if missing:
            raise FitError(
                "there is no spectrum for this region.",
                hint=f"Spectra were given for: {', '.join(map(str, given)) or 'none'}.",
                where=missing[0],
            )
        return {name: on_fitting_axis(_one(value, model)) for name, value in given.items()}
    spectrum = on_fitting_axis(_one(given, model))
    return {region.name: spectrum for region in model.regions}


def _one(given: object, model: Model) -> Spectrum:
    if isinstance(given, Spectrum):
        return given
    if _is_list_of(given, Spectrum):
        assert isinstance(given, Sequence)
        if len(given) == 1:
            return _one(given[0], model)
        raise _several(given, model)
    if isinstance(given, str | Path):
        hint = f'Read the file first: fit(read("{given}"), model).'
    elif isinstance(given, Model | Region):
        hint = "The spectrum comes first: fit(spectrum, model)."
    elif isinstance(given, Sequence) and not given:
        hint = "The list is empty."
    else:
        hint = "Make one of arrays: make_spectrum(x, y, Axis.BINDING_ENERGY)."
    raise FitError(f"a spectrum was expected, found {_shown(given)}.", hint=hint)


def _several(spectra: Sequence[Spectrum], model: Model) -> FitError:
    names = [region.name for region in model.regions]
    listed = [f"{i}: {s.label or s.source.file or 'no name'}" for i, s in enumerate(spectra)]
    more = ", ..." if len(listed) > _MOST_LISTED else ""
    pairs = ", ".join(f'"{name}": spectra[{i}]' for i, name in enumerate(names))
    choose = "Choose one, fit(spectra[0], model), or s" if len(names) == 1 else "S"
    return FitError(
        f"{len(spectra)} spectra were given for {_counted(names)}"
        f" ({', '.join(listed[:_MOST_LISTED])}{more}).",
        hint=f"{choose}ay which is which: fit({{{pairs}}}, model). fit_batch fits one model to"
        " each of many.",
    )


def _counted(names: Sequence[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return f"the region {listed}" if len(names) == 1 else f"the regions {listed}"


def on_fitting_axis(spectrum: Spectrum) -> Spectrum:
    """Return a spectrum on the axis it is fitted on: binding energy where that is known.

    Raises
    ------
    FitError
        If nobody has said what its axis is.
    """
    if spectrum.axis is Axis.UNKNOWN:
        raise FitError(
            "it is not known whether the axis is a binding energy, a kinetic energy or a"
            " Raman shift.",
            hint="Say it: --axis binding|kinetic|raman|wavelength.",
            where=spectrum.label,
        )
    if spectrum.axis is Axis.KINETIC_ENERGY and spectrum.meta.excitation_energy_ev is not None:
        return to_axis(spectrum, Axis.BINDING_ENERGY)
    return spectrum


def with_settings(options: Options, settings: Mapping[str, Any]) -> Options:
    """Return options with some of their fields replaced.

    Raises
    ------
    FitError
        If there is no such field; the sentence names the nearest.
    """
    known = [field.name for field in fields(options)]
    for name in settings:
        if name not in known:
            hint = did_you_mean(name, known)
            raise FitError(f'there is no option "{name}" of a fit.', hint=hint)
    return replace(options, **settings) if settings else options


def _is_list_of(given: object, kind: type) -> bool:
    return (
        isinstance(given, list | tuple)
        and len(given) > 0
        and all(isinstance(item, kind) for item in given)
    )


def _shown(given: object) -> str:
    kind = type(given).__name__
    return f'the text "{given}"' if isinstance(given, str) else f"a value of type {kind}"
