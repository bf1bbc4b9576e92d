"""A report as one HTML file: style inside, figures as inline SVG, no script.

Everything that comes from data passes jinja2's escaping; the page forbids scripts and
foreign content to the browser besides. A template may be a stranger's: it is laid out in
jinja2's sandbox, within a time, and with numbers and texts that do not grow without end.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import ReadError
from .document import (
    SYNTHETIC,
    Beside,
    Block,
    Figure,
    Paragraph,
    Picture,
    Report,
    ReportTable,
    Verbatim,
)
from .references import doi_links
from .template import Template

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

SECONDS = 20.0
"""How long the statements of a template may take, without the drawing of its figures."""
_LONGEST = 10**7
# What templates call a block: users' own templates rely on these words.
_KINDS = {
    Paragraph: "Paragraph",
    ReportTable: "Table",
    Figure: "Figure",
    Verbatim: "Verbatim",
    Beside: "Beside",
}
_ENLARGED = 1.25  # pictures in tables beside the letters of a screen


class TemplateTimeoutError(Exception):
    """A template takes too long."""


def render_html(report: Report, template: Template, *, seconds: float = SECONDS) -> str:
    """Return a report as the text of an HTML file.

    Parameters
    ----------
    report : Report
    template : Template
    seconds : float
        How long the template may take.

    Raises
    ------
    ReadError
        If the template is wrong, with its line, or takes too long.
    """
    from markupsafe import Markup

    clock = _Clock(seconds)

    def drawn(block: Figure) -> Markup:
        with clock.stopped():
            return Markup(inline_svg(block.drawing, block.key, block.description))

    def pictured(picture: Picture, text: str) -> Markup:
        with clock.stopped():
            return Markup(inline_svg(picture.drawing, picture.key, text, enlarged=_ENLARGED))

    try:
        page = _environment().from_string(template.html)
        with clock.running():
            return str(
                page.render(
                    report=report,
                    css=Markup(template.css.replace("</", "<\\/")),
                    synthetic=SYNTHETIC,
                    kind_of=_kind,
                    drawn=drawn,
                    pictured=pictured,
                    links=lambda text: list(doi_links(text)),
                )
            )
    except TemplateTimeoutError as error:
        raise ReadError(
            f"the HTML template takes more than {seconds:g} s{_place(error)}.",
            hint="A loop in it is too long.",
            where=template.name,
        ) from error
    except _mistakes() as error:
        reason = str(error) or type(error).__name__
        raise ReadError(
            f"the HTML template is wrong{_place(error)}: {reason[:300]}", where=template.name
        ) from error


def _mistakes() -> tuple[type[Exception], ...]:
    """Return what a template can raise: jinja2's errors and those of its expressions."""
    from jinja2 import TemplateError

    by_expressions = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
    return (TemplateError, *by_expressions, RecursionError, MemoryError)


def _place(error: Exception) -> str:
    """Return the line of the template where an error was raised, in words."""
    line = getattr(error, "lineno", None)
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" in line {line}" if line else ""


_FILE = "<template>"
"""What jinja2 calls the code of a template that comes as text."""


def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        """The sandbox, with products and powers that stay small."""

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            """Return a product or power, or refuse one that is too large."""
            sizes = [len(v) if hasattr(v, "__len__") else abs(v) for v in (left, right)]
            texts = hasattr(left, "__len__") or hasattr(right, "__len__")
            too_large = texts and sizes[0] * sizes[1] > _LONGEST
            if too_large or (operator == "**" and (sizes[0] > _LONGEST or sizes[1] > 64)):
                raise SecurityError(f"{operator} makes a value that is too large")
            return super().call_binop(context, operator, left, right)

    return Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


class _Clock:
    """Stops the code of a template when its time is up; its figures do not count."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self._deadline = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch every line of the template that is run inside."""
        before = sys.gettrace()
        self._deadline = time.monotonic() + self.left
        sys.settrace(self._on_call)
        try:
            yield
        finally:
            sys.settrace(before)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Neither watch nor count what is run inside."""
        trace, started = sys.gettrace(), time.monotonic()
        sys.settrace(None)
        try:
            yield
        finally:
            self._deadline += time.monotonic() - started
            sys.settrace(trace)

    def _on_call(self, frame: Any, event: str, argument: Any) -> Callable[..., Any] | None:
        return self._on_line if frame.f_code.co_filename == _FILE else None

    def _on_line(self, frame: Any, event: str, argument: Any) -> Callable[..., Any]:
        if time.monotonic() > self._deadline:
            raise TemplateTimeoutError
        return self._on_line


def _kind(block: Block) -> str:
    return _KINDS[type(block)]


def inline_svg(drawing: Drawing, key: str, words: str, *, enlarged: float = 1.0) -> str:
    """Return a figure as SVG for the middle of a page, its ids unlike any other figure's.

    Parameters
    ----------
    drawing : matplotlib Figure
    key : str
        Unique on the page.
    words : str
        For those who cannot see it.
    enlarged : float
        How much larger than on paper it is.
    """
    from xml.sax.saxutils import escape, quoteattr

    from ..results.figures import figure_bytes

    text = figure_bytes(drawing, "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(id="|href="#|url\(#)', rf"\1{key}-", text)
    if enlarged != 1.0:
        text = re.sub(
            r'\b(width|height)="([\d.]+)pt"',
            lambda found: f'{found[1]}="{enlarged * float(found[2]):.1f}pt"',
            text,
            count=2,
        )
    label = f'<svg role="img" aria-label={quoteattr(words)}'
    first = text.replace("<svg", label, 1)
    end = first.index(">") + 1
    return f"{first[:end]}<title>{escape(words)}</title>{first[end:]}"
