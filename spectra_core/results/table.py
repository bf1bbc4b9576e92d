"""The table for a terminal: every fit and ratio, rounded for the eye.

Errors are rounded to two digits, values to match. A value without an error says why:
fixed, tied to a fixed one, at its bound, or not determined. It is made from the entries
of ``results.json``, so that it says the same of a fit of today and of one read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ..curves.lineshapes import short_name
from ..runs.records import Finished, Run, sample_of
from ..uncertainty.ratios import ALL_ROWS, BUDGET_ROWS, Ratio
from .entries import coordinates_of_record, formed
from .rows import Form

Entry = Mapping[str, Any]


def text_table(run: Run) -> str:
    """Return every fit and ratio of a run as a table of plain text."""
    blocks = [fit_text(entry) for entries in formed(run.fits).entries(tabled) for entry in entries]
    if run.ratios:
        blocks.append(ratios_text(ratio_row(record, ratio) for record, ratio in run.ratios))
    return "\n\n".join(blocks)


# ---------------------------------------------------------------------------------
# Fits


def tabled(form: Form) -> Form:
    """Return what `fit_text` needs of an entry, or of a form of entries."""
    found = {name: form[name] for name in _OF_ENTRY}
    found["background"] = {name: form["background"][name] for name in ("type", "mode")}
    found["components"] = [_tabled_component(component) for component in form["components"]]
    found["doublets"] = [
        {name: doublet[name] for name in ("label", "minor", "area")} for doublet in form["doublets"]
    ]
    if "stored" in form:
        found["stored"] = form["stored"]
    return found


def _tabled_component(component: Form) -> Form:
    parameters = component["parameters"]
    found = {name: component[name] for name in _OF_COMPONENT}
    found["parameters"] = {
        name: parameters[name] for name in ("center", "fwhm", "area") if name in parameters
    }
    return found


_OF_ENTRY = (
    "sample",
    "region",
    "level",
    "levels",
    "coordinates",
    "joint",
    "axis",
    "status",
    "message",
    "statistics",
    "weights",
    "warnings",
)
_OF_COMPONENT = ("id", "label", "enabled", "lineshape", "position", "fwhm")


def fit_text(entry: Entry) -> str:
    """Return the table of one region of a fit from its entry in the results, or from `tabled`."""
    background = entry["background"]
    level = level_text(entry["level"], entry["levels"], entry["coordinates"])
    title = " / ".join(filter(None, (entry["sample"] + level, entry["region"])))
    joint = " (joint fit)" if entry["joint"] else ""
    head = (
        f"{title}{joint}: {entry['status']}, {goodness(entry)} ({entry['weights']} weights),"
        f" {background['type']} background ({background['mode']})"
    )
    rows = [component_heads(entry), *component_rows(entry)]
    lines = [head, *_aligned(rows), *(_warning_text(w) for w in entry["warnings"])]
    return "\n".join([*lines, *stored_lines(entry)])


def level_text(level: int, levels: int, coordinates: Mapping[str, Entry]) -> str:
    """Return which of several levels a fit is of, with its first coordinate; or nothing."""
    if levels < 2:
        return ""
    named = [f"{c['value']:g} {c['unit']}".rstrip() for c in coordinates.values()]
    return f" {level + 1}/{levels}" + (f" at {named[0]}" if named else "")


def stored_lines(entry: Entry) -> list[str]:
    """Return another program's stored numbers beside the refit's; none where there are none."""
    stored = entry.get("stored")
    if stored is None:
        return []
    squares = stored["sum_of_squares"]
    lines = [
        f"  stored, refitted: sum of squares {squares['stored']:.5g}, {squares['refitted']:.5g}",
        *_aligned([STORED_HEADS, *stored_rows(entry)]),
    ]
    return [*lines, f"  ! {stored['message']}"] if stored["message"] else lines


STORED_HEADS = ("component", "number", "stored", "refitted", "difference")


def stored_rows(entry: Entry) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield component, parameter, both numbers and their difference, in words."""
    for number in entry["stored"]["components"]:
        relative = number["parameter"] != "center" and number["stored"]
        percent = 100.0 * number["difference"] / number["stored"] if relative else 0.0
        difference = f"{percent:+.2f} %" if relative else f"{number['difference']:+.4f}"
        numbers = (f"{number[key]:.6g}" for key in ("stored", "refitted"))
        yield (number["component"], number["parameter"], *numbers, difference)


def component_heads(entry: Entry) -> tuple[str, str, str, str, str]:
    """Return the heads of `component_rows`, with units."""
    unit = entry["axis"]["unit"]
    units = {c["parameters"]["area"]["unit"] for c in entry["components"] if _has_area(c)}
    area = f"area / {units.pop()}" if len(units) == 1 else "area"
    return "component", f"position / {unit}", f"FWHM / {unit}", area, "line shape"


def goodness(entry: Entry) -> str:
    """Return how well the fit describes the data, in a unit that means something."""
    statistics = entry["statistics"]
    if entry["weights"] != "unit":
        return f"reduced chi-square {_number(statistics['reduced_chi_square']):.3g}"
    if statistics["residual_std"] is None:
        return "noise unknown"
    return f"residuals {statistics['residual_std']:.3g} x the counting noise"


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _warning_text(warning: Entry) -> str:
    place = f"{warning['where']}: " if warning["where"] else ""
    return f"  ! {place}{warning['message']}"


