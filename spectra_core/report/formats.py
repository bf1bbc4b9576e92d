"""The formats a report is written in: a table; adding one is one function and one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from ..errors import WriteError
from ..writers.atomic import write_bytes
from .document import Report
from .template import Template, load_template


def _html(report: Report, template: Template) -> bytes:
    from .html import render_html

    return render_html(report, template).encode("utf-8", errors="replace")


def _pdf(report: Report, template: Template) -> bytes:
    from .pdf import render_pdf

    return render_pdf(report, template)


def _docx(report: Report, template: Template) -> bytes:
    from .docx import render_docx

    return render_docx(report, template)


def _xlsx(report: Report, template: Template) -> bytes:
    from .xlsx import render_xlsx

    return render_xlsx(report)


def _bib(report: Report, template: Template) -> bytes:
    from .citations import bibtex

    return bibtex([work.plain for work in report.references]).encode()


def _ris(report: Report, template: Template) -> bytes:
    from .citations import ris

    return ris([work.plain for work in report.references]).encode()


RENDERERS: Mapping[str, Callable[[Report, Template], bytes]] = MappingProxyType(
    {"html": _html, "pdf": _pdf, "docx": _docx, "xlsx": _xlsx, "bib": _bib, "ris": _ris}
)
REPORT_FORMATS = tuple(RENDERERS)


def write_report(
    report: Report, path: str | Path, *, kind: str | None = None, template: Template | None = None
) -> None:
    """Write a report; the file is whole or not there.

    Parameters
    ----------
    report : Report
    path : path
    kind : str or None
        One of `REPORT_FORMATS`; None: as the suffix says.
    template : Template or None
        None: the shipped one.

    Raises
    ------
    WriteError
        If there is no such format or the file cannot be written.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".") if kind is None else kind
    if kind not in RENDERERS:
        raise WriteError(
            f'a report cannot be written as "{kind}".',
            hint=f"Use one of {', '.join(REPORT_FORMATS)}.",
            where=str(path),
        )
    write_bytes(RENDERERS[kind](report, template or load_template()), path)
