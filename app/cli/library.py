"""`doublet library`: the peak library as a user reads it, layer by layer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .border import IN_PART, NOTHING, Tally, note
from .options import FINITE, POSITIVE
from .output import json_text, print_table, write_text

if TYPE_CHECKING:
    from spectra_core.library import PeakLibrary
    from spectra_core.library.records import Entry, Observation, Overlap, PresetHeader, Separation
    from spectra_core.library.search import Candidate, Offset

KINDS = (
    "consensus",
    "observations",
    "presets",
    "separations",
    "overlaps",
    "standards",
    "sensitivity",
    "auger",
    "widths",
    "sources",
)

EPILOG = """\b
Examples:
  doublet library list
  doublet library list observations --level "P 2p"
  doublet library show xps/ps4/s2p
  doublet library show su2025/fig5f-i
  doublet library search 161.6 --level "S 2p"
  doublet library search 470 --level Raman
  doublet library check

Three layers are kept apart: observations, as each source printed them; consensus entries, with
spread, sources and status (A, B, C or unconfirmed); presets. A folder of your own is read after
the shipped library: the one DOUBLET_LIBRARY names, or doublet/library in your configuration folder.
"""


@click.group("library", epilog=EPILOG)
def command() -> None:
    """Look up positions, what they rest on, and what they may be mistaken for."""


def _json_option(function: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")(
        function
    )


# ---------------------------------------------------------------------------------
# list


@command.command("list")
@click.argument("kind", type=click.Choice(KINDS), default="consensus")
@click.option("--level", metavar="LEVEL", help='Only this level, e.g. "S 2p", or Raman.')
@click.option("--status", metavar="A|B|C|unconfirmed", help="Only this status.")
@_json_option
def list_command(kind: str, level: str | None, status: str | None, as_json: bool) -> int:
    """List the records of a kind: consensus entries, if none is named."""
    from spectra_core.library import library_level, load_library

    library = load_library()
    wanted = None if level is None else library_level(level)
    rows = [
        record
        for record in _records(library, kind).values()
        if (wanted is None or getattr(record, "level", None) == wanted)
        and (status is None or getattr(record, "status", None) == status)
    ]
    if as_json:
        document = {"schema": "doublet-library-list/1", "kind": kind, "records": rows}
        write_text("-", json_text(document))
        return 0
    if rows:
        headings, cells = TABLES[kind]
        print_table(headings, [cells(row) for row in rows])
    else:
        note(f"no {kind} with this level and status.")
    return 0


def _records(library: PeakLibrary, kind: str) -> Any:
    attributes = {
        "consensus": "entries",
        "observations": "all_observations",
        "overlaps": "all_overlaps",
        "sensitivity": "sensitivity_tables",
        "auger": "auger_lines",
    }
    return getattr(library, attributes.get(kind, kind))


def _entry_row(entry: Entry) -> list[str]:
    tolerance = "-" if entry.tolerance is None else f"±{entry.tolerance:g}"
    return [
        entry.id,
        entry.species,
        entry.level,
        entry.position,
        tolerance,
        _spread(entry),
        str(entry.n),
        entry.status,
    ]


def _spread(entry: Entry) -> str:
    return "-" if entry.spread is None else f"{entry.spread:g}"


def _observation_row(observation: Observation) -> list[str]:
    o = observation
    return [
        o.id,
        o.species,
        o.level,
        _printed(o),
        o.sample or o.material,
        o.state,
        ", ".join(o.flags),
        o.status,
    ]


def _printed(observation: Observation) -> str:
    if not observation.values:
        return f"no number: {observation.no_number}"
    partner = f" / {observation.partner}" if observation.partner else ""
    return ", ".join(observation.values) + partner


def _separation_row(separation: Separation) -> list[str]:
    s = separation
    return [s.id, s.a, s.b, f"{s.value:+g} ± {s.tolerance:g} {s.unit}", str(s.n), s.status]


def _overlap_row(overlap: Overlap) -> list[str]:
    low, high = overlap.window
    return [
        overlap.id,
        overlap.level,
        f"{low:g}-{high:g} {overlap.unit}",
        overlap.what,
        overlap.test,
        overlap.status,
    ]


def _preset_row(header: PresetHeader) -> list[str]:
    kind = "as reported" if header.as_reported else "recommended"
    return [header.id, kind, header.description]


Row = Callable[[Any], Sequence[str]]
TABLES: dict[str, tuple[Sequence[str], Row]] = {
    "consensus": (
        ("id", "species", "level", "position", "bounds", ">spread", ">n", "status"),
        _entry_row,
    ),
    "observations": (
        ("id", "species as printed", "level", "printed", "sample", "state", "flags", "read in"),
        _observation_row,
    ),
    "presets": (("id", "kind", "description"), _preset_row),
    "separations": (("id", "a", "minus b", "separation", ">n", "status"), _separation_row),
    "overlaps": (("id", "level", "window", "what", "test", "status"), _overlap_row),
    "standards": (
        ("id", "line", ">value", "unit", "use", "status", "note"),
        lambda s: [s.id, f"{s.material} {s.line}", f"{s.value:g}", s.unit, s.use, s.status, s.note],
    ),
    "sensitivity": (
        ("id", "title", "reference", ">levels", "status"),
        lambda t: [t.id, t.title, t.reference, str(len(t.rows)), t.status],
    ),
    "auger": (
        ("id", ">binding energy, Al K alpha", ">kinetic energy", "status"),
        lambda a: [a.id, f"{a.binding_al_ka_ev:g}", _optional(a.kinetic_ev), a.status],
    ),
    "widths": (
        ("level", "bounds eV", "typical eV", "status", "recorded"),
        lambda w: [w.level, _range(w.bounds), _range(w.typical), w.status, w.recorded],
    ),
    "sources": (
        ("key", "citation", "doi", "read in", "charge reference"),
        lambda s: [s.key, s.citation, s.doi, _evidence(s.evidence), s.charge_reference],
    ),
}


def _evidence(key: str) -> str:
    from spectra_core.library.records import EVIDENCE

    return EVIDENCE.get(key, key)


def _optional(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _range(values: tuple[float, float] | None) -> str:
    return "-" if values is None else f"{values[0]:g}-{values[1]:g}"


# ---------------------------------------------------------------------------------
# show


@command.command("show")
@click.argument("record_id", metavar="ID")
@_json_option
def show_command(record_id: str, as_json: bool) -> int:
    """Show a record; for a consensus entry, every layer of its species.

    ID is that of an entry (xps/ps4/s2p), an observation (su2025/r18), a preset
    (lpscl-cathode) or any other record.
    """
    from spectra_core.library import load_library

    library = load_library()
    kind, record = _find(library, record_id)
    if as_json:
        document = {"schema": "doublet-library-record/1", "kind": kind, "record": record}
        if kind == "consensus":
            document["observations"] = library.offsets(record.id)
            document["separations"] = _separations(library, record)
            document["overlaps"] = _overlaps(library, record)
        write_text("-", json_text(document))
        return 0
    if kind == "consensus":
        _show_entry(library, record)
    elif kind == "observations":
        _show_observation(library, record)
    elif kind == "presets":
        _show_preset(record)
    else:
        _show_fields(record)
    return 0


def _find(library: PeakLibrary, record_id: str) -> tuple[str, Any]:
    for kind in KINDS:
        records = _records(library, kind)
        if record_id in records:
            return kind, records[record_id]
    library.entry(record_id)  # says what comes near
    raise AssertionError(record_id)


def _show_entry(library: PeakLibrary, entry: Entry) -> None:
    click.echo(f"{entry.id}: {entry.species}, {entry.level} {entry.mode}".rstrip())
    tolerance = "" if entry.tolerance is None else f", bounds ±{entry.tolerance:g}"
    counted = f", spread {_spread(entry)}, n {entry.n}" if entry.n else ""
    click.echo(f"  consensus: {entry.position}{tolerance}{counted}, status {entry.status}")
    if entry.stoichiometry:
        atoms = ", ".join(f"{k} {v:g}" for k, v in entry.stoichiometry.items())
        click.echo(f"  atoms: {atoms}")
    for heading, text in (("also called", ", ".join(entry.aliases)), ("note", entry.note)):
        if text:
            click.echo(f"  {heading}: {text}")
    click.echo("\nobservations, as reported:")
    headings = ("id", "species as printed", "printed", ">offset", "role", "read in", "reason")
    print_table(headings, [_offset_row(offset) for offset in library.offsets(entry.id)])
    _show_table("separations", "separations", _separations(library, entry))
    _show_table("overlaps", "overlaps", _overlaps(library, entry))


def _offset_row(offset: Offset) -> list[str]:
    o = offset.observation
    shown = "-" if offset.offset is None else f"{offset.offset:+.2f}"
    return [o.id, o.species, _printed(o), shown, offset.role, o.status, offset.reason]


def _show_table(title: str, kind: str, rows: Sequence[Any]) -> None:
    if rows:
        click.echo(f"\n{title}:")
        headings, cells = TABLES[kind]
        print_table(headings, [cells(row) for row in rows])


def _separations(library: PeakLibrary, entry: Entry) -> list[Separation]:
    return [s for s in library.separations.values() if entry.id in (s.a, s.b)]


def _overlaps(library: PeakLibrary, entry: Entry) -> list[Overlap]:
    window = None
    if entry.center is not None and entry.tolerance is not None:
        window = (entry.center - entry.tolerance, entry.center + entry.tolerance)
    near = library.overlaps(entry.level, window)
    named = [o for o in library.overlaps(entry.level) if entry.id in o.mistaken_for]
    return list({o.id: o for o in (*near, *named)}.values())


def _show_observation(library: PeakLibrary, observation: Observation) -> None:
    from spectra_core.library.records import FLAGS

    _show_fields(observation)
    if observation.implied_splitting:
        click.echo(f"  implied splitting: {observation.implied_splitting} {observation.unit}")
    for flag in observation.flags:
        name, _, other = flag.partition(":")
        click.echo(f"  {name}: {FLAGS[name]}{f' ({other})' if other else ''}")
    source = library.sources[observation.source]
    click.echo(f"  {source.citation}{f', doi:{source.doi}' if source.doi else ''}")


def _show_preset(header: PresetHeader) -> None:
    from spectra_core.recipe.compile import model_from_recipe
    from spectra_core.recipe.presets import preset

    loaded = preset(header.id)
    kind = "as reported, for reproduction only" if header.as_reported else "recommended"
    click.echo(f"{header.id}: {header.description} ({kind})")
    for warning in header.warnings:
        click.echo(f"  warning: {warning}")
    for region in loaded.recipe.region:
        low, high = region.window
        click.echo(f"\n{region.name}, {low:g} to {high:g}:")
        print_table(
            ("component", "species", "center", "entry"),
            [[c.name, c.species, _center(c), c.use] for c in region.component],
        )
    priors = model_from_recipe(loaded.recipe).priors
    if priors:
        click.echo("\nknown before the fit:")
        print_table(("prior", "source"), [[prior.formula, prior.source] for prior in priors])


def _center(component: Any) -> str:
    center = component.parameters.get("center")
    if center is None or center.value is None:
        return "-"
    off = "" if component.enabled else ", off"
    if center.min is None or center.max is None:
        return f"{center.value:g} fixed{off}"
    known = "" if center.prior is None else f" ± {center.prior:g}"
    return f"{center.value:g}{known} ({center.min:g} to {center.max:g}){off}"


def _show_fields(record: Any) -> None:
    for key, value in json.loads(json_text(record)).items():
        if value not in (None, "", [], {}):
            click.echo(f"  {key}: {_shown(value)}")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_shown(item) for item in value)
    if isinstance(value, dict):
        return " ".join(str(item) for item in value.values() if item not in (None, ""))
    return str(value)


# ---------------------------------------------------------------------------------
# search


@command.command("search")
@click.argument("energy", type=FINITE)
@click.option("--level", metavar="LEVEL", help='A level, e.g. "S 2p", or Raman (energy in cm-1).')
@click.option("--tolerance", type=POSITIVE, metavar="EV", help="How far to look.")
@_json_option
def search_command(energy: float, level: str | None, tolerance: float | None, as_json: bool) -> int:
    """Rank the species that a position may belong to, and name what speaks against deciding.

    ENERGY is a binding energy in eV with adventitious C 1s at 284.8. A position alone assigns
    nothing: the list is one of candidates.
    """
    from spectra_core.library import load_library

    library = load_library()
    found = library.search(energy, level=level, tolerance=tolerance)
    if as_json:
        write_text("-", json_text(_search_document(energy, level, found)))
        return 0
    if not found:
        note(f"the library has no candidate near {energy:g}{f' in {level}' if level else ''}.")
        return 0
    unit = found[0].entry.unit
    click.echo(
        f"candidates for {energy:g} {unit}{f' in {level}' if level else ''}, not assignments:"
    )
    headings = ("id", "species", "consensus", ">distance", ">z", "inside bounds", "status")
    print_table(headings, [_candidate_row(candidate) for candidate in found])
    for candidate in found:
        _show_conflicts(candidate)
    _show_shared(found[0])
    if unit == "eV":
        _show_lines(library, energy)
    return 0


def _candidate_row(candidate: Candidate) -> list[str]:
    entry = candidate.entry
    inside = "yes" if candidate.within_tolerance else "no"
    return [
        entry.id,
        entry.species,
        entry.position,
        f"{candidate.distance:+.2f}",
        f"{candidate.z:.1f}",
        inside,
        entry.status,
    ]


OWN_CONFLICTS = ("unconfirmed", "not separable", "second line", "excluded")


def _show_conflicts(candidate: Candidate) -> None:
    """Print what speaks against one candidate."""
    own = [c for c in candidate.conflicts if c.kind in OWN_CONFLICTS]
    if own:
        click.echo(f"\n{candidate.entry.id} is in conflict with:")
    for conflict in own:
        click.echo(f"  {conflict.kind}: {conflict.text}")


def _show_shared(first: Candidate) -> None:
    """Print what else lies at the position, beside the observations of the first candidate."""
    shared = [c for c in first.conflicts if c.kind not in OWN_CONFLICTS]
    if shared:
        click.echo("\nalso at this position:")
    for conflict in shared:
        click.echo(f"  {conflict.kind}: {conflict.text}")


def _show_lines(library: PeakLibrary, energy: float) -> None:
    lines = [f"{line.name} {line.energy_ev:g}" for line in library.lines_near(energy)]
    if lines:
        click.echo(f"\nlines of all elements near (nominal, eV): {', '.join(lines)}")


def _search_document(energy: float, level: str | None, found: Iterable[Candidate]) -> Any:
    return {
        "schema": "doublet-library-search/1",
        "energy": energy,
        "level": level,
        "candidates": [
            {
                "id": c.entry.id,
                "species": c.entry.species,
                "level": c.entry.level,
                "status": c.entry.status,
                "center": c.entry.center,
                "unit": c.entry.unit,
                "distance": c.distance,
                "z": c.z,
                "score": c.score,
                "within_tolerance": c.within_tolerance,
                "conflicts": [{"kind": k.kind, "text": k.text} for k in c.conflicts],
            }
            for c in found
        ],
    }


# ---------------------------------------------------------------------------------
# check


@command.command("check")
@click.argument("folders", nargs=-1, metavar="[FOLDER]...")
def check_command(folders: tuple[str, ...]) -> int:
    """Check every record: sources, splittings, ids, statuses, references.

    Left out: the shipped library and your own folder. A FOLDER is checked together with the
    shipped library. Exit code 0: no problem; 1: each problem is a line on standard error; 2:
    the folder cannot be read.
    """
    from spectra_core.library import load_library, shipped_folder
    from spectra_core.library.check import check

    chosen = [shipped_folder(), *map(Path, folders)] if folders else None
    problems = check(chosen)
    tally = Tally()
    for problem in problems:
        tally.fail(str(problem))
    if any(problem.record == "folder" for problem in problems):
        return NOTHING
    if problems:
        return IN_PART
    library = load_library(chosen)
    counts = ", ".join(f"{len(_records(library, kind))} {kind}" for kind in KINDS)
    click.echo(f"no problem in {counts}.")
    return tally.exit_code
