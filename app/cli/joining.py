"""`--join` and `--sample-of`: which files are of one sample."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

JOIN_WORDS = ("names", "folder", "none")

Function = TypeVar("Function", bound=Callable[..., Any])


def join_options(function: Function) -> Function:
    """Give a command the options that join files into samples."""
    for option in (_sample_of, _join):
        function = option(function)
    return function


def take_join_options(values: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    """Take both options out of a command's values; return how to join, and the names given."""
    return values.pop("join"), dict(values.pop("sample_of"))


_join = click.option(
    "--join",
    type=click.Choice(JOIN_WORDS),
    default="names",
    help="Files of one sample: names (left out: file names that differ only in the core level;"
    " files named by the level alone in one folder), folder (each folder is a sample), none.",
)
_sample_of = click.option(
    "--sample-of",
    nargs=2,
    multiple=True,
    metavar="PATTERN NAME",
    help="Sample name for the files whose name or path fits a pattern; may be repeated.",
)
