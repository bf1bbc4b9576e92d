"""The first sentences of a report: what the ratios do, whether print agrees, what not to quote.

Every word is computed. A change is that between the two states of a sample, its error that of
both ratios taken as independent; samples without such pairs have a range; below detection no
change is stated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import hypot

from ..results.table import rough, rounded, value_text
from ..uncertainty.ratios import Ratio
from .document import Text, clean_text, plain, sentence
from .reported import Reported
from .samples import Sample, Samples, grouped, pairs_of
from .typography import species
from .wording import listed

_CLEAR = 2.0  # standard errors below which a change is not told as one
_OBVIOUS = 10.0  # beyond it the number of standard errors says nothing more
_RATIOS = 2  # that the headline speaks of
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LETTERS = 6  # samples that are named


def headline(
    samples: Samples, names: Sequence[str], reported: dict[tuple[str, str], Reported]
) -> Text:
    """Return the sentences.

    Parameters
    ----------
    samples : Samples
    names : sequence of str
        Of the ratios.
    reported : dict of (fit id, ratio name) to Reported
    """
    parts: list[Text] = []
    seen, absent = by_detection(samples.each, names)
    for name in seen[:_RATIOS]:
        parts += _of_ratio(samples.each, name)
    parts += _absent(samples.each, absent)
    parts += _beside_print(samples.each, names, reported)
    parts += _verdicts(samples)
    if not names:
        parts.insert(0, _without_ratio(samples.each))
    spaced: list[str | Text] = []
    for part in parts:
        spaced += [" ", part] if spaced else [part]
    return sentence(*spaced)


def by_detection(samples: Sequence[Sample], names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the ratios that have a value in some sample, and those below detection in all."""
    absent = [
        name
        for name in names
        if all(
            ratio.upper_limit is not None
            for sample in samples
            if (ratio := sample.ratio(name)) is not None
        )
    ]
    return [name for name in names if name not in absent], absent


def limit_text(limit: float) -> str:
    """Return an upper limit as printed: two digits, also where the last one is a zero."""
    text = f"{limit:#.2g}".removesuffix(".")
    return f"< {float(text):.0f}" if "e+" in text and limit < 1e5 else f"< {text}"


def _absent(samples: Sequence[Sample], names: Sequence[str]) -> Iterator[Text]:
    """Say in one sentence which ratios are below detection in every sample that has them."""
    if not names:
        return
    parts: list[str | Text] = []
    for i, name in enumerate(names[:_ABSENT]):
        limits = sorted(
            ratio.upper_limit
            for sample in samples
            if (ratio := sample.ratio(name)) is not None and ratio.upper_limit is not None
        )
        span = limit_text(limits[0])
        span += f" to {limit_text(limits[-1])}" if limit_text(limits[-1]) != span else ""
        parts += ["; " if i else "", species(name), f" ({span})"]
    more = f"; and {len(names) - _ABSENT} more" if len(names) > _ABSENT else ""
    where = f" in all {number_word(len(samples))}" if len(samples) > 1 else ""
    yield sentence(f"Below detection{where}: ", *parts, f"{more}.")


_ABSENT = 3  # ratios below detection that are named


