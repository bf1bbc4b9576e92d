"""What a species or a preset of the library rests on, as simple HTML for a dialog."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from spectra_core.library import PeakLibrary
from spectra_core.library.records import FLAGS, RAMAN, CitedSource, Entry, Observation
from spectra_core.library.search import Offset
from spectra_core.recipe.presets import Preset

from ..formula import formula
from ..theme import theme
from ..widgets import in_locale

EVERY_LEVEL = "levels:all"
"""Address of the link that searches every level."""

_STATUSES = {
    "A": "A: {a}, which agree",
    "B": "B: {b}",
    "C": "C: one value, or values that contradict each other",
    "unconfirmed": "unconfirmed: no primary source states this position",
}
_XPS = {"a": "four values or more", "b": "two or three values, or more that agree within 0.6 eV"}
_RAMAN = {"a": "three readings or more", "b": "two readings, or one authoritative source"}


def status_in_words(entry: Entry) -> str:
    """Return what the status of an entry means."""
    counts = _RAMAN if entry.level == RAMAN else _XPS
    return _STATUSES[entry.status].format_map(counts)


def energy_text(entry: Entry) -> str:
    """Return a position with the spread of its sources, as a list shows it."""
    unit = _unit(entry.unit)
    if entry.center is None:
        values = " or ".join(f"{value:g}" for value in entry.alternatives) or "no value"
        return in_locale(f"{values} {unit}")
    digits = 0 if entry.level == RAMAN else 2
    spread = "" if entry.spread is None else f" ± {entry.spread:.{digits}f}"
    return in_locale(f"{entry.center:.{digits}f}{spread} {unit}")


def entry_page(library: PeakLibrary, entry: Entry) -> str:
    """Return an entry with its sources, separations and what it may be mistaken for."""
    colours = theme().palette
    parts = [f"<h3>{_said(entry.label)} · {escape(entry.level)}</h3>"]
    names = [entry.species, *entry.aliases]
    parts.append(f"<p>{_said(', '.join(dict.fromkeys(n for n in names if n != entry.label)))}</p>")
    kept = f"{entry.n} kept value{'' if entry.n == 1 else 's'}"
    parts.append(f"<p><b>{escape(energy_text(entry))}</b> · {kept}{_bounds(entry)}")
    tone = colours.muted if entry.is_confirmed else colours.warn
    parts.append(f"<br><span style='color:{tone}'>Status {escape(status_in_words(entry))}.</span>")
    parts.append(f"</p>{_shape(entry)}")
    if entry.note:
        parts.append(f"<p>{_said(entry.note)}</p>")
    parts += _observations(library, entry)
    parts += _separations(library, entry)
    parts += _overlaps(library, entry)
    return "".join(parts)


def _bounds(entry: Entry) -> str:
    if entry.tolerance is None:
        return ""
    return escape(in_locale(f" · bounds of a fit ± {entry.tolerance:g} {_unit(entry.unit)}"))


def _shape(entry: Entry) -> str:
    parts = [f"line shape {entry.lineshape}"]
    if entry.fwhm is not None:
        parts.append(in_locale(f"FWHM {entry.fwhm[0]:g} to {entry.fwhm[1]:g} {_unit(entry.unit)}"))
    if entry.stoichiometry:
        atoms = ", ".join(f"{count:g} {element}" for element, count in entry.stoichiometry.items())
        parts.append(f"holds {atoms}")
    return f"<p style='color:{theme().palette.muted}'>{escape(' · '.join(parts))}</p>"


def _observations(library: PeakLibrary, entry: Entry) -> list[str]:
    rows = [_observation_row(library, one) for one in library.offsets(entry.id)]
    if not rows:
        return []
    head = "<tr><th align='right'>value</th><th align='right'>off</th><th align='left'>source</th>"
    return ["<h4>As reported</h4><table cellpadding='4'>", head, "</tr>", *rows, "</table>"]


def _observation_row(library: PeakLibrary, one: Offset) -> str:
    colours, seen = theme().palette, one.observation
    value, moved = (in_locale(text) for text in _value(one))
    offset = "" if one.offset is None else in_locale(f"{one.offset:+.2f}")
    lines = [_citation(library.sources[seen.source])]
    where = " · ".join(t for t in (seen.where, seen.sample or seen.material, seen.state) if t)
    role = one.role if not one.reason else f"{one.role}: {one.reason}"
    lines += [_tinted(colours.muted, t) for t in (where, f"{role} · {seen.status}") if t]
    faint = (moved, _scale_of(seen), seen.no_number)
    lines += [_tinted(colours.faint, text) for text in faint if text]
    lines += [_tinted(colours.warn, f"⚑ {flag_in_words(flag)}") for flag in seen.flags]
    return (
        f"<tr><td align='right'>{value}</td><td align='right'>{offset}</td>"
        f"<td>{'<br>'.join(lines)}</td></tr>"
    )


def _value(one: Offset) -> tuple[str, str]:
    """Return a value with the digits of its source, and what was printed if that differs."""
    printed, used = ", ".join(one.observation.values), one.value
    if used is None:
        return printed or "–", ""
    same = next((t for t in one.observation.values if abs(float(t) - used) < 1e-6), "")
    moved = f"printed {printed}, moved to the scale of this library" if printed else ""
    return (same, "") if same else (f"{used:g}", moved)


def _citation(source: CitedSource) -> str:
    text = escape(source.citation)
    return f"<a href='https://doi.org/{escape(source.doi)}'>{text}</a>" if source.doi else text


def _scale_of(seen: Observation) -> str:
    if seen.unit != "eV":
        return ""
    reference = seen.charge_reference
    if reference is None:
        return "charge reference not stated"
    value = f" {in_locale(reference.value)} eV" if reference.value else ""
    return f"charge reference {reference.line}{value}"


def flag_in_words(flag: str) -> str:
    """Return what a flag of an observation says."""
    name, _, other = flag.partition(":")
    return f"{FLAGS[name]} ({other})" if other else FLAGS[name]


def _separations(library: PeakLibrary, entry: Entry) -> list[str]:
    rows = []
    for one in library.separations.values():
        if entry.id not in (one.a, one.b):
            continue
        other, sign = (one.b, 1.0) if one.a == entry.id else (one.a, -1.0)
        away = f"{sign * one.value:+.2f} ± {one.tolerance:g} {_unit(one.unit)}"
        found = library.entries.get(other)
        name = f"{formula(found.label)} ({found.level})" if found is not None else other
        rows.append(f"{in_locale(away)} from {name}, {one.n} sources, status {one.status}")
    return _listed("Separations, free of the charge reference", rows)


def _overlaps(library: PeakLibrary, entry: Entry) -> list[str]:
    window = None
    if entry.center is not None and entry.tolerance is not None:
        window = (entry.center - entry.tolerance, entry.center + entry.tolerance)
    near = library.overlaps(entry.level, window) if window else ()
    named = (o for o in library.overlaps(entry.level) if entry.id in o.mistaken_for)
    found = {o.id: o for o in (*near, *named)}.values()
    rows = [f"{formula(o.what)}{f': {formula(o.test)}' if o.test else ''}" for o in found]
    return _listed("What else lies here", rows)


def no_entry_page(level: str, elsewhere: int) -> str:
    """Return what is said where nothing matches; `elsewhere` counts species of other levels."""
    if not level or not elsewhere:
        return "<p>Nothing in the library matches.</p>"
    what = (
        "one species of another level does"
        if elsewhere == 1
        else (f"{elsewhere} species of other levels do")
    )
    return (
        f"<p>Nothing of {escape(level)} matches, but {what}:"
        f" <a href='{EVERY_LEVEL}'>search every level</a>.</p>"
    )


def preset_page(preset: Preset) -> str:
    """Return what a preset holds: description, regions, ratios, warnings."""
    colours = theme().palette
    parts = [f"<h3>{_said(preset.recipe.title or preset.id)}</h3>"]
    parts.append(f"<p style='color:{colours.muted}'>{escape(preset.id)}</p>")
    if preset.as_reported:
        text = "As reported: for reproduction only."
        parts.append(f"<p style='color:{colours.alarm}'><b>⚑ {text}</b></p>")
    parts.append(f"<p>{_said(preset.description)}</p>")
    rows = []
    for region in preset.model.regions:
        names = list(
            dict.fromkeys(
                [d.id for d in region.doublets]
                + [c.label for c in region.components if region.doublet_of(c.id) is None]
            )
        )
        rows.append(f"{region.name}: {', '.join(formula(name) for name in names)}")
    parts += _listed("Components", rows)
    parts += _listed("Ratios", [formula(entry.name) for entry in preset.recipe.ratio or ()])
    parts += _listed("Warnings", [formula(w) for w in preset.warnings], colours.warn)
    return "".join(parts)


# ---------------------------------------------------------------------------------


def _listed(title: str, rows: Iterable[str], colour: str = "") -> list[str]:
    made = [f"<li style='margin-bottom:4px'>{escape(row)}</li>" for row in rows]
    style = f" style='color:{colour}'" if colour else ""
    return (
        [
            f"<h4{style}>{escape(title)}</h4><ul style='-qt-list-indent:0; margin-left:14px'>",
            *made,
            "</ul>",
        ]
        if made
        else []
    )


def _tinted(colour: str, text: str) -> str:
    return f"<span style='color:{colour}'>{_said(text)}</span>"


def _said(text: str) -> str:
    return escape(formula(text))


def _unit(unit: str) -> str:
    return unit.replace("cm-1", "cm⁻¹")
