"""The layout of a report: the shipped templates, or the user's own.

A template is a folder with any of `report.html` (jinja2), `report.css` and `style.toml`, or
one such file; what it does not bring is taken from the shipped ones. A template runs in
jinja2's sandbox: it lays out what it is given and can reach nothing else.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from ..datafiles import data_path
from ..errors import ReadError, SpectraError

HTML, CSS, STYLE = "report.html", "report.css", "style.toml"
_BY_SUFFIX = {".html": HTML, ".j2": HTML, ".jinja": HTML, ".css": CSS, ".toml": STYLE}
_LARGEST = 2_000_000


@dataclass(frozen=True)
class PageStyle:
    """Sizes (points), lengths (mm) and colours of paper formats."""

    page: Literal["A4", "letter"]
    margin: float
    text: float
    table: float
    heading: float
    ink: str
    quiet: str
    accent: str
    alarm: str
    shade: str
    figure: float
    footer: str


@dataclass(frozen=True)
class Template:
    """Texts of the HTML template and of the style sheet, and the page style."""

    html: str
    css: str
    style: PageStyle
    name: str = field(default="shipped")


def load_template(path: str | Path | None = None) -> Template:
    """Return the shipped template, its parts replaced by those in `path`.

    Parameters
    ----------
    path : path or None
        A folder with some of the three files, or one of them.

    Raises
    ------
    ReadError
        If it is not there, brings none of them, or `style.toml` has an unknown key.
    """
    texts = {name: _read(data_path("resources", "report", name)) for name in (HTML, CSS, STYLE)}
    shipped = tomllib.loads(texts.pop(STYLE))
    own = {} if path is None else _own(Path(path))
    style = _style(own.pop(STYLE, ""), shipped, str(path))
    texts |= own
    return Template(texts[HTML], texts[CSS], style, "shipped" if path is None else str(path))


def _own(path: Path) -> dict[str, str]:
    if path.is_dir():
        found = {name: path / name for name in (HTML, CSS, STYLE) if (path / name).is_file()}
    elif path.is_file() and path.suffix.lower() in _BY_SUFFIX:
        found = {_BY_SUFFIX[path.suffix.lower()]: path}
    else:
        problem = "is no template" if path.exists() else "is not there"
        raise ReadError(
            f"{problem}.",
            hint=f"Give a folder with {HTML}, {CSS} or {STYLE}, or one such file.",
            where=str(path),
        )
    if not found:
        raise ReadError(f"has none of {HTML}, {CSS} and {STYLE}.", where=str(path))
    return {name: _read(file) for name, file in found.items()}


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise ReadError("is too large for a template.", where=str(path))
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror or error}.", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise ReadError("is not UTF-8 text.", where=str(path)) from error


def _style(text: str, shipped: dict[str, Any], where: str) -> PageStyle:
    try:
        own = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ReadError(f"style.toml is not TOML: {error}.", where=where) from error
    for key, value in own.items():
        if key not in shipped:
            raise ReadError(
                f'style.toml has the unknown key "{key}".',
                hint=f"Known: {', '.join(shipped)}.",
                where=where,
            )
        own[key] = _checked(key, value, shipped[key], where)
    known = {f.name for f in fields(PageStyle)}
    return PageStyle(**{k: v for k, v in (shipped | own).items() if k in known})


def _checked(key: str, value: Any, shipped: Any, where: str) -> Any:
    problem: SpectraError | None = None
    if isinstance(shipped, float):
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        good = good and 0 < value <= 400
    elif str(shipped).startswith("#"):
        good = isinstance(value, str) and len(value) == 7 and value[0] == "#"
        good = good and all(c in "0123456789abcdefABCDEF" for c in value[1:])
    else:
        good = isinstance(value, str) and (key != "page" or value in ("A4", "letter"))
    if not good:
        problem = ReadError(
            f"style.toml has {key} = {value!r}.", hint=f"E.g. {key} = {shipped!r}.", where=where
        )
        raise problem
    return float(value) if isinstance(shipped, float) else value
