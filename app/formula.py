"""Formulas on screen: PS4(3-) as PS₄³⁻, in plain text that can be copied."""

from __future__ import annotations

import re
from functools import lru_cache

from spectra_core.report.typography import species

_SUB = str.maketrans("0123456789nx+-−.", "₀₁₂₃₄₅₆₇₈₉ₙₓ₊₋₋.")
_SUP = str.maketrans("0123456789n+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ⁺⁻⁻")


@lru_cache(maxsize=2048)
def formula(text: str) -> str:
    """Return a species, label or name with its numbers lowered and its charges raised."""
    # Word by word: a report shortens a long label, a window has room to show all of it.
    return "".join(_word(word) if word.strip() else word for word in re.split(r"(\s+)", text))


def _word(word: str) -> str:
    return "".join(
        run.text.translate(_SUB)
        if run.style == "sub" and "/" not in run.text
        else run.text.translate(_SUP)
        if run.style == "sup"
        else run.text
        for run in species(word).runs
    )
