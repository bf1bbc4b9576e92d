"""A fit that came with the data beside its refit: what moved, and by how many standard errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..foreign.comparison import ComparedNumber
from ..model import Region
from ..results.entries import doublet_label
from .document import (
    GAP,
    Block,
    Cell,
    Column,
    Paragraph,
    ReportTable,
    Text,
    TextRun,
    clean_text,
    measured,
    number,
    plain,
    sentence,
    words,
)
from .samples import Sample
from .typography import species

_ROWS = 6
_NAMES = {"center": "position", "fwhm": "FWHM", "area": "area"}


def stored_blocks(samples: Sequence[Sample]) -> Iterator[Block]:
    """Yield the numbers of stored fits that moved most; nothing where no fit was stored.

    Parameters
    ----------
    samples : sequence of Sample
    """
    found = [
        (sample, name, known)
        for sample in samples
        for name, compared in sample.record.stored.items()
        for known in compared.numbers
    ]
    if not found:
        return
    ranked = sorted(found, key=lambda entry: -abs(entry[2].sigmas or 0.0))
    columns = (
        Column(plain(""), 0.4),
        Column(plain("Component"), 2.6),
        Column(plain("Region"), 1.2),
        Column(plain("Number"), 1.2),
        Column(plain("Stored"), 1.4, numeric=True),
        Column(plain("Refitted"), 2.0, numeric=True),
        Column(plain("Moved by"), 1.2, numeric=True),
        Column(plain("In σ"), 0.9, numeric=True),
    )
    rows = tuple(_row(*entry) for entry in ranked[:_ROWS])
    more = f", the {_ROWS} that moved most of {len(ranked)}" if len(ranked) > _ROWS else ""
    beside = f"{GAP}as it came with the data, and fitted again{more}"
    lead = "The stored fit, re-examined"
    title = Text((TextRun(lead, "bold"), TextRun(beside, "quiet")), lead + beside)
    yield Paragraph(title, "heading")
    yield ReportTable(plain(""), columns, rows, "front", look="dense")
    yield Paragraph(sentence(*_minima(samples)), "small")


def _row(sample: Sample, name: str, known: ComparedNumber) -> tuple[Cell, ...]:
    region = sample.record.result.model.region(name)
    sigmas = known.sigmas
    return (
        words(plain(sample.letter, style="bold")),
        words(species(_label(region, known.component))),
        words(species(name)),
        words(_NAMES.get(known.parameter, known.parameter)),
        number(known.stored, 6),
        measured(known.refitted, known.stderr),
        number(known.difference, 3),
        words("–" if sigmas is None else f"{sigmas:+.1f}".replace("-", "−")),
    )


def _label(region: Region, component: str) -> str:
    doublet = region.doublet_of(component)
    if doublet is not None and component == doublet.major:
        return doublet_label(region, doublet)
    return region.component(component).label


def _minima(samples: Sequence[Sample]) -> Iterator[str]:
    """Say of which stored fits the data allow a better one, and of which they do not."""
    states = [
        (f"{sample.letter}, {clean_text(name, longest=30)}", compared)
        for sample in samples
        for name, compared in sample.record.stored.items()
    ]
    good = [where for where, compared in states if compared.is_minimum]
    if good:
        names = "every stored fit" if len(good) == len(states) else "; ".join(good[:6])
        yield f"At the best sum of squares of its own model: {names}. "
    for where, compared in [state for state in states if not state[1].is_minimum][:3]:
        yield f"{where}: {compared.sentence} "
