"""Whether another program's fit came with a spectrum, told without loading any model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..readers.inspect import casaxps_lines
from ..spectrum import Spectrum

_EXPORTS = ("casaxps_export", "avantage_export", "fitspy_export", "lg4x_export")


def has_casaxps_fit(spectrum: Spectrum) -> bool:
    """Return whether the comment of `spectrum` holds a CasaXPS region and component."""
    comment = spectrum.meta.comment
    return "CASA region" in comment and "CASA comp" in comment


def has_exported_fit(spectrum: Spectrum) -> bool:
    """Return whether the spectrum came with exported components and background."""
    background = export_of(spectrum).get("background")
    return background in spectrum.columns and any(True for _ in component_columns(spectrum))


def has_stored_fit(spectrum: Spectrum) -> bool:
    """Return whether another program's fit came with the spectrum."""
    return has_casaxps_fit(spectrum) or has_exported_fit(spectrum)


def stored_fit_in_words(spectrum: Spectrum) -> str:
    """Return what another program's fit of the spectrum is, in words; empty if there is none.

    It says of a spectrum exactly what `stored_fit.stored_fit` takes over.
    """
    if has_casaxps_fit(spectrum):
        return f"{casaxps_lines(spectrum)[1]} components"
    return "exported curves" if has_exported_fit(spectrum) else ""


def export_of(spectrum: Spectrum) -> Mapping[str, Any]:
    """Return what the reader said of exported curves; empty if there are none."""
    found = (spectrum.meta.extra.get(key) for key in _EXPORTS)
    return next((export for export in found if isinstance(export, Mapping)), {})


def component_columns(spectrum: Spectrum) -> Iterator[str]:
    """Yield the names of the columns that hold exported components."""
    export = export_of(spectrum)
    listed = {component["column"] for component in export["components"]}
    for name in spectrum.columns:
        if name not in (export["background"], export["envelope"]) and (
            not listed or name in listed
        ):
            yield name