def number_word(count: int) -> str:
    """Return a small number as a word."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def letters(samples: Sequence[Sample]) -> str:
    """Return samples by their letters, in words."""
    named = [sample.letter for sample in samples[:_LETTERS]]
    more = len(samples) - len(named)
    return listed([*named, f"{more} more"] if more else named)


def short_value(ratio: Ratio) -> str:
    """Return a ratio with the digits of its table and no error."""
    if ratio.value is None:
        return "none"
    if ratio.error is None:
        return rough(ratio.value)
    return rounded(ratio.value, ratio.error)[0]


# ---------------------------------------------------------------------------------
# What a ratio does


def _of_ratio(samples: Sequence[Sample], name: str) -> Iterator[Text]:
    found = [(s, r) for s in samples if (r := s.ratio(name)) is not None]
    below = [(s, r) for s, r in found if r.upper_limit is not None]
    known = [(s, r) for s, r in found if r.value is not None]
    shown = species(name)
    if len(found) == 1 and known:
        yield _single(shown, known[0][1])
    elif known:
        changes = [pair for pair in pairs_of([s for s, _ in found]) if _has_change(*pair, name)]
        yield _changes(shown, changes, name) if changes else _range(shown, known)
    if below:
        yield _below(shown, below)


def _single(shown: Text, ratio: Ratio) -> Text:
    interval = ratio.best_interval
    level = f"{100 * ratio.level:g} %"
    ends = ""
    if interval is not None and ratio.error is not None:
        low, high = (rounded(end, ratio.error)[0] for end in interval)
        ends = f" ({level}: {low} to {high})"
    return sentence("The ratio ", shown, " is ", plain(value_text(ratio), style="bold"), f"{ends}.")


def _has_change(before: Sample, after: Sample, name: str) -> bool:
    return all(
        ratio is not None and ratio.value and ratio.error is not None
        for ratio in (before.ratio(name), after.ratio(name))
    )


def _changes(shown: Text, pairs: Sequence[tuple[Sample, Sample]], name: str) -> Text:
    first, second = pairs[0]
    parts: list[str | Text] = [f"From {first.state} to {second.state}, ", shown, " "]
    verb = ""
    for i, (before, after) in enumerate(pairs):
        old, new = before.ratio(name), after.ratio(name)
        assert old is not None and new is not None
        text, own = _change(old, new)
        link = "" if i == 0 else (" and " if i == len(pairs) - 1 else ", ")
        lead = f"{own} by " if own != verb and own != _UNCHANGED else "by "
        lead = own if own == _UNCHANGED else lead
        verb = own
        size = plain(text, style="bold") if own != _UNCHANGED else plain("")
        parts += [link, lead, size, f" in {before.name} ({_from_to(old, new)})"]
    return sentence(*parts, ".")


_UNCHANGED = "does not change beyond its error"


def change_of(old: Ratio, new: Ratio) -> tuple[float, float]:
    """Return the change of a ratio and its error, both taken as independent."""
    assert old.value is not None and new.value is not None
    return new.value - old.value, hypot(old.error or 0.0, new.error or 0.0)


def _change(old: Ratio, new: Ratio) -> tuple[str, str]:
    change, error = change_of(old, new)
    if abs(change) < _CLEAR * error:
        return "", _UNCHANGED
    percent = 100.0 * abs(change) / abs(old.value or 1.0)
    return f"{percent:.0f} %", "falls" if change < 0 else "rises"


def _from_to(old: Ratio, new: Ratio) -> str:
    change, error = change_of(old, new)
    text = f"{short_value(old)} to {short_value(new)}"
    if error > 0 and abs(change) < _OBVIOUS * error:
        text += f", {abs(change) / error:.1f} σ"
    return text


def _range(shown: Text, known: Sequence[tuple[Sample, Ratio]]) -> Text:
    ordered = sorted(known, key=lambda pair: pair[1].value or 0.0)
    (low, least), (high, most) = ordered[0], ordered[-1]
    return sentence(
        "The ratio ",
        shown,
        " runs from ",
        plain(short_value(least), style="bold"),
        f" ({low.letter}, {low.title}) to ",
        plain(short_value(most), style="bold"),
        f" ({high.letter}, {high.title}).",
    )


def _below(shown: Text, below: Sequence[tuple[Sample, Ratio]]) -> Text:
    limits = sorted(r.upper_limit for _, r in below if r.upper_limit is not None)
    span = limit_text(limits[0])
    if len(limits) > 1:
        span += f" to {limit_text(limits[-1])}"
    where = letters([sample for sample, _ in below])
    return sentence("The ratio ", shown, f" is below detection in {where} ({span}).")


def _without_ratio(samples: Sequence[Sample]) -> Text:
    fits = [fit for sample in samples for fit in sample.record.regions]
    if not fits:
        return sentence("Nothing was fitted.")
    count = f"{number_word(len(fits)).capitalize()} spectr{'um' if len(fits) == 1 else 'a'}"
    lead = f"{count} {'was' if len(fits) == 1 else 'were'} fitted"
    if all(fit.weights != "unit" for fit in fits):
        span = _span([fit.statistics.reduced_chi_square for fit in fits])
        return sentence(f"{lead}, with reduced χ² ", plain(span, style="bold"), ".")
    noise = [fit.statistics.residual_std for fit in fits]
    known = [value for value in noise if value is not None]
    if len(known) < len(fits):
        return sentence(f"{lead}, without known noise: chi-square says nothing of them.")
    shown = plain(f"{_span(known)} times", style="bold")
    return sentence(f"{lead}, with residuals ", shown, " the counting noise.")


def _span(values: Sequence[float]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return low if low == high else f"{low} to {high}"


# ---------------------------------------------------------------------------------
# What is printed elsewhere, and what not to quote


def _beside_print(
    samples: Sequence[Sample], names: Sequence[str], reported: dict[tuple[str, str], Reported]
) -> Iterator[Text]:
    inside: list[Sample] = []
    outside: list[Sample] = []
    for sample in samples:
        for name in names:
            ratio, other = sample.ratio(name), reported.get((sample.record.id, name))
            if ratio is None or other is None or ratio.best_interval is None:
                continue
            low, high = ratio.best_interval
            (inside if low <= other.value <= high else outside).append(sample)
    total = len(inside) + len(outside)
    if not total:
        return
    source = ", ".join(dict.fromkeys(found.label for found in reported.values()))
    whose = clean_text(source)
    if not outside:
        lead = "The interval holds" if total == 1 else f"All {number_word(total)} intervals hold"
        yield sentence(f"{lead} the value{'s' if total > 1 else ''} of {whose}.")
    elif not inside:
        lead = "The interval does" if total == 1 else "No interval holds"
        words = " not hold the value" if total == 1 else " the value"
        yield sentence(f"{lead}{words} of {whose}.")
    else:
        yield sentence(
            f"{number_word(len(inside)).capitalize()} of {number_word(total)} intervals"
            f" hold{'s' if len(inside) == 1 else ''} the values of {whose}; {_that(outside)} not."
        )


def _that(samples: Sequence[Sample]) -> str:
    return f"that of {letters(samples)} does" if len(samples) == 1 else f"{letters(samples)} do"


def _verdicts(samples: Samples) -> Iterator[Text]:
    refused = samples.not_yet()
    check = [sample for sample in samples.each if sample.verdict.word == "check"]
    total = len(samples.each)
    if refused:
        alarms = [f for s in refused for f in s.verdict.findings if _is_alarm(f)]
        kinds = grouped(alarms, full=0)
        why = clean_text(kinds[0], longest=140) if kinds else "the fit did not converge"
        whom = "The fit is" if total == 1 else _subject(refused, total)
        more = f" and {len(kinds) - 1} more" if len(kinds) > 1 else ""
        yield sentence(f"{whom} not to be quoted yet: {why}{more}.")
    if check:
        yield sentence(f"{'It is' if total == 1 else _subject(check, total)} to be checked first.")


def _is_alarm(finding: object) -> bool:
    return getattr(finding, "severity", "") == "alarm"


def _subject(some: Sequence[Sample], total: int) -> str:
    if len(some) == total:
        return f"All {number_word(total)} are"
    names = letters(some)
    return f"Sample {names} is" if len(some) == 1 else f"Samples {names} are"
