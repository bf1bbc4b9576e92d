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
from ..spectrum import Axis, Spectrum, on_binding_energy

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Options = TypeVar("Options", bound=DataclassInstance)

Spectra = Spectrum | Sequence[Spectrum] | Mapping[str, Spectrum]
_MOST_LISTED = 8


def as_model(value: Model | Region | Sequence[Region]) -> Model:
    """Return the model that is meant: a model itself, or one of the regions given.

    Raises
    ------
    FitError
        If it is neither; the sentence says where its model is, if it has one.
    """
    if isinstance(value, Model):
        return value
    if isinstance(value, Region) or _is_list_of(value, Region):
        return Model(value)  # type: ignore[arg-type] # one region is made a tuple there
    kind = type(value).__name__
    if isinstance(value, Spectrum) or _is_list_of(value, Spectrum):
        hint = "The spectrum comes first: fit(spectrum, model)."
    elif isinstance(getattr(value, "model", None), Model):
        hint = f"A {kind} has one: give its .model."
    else:
        hint = "Give a Model or a Region; model_from_recipe(recipe) makes one of a recipe."
    raise FitError(f"a model was expected, found {_shown(value)}.", hint=hint)


def as_spectra(spectra: Spectra, model: Model) -> dict[str, Spectrum]:
    """Return the spectrum of each region, on the axis that is fitted.

    Parameters
    ----------
    spectra : Spectrum, sequence of one Spectrum, or mapping of str to Spectrum
        One spectrum for all regions, or one for each region name.
    model : Model

    Raises
    ------
    FitError
        If it is something else, or several spectra without the names of their regions.
    """
    if isinstance(spectra, Mapping):
        missing = [region.name for region in model.regions if region.name not in spectra]
        if missing:
            raise FitError(
                "there is no spectrum for this region.",
                hint=f"Spectra were given for: {', '.join(map(str, spectra)) or 'none'}.",
                where=missing[0],
            )
        return {name: on_fitting_axis(_one(value, model)) for name, value in spectra.items()}
    spectrum = on_fitting_axis(_one(spectra, model))
    return {region.name: spectrum for region in model.regions}


def _one(value: object, model: Model) -> Spectrum:
    if isinstance(value, Spectrum):
        return value
    if _is_list_of(value, Spectrum):
        assert isinstance(value, Sequence)
        if len(value) == 1:
            return _one(value[0], model)
        raise _several(value, model)
    if isinstance(value, str | Path):
        hint = f'Read the file first: fit(read("{value}"), model).'
    elif isinstance(value, Model | Region):
        hint = "The spectrum comes first: fit(spectrum, model)."
    elif isinstance(value, Sequence) and not value:
        hint = "The list is empty."
    else:
        hint = "Make one of arrays: make_spectrum(x, y, Axis.BINDING_ENERGY)."
    raise FitError(f"a spectrum was expected, found {_shown(value)}.", hint=hint)


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
    return on_binding_energy(spectrum)


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


def _is_list_of(value: object, kind: type) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) > 0
        and all(isinstance(item, kind) for item in value)
    )


def _shown(found: object) -> str:
    kind = type(found).__name__
    return f'the text "{found}"' if isinstance(found, str) else f"a value of type {kind}"
