"""`--select`: the spectra a user means by words of sample, region or line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from spectra_core.errors import ReadError

if TYPE_CHECKING:
    from spectra_core.spectrum import Spectrum

select_option = click.option(
    "--select",
    metavar="TEXT",
    help='Only spectra whose sample, region or line has all these words, e.g. "RW_WS2 S 2p";'
    ' "#2" is number 2 of its file.',
)


def selected(spectra: Iterable[Spectrum], text: str | None, *, where: str) -> list[Spectrum]:
    """Return the spectra that `text` selects; all of them if there is no text.

    Raises
    ------
    ReadError
        If it selects none.
    """
    everything = list(spectra)
    if text is None:
        return everything
    from spectra_core.runs.select import select_spectra

    chosen = select_spectra(everything, text)
    if not chosen:
        raise ReadError(
            f'none of the {len(everything)} spectra matches --select "{text}".',
            hint="`doublet inspect` shows what there is.",
            where=where,
        )
    return chosen
