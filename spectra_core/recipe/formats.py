"""What a fit can be written as: the names that recipes, the command line and the window use."""

from __future__ import annotations

from typing import Literal, get_args

Format = Literal[
    "json",
    "csv",
    "png",
    "svg",
    "figure-pdf",
    "html",
    "pdf",
    "docx",
    "xlsx",
    "bib",
    "ris",
    "review",
    "nexus",
    "vamas",
    "crate",
]
FORMATS: tuple[Format, ...] = get_args(Format)
# Where a recipe says nothing: quick to write, however many spectra there are.
DEFAULT_FORMATS: tuple[Format, ...] = ("json", "csv", "png", "svg")