def _has_area(component: Entry) -> bool:
    return "area" in component["parameters"]


def component_rows(entry: Entry) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield label, position, width, area and line shape of each component, in words."""
    totals = {doublet["minor"]: doublet for doublet in entry["doublets"]}
    for component in entry["components"]:
        if not component["enabled"]:
            yield component["label"], "off", "", "", short_name(component["lineshape"])
            continue
        yield _component_row(component)
        doublet = totals.get(component["id"])
        if doublet is not None and doublet["area"] is not None:
            yield f"{doublet['label']} (both lines)", "", "", _estimated(doublet["area"]), ""


def _component_row(component: Entry) -> tuple[str, str, str, str, str]:
    parameters, position = component["parameters"], component["position"]
    where = with_error(_number(position["value"]), position["stderr"])
    where += " (bound)" if parameters["center"]["at_bound"] else ""
    width = (
        _estimated(parameters["fwhm"])
        if "fwhm" in parameters
        else f"{_number(component['fwhm']):.4g}"
    )
    area = _estimated(parameters["area"]) if _has_area(component) else "no finite area"
    return component["label"], where, width, area, short_name(component["lineshape"])


def _estimated(estimate: Entry) -> str:
    value = _number(estimate["value"])
    if estimate["at_bound"]:
        return f"{value:.6g} (bound)"
    if estimate["free"] and estimate["stderr"] is None:
        return f"{rough(value)} (not determined)"
    return with_error(value, estimate["stderr"])


# ---------------------------------------------------------------------------------
# Ratios


@dataclass(frozen=True)
class RatioCells:
    """One ratio as the table prints it; `note` stands below the table."""

    name: str
    sample: str
    value: str
    interval: str
    budget: Mapping[str, str]
    note: str


def ratio_row(record: Finished, ratio: Ratio) -> RatioCells:
    """Return a ratio of a fit as the table prints it."""
    level = level_text(record.level, record.levels, coordinates_of_record(record))
    rows = {name: getattr(ratio.budget, name) for name in (*BUDGET_ROWS, "total")}
    return RatioCells(
        ratio.name,
        sample_of(record, ratio.name) + level,
        ratio_text(ratio),
        interval_text(ratio.best_interval),
        {name: f"{error:.2g}" for name, error in rows.items() if error is not None},
        ratio.note,
    )


def ratios_text(ratios: Iterable[RatioCells]) -> str:
    """Return the table of ratios, with the rows of their budgets, and the notes below it."""
    ratios = list(ratios)
    known = [n for n in (*BUDGET_ROWS, "total") if any(n in one.budget for one in ratios)]
    known = known if len(known) > 1 else []
    rows: list[tuple[str, ...]] = [("ratio", "sample", "value", "95 % interval", *known)]
    for one in ratios:
        cells = (one.budget.get(name, "-") for name in known)
        rows.append((one.name, one.sample, one.value, one.interval, *cells))
    notes = [f"  ! {one.name}, {one.sample}: {one.note}" for one in ratios if one.note]
    return "\n".join([*_aligned(rows), *notes])


def ratio_text(ratio: Ratio) -> str:
    """Return a ratio with its error and what that holds, or what is known in its place."""
    if ratio.upper_limit is not None:
        return f"below detection, < {ratio.upper_limit:.2g}"
    scope = "" if ratio.scope in ("", ALL_ROWS) else f" ({ratio.scope})"
    return value_text(ratio) + scope


def value_text(ratio: Ratio) -> str:
    """Return a ratio with its error; two digits of one that has neither error nor interval."""
    if ratio.value is None:
        return "none"
    if ratio.best_interval is None and ratio.error is None:
        return rough(ratio.value)
    return with_error(ratio.value, ratio.error)


def interval_text(interval: tuple[float, float] | None) -> str:
    """Return an interval of a ratio in words; a dash where there is none."""
    return "-" if interval is None else " to ".join(interval_ends(interval))


# ---------------------------------------------------------------------------------
# Numbers


def with_error(value: float, stderr: float | None) -> str:
    """Return ``value ± error``: the error with two significant digits, the value to match."""
    text, error = rounded(value, stderr)
    return text if error is None else f"{text} ± {error}"


def rounded(value: float, stderr: float | None) -> tuple[str, str | None]:
    """Return value and error as printed everywhere: two digits of the error, value to match.

    Without an error, six digits of the value and None.
    """
    if stderr is None or not isfinite(stderr) or stderr <= 0:
        return f"{value:.6g}", None
    digits = 1 - int(f"{stderr:.1e}"[4:])  # 0.0996 is 0.10, with one digit more in front
    if digits >= 0:
        return f"{value:.{digits}f}", f"{stderr:.{digits}f}"
    return f"{round(value, digits):.0f}", f"{round(stderr, digits):.0f}"


def rough(value: float) -> str:
    """Return a value that has no error: two digits say all that is known of it."""
    return f"{float(f'{value:.2g}'):g}"


def interval_ends(interval: Sequence[float]) -> tuple[str, str]:
    """Return both ends of a 95 % interval as printed: with the digits of a standard error.

    A quarter of the interval stands in for the error, so that 0.939 to 1.001 does not
    become 0.939 to 1.
    """
    low, high = interval
    error = 0.25 * (high - low)
    return rounded(low, error)[0], rounded(high, error)[0]


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
