"""A report as one HTML file: style inside, figures as inline SVG, no script.

Everything that comes from data passes jinja2's escaping; the page forbids scripts and
foreign content to the browser besides.
"""

from __future__ import annotations

import re

from ..errors import ReadError
from .build import SYNTHETIC
from .document import Block, Figure, Report
from .references import doi_links
from .template import Template


def render_html(report: Report, template: Template) -> str:
    """Return a report as the text of an HTML file.

    Raises
    ------
    ReadError
        If the template is wrong: an error of jinja2, with its line.
    """
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from markupsafe import Markup

    environment = ImmutableSandboxedEnvironment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    try:
        page = environment.from_string(template.html)
        return page.render(
            report=report,
            css=Markup(template.css.replace("</", "<\\/")),
            synthetic=SYNTHETIC,
            kind_of=_kind,
            drawn=lambda block: Markup(inline_svg(block)),
            links=lambda text: list(doi_links(text)),
        )
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        place = f" in line {line}" if line else ""
        raise ReadError(
            f"the HTML template is wrong{place}: {error}.", where=template.name
        ) from error


def _kind(block: Block) -> str:
    return type(block).__name__


def inline_svg(figure: Figure) -> str:
    """Return a figure as SVG for the middle of a page, its ids unlike any other figure's."""
    from xml.sax.saxutils import escape, quoteattr

    from ..results.figures import figure_bytes

    text = figure_bytes(figure.drawing, "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(id="|href="#|url\(#)', rf"\1{figure.key}-", text)
    label = f'<svg role="img" aria-label={quoteattr(figure.description)}'
    first = text.replace("<svg", label, 1)
    end = first.index(">") + 1
    return f"{first[:end]}<title>{escape(figure.description)}</title>{first[end:]}"
