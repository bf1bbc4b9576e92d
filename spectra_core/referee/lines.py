"""Lint rules about components: doublets, widths, areas, and how many there are.

The thresholds are set so that a fit of good data with the right model raises nothing:
a rule that rests on noise speaks only beyond four standard errors, and where a line
shape is never perfect it also asks that the effect is large enough to matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from math import hypot, sqrt

from ..core_levels import CoreLevel, level_in
from ..curves.baselines import BASELINES
from ..errors import SpectraError
from ..fitting import FitOptions, FitResult, Weights, fit
from ..model import REGION, Model, Region, members, owners, replace_region, set_enabled
from ..uncertainty.alternatives import one_more as alternative_with_one_more
from .alternatives import BIC_EVIDENCE, structure_goes
from .context import Context, Note, Owner, Severity, difference
from .residuals import correlation_list, detection_limit, has_structure
from .score import (
    Excess,
    largest_excess_of,
    largest_hidden,
    p_of_largest,
    path_of_places,
)

SIGMAS = 4.0
INSTRUMENT_FWHM_EV = 0.40
# Widths that one chemical state has with monochromatic Al K alpha, eV; broader asks for
# a second state, narrower is below what insulating powders give.
SENSIBLE_FWHM_EV = {
    "Li 1s": (0.7, 2.2),
    "C 1s": (0.45, 2.2),
    "O 1s": (0.8, 2.5),
    "F 1s": (0.8, 2.5),
    "Cl 2p": (0.6, 2.0),
    "S 2p": (0.5, 2.0),
    "P 2p": (0.5, 2.0),
}
BROADER = 1.25
SAME_CLASS_EV = 2.5
_DETECTED = 3.0
DETECTION_RATE = 0.01  # of fits in which any absent candidate may be called present
MISSING_RATE = 0.002  # of right models of which it may be said that a component is missing
MISSING_MATTERS = 0.02  # of the area: less is what an imperfect line shape leaves
MAY_HIDE = 0.1  # of the largest area: of more it cannot be said that the data hold none
_WANTED_RATE = 0.003
_CERTAIN = 6.0  # standard errors: an area that no search for candidates explains
MOST_FREE = 60  # free parameters beyond which no alternative models are tried


# ---------------------------------------------------------------------------------
# Doublets


def missing_doublet(context: Context) -> Iterator[Note]:
    """Find a single line where the level has two that the data can resolve."""
    for owner in context.owners:
        level = owner.core_level
        if owner.doublet or owner.is_loss or level is None or not level.is_doublet:
            continue
        if owner.is_spectrum:
            continue
        splitting = level.splitting_ev
        if splitting is None or splitting < 0.5 * owner.width or _has_partner(context, owner):
            continue
        if owner.center + splitting > owner.region.window[1]:
            continue
        yield Note(
            owner.where,
            f"{level.name} has two lines {splitting:.2f} eV apart, but this component is a single"
            f" line of {owner.width:.2f} eV.",
        )


def _has_partner(context: Context, owner: Owner) -> bool:
    """Return whether a line is named as one of a level's two and the other is there too."""
    lines = {o.component.line for o in context.owners_in(owner.region.name)}
    level = owner.core_level
    if level is None or owner.component.line == level.name:
        return False
    names = {f"{level.element} {line}" for line in level.lines}
    return names <= lines


def whole_level_named(context: Context) -> Iterator[Note]:
    """Find a position called "S 2p" where it is that of one of two lines."""
    for owner in context.owners:
        level = owner.core_level
        if level is None or not level.is_doublet or owner.is_loss:
            continue
        if owner.doublet and owner.component.line == level.name:
            yield Note(
                owner.where,
                f"the position {owner.center:.1f} eV is that of {level.element} {level.lines[0]},"
                f" but the line is called {level.name}.",
            )


def splitting_wrong(context: Context) -> Iterator[Note]:
    """Find a splitting outside what is known; says what it does to the areas, by refitting."""
    for region in context.result.model.regions:
        wrong = [owner for owner in context.owners_in(region.name) if is_split_wrong(owner)]
        if wrong:
            yield Note(region.name, _splitting_sentence(context, region, wrong))


def is_split_wrong(owner: Owner) -> bool:
    """Return whether a doublet is locked to a splitting that its level does not have."""
    level = owner.core_level
    if owner.doublet is None or level is None or level.splitting_ev is None:
        return False
    if "center" in owner.doublet.unlocked_parameters:
        return False
    low, high = _splitting_range(level)
    return not low - 0.005 <= owner.doublet.splitting <= high + 0.005


def _splitting_range(level: CoreLevel) -> tuple[float, float]:
    known = level.splitting_ev or 0.0
    return level.splitting_range_ev or (known - max(0.02, 0.03 * known), 1.03 * known + 0.02)


def _splitting_sentence(context: Context, region: Region, wrong: list[Owner]) -> str:
    level = wrong[0].core_level
    assert level is not None and level.splitting_ev is not None
    low, high = _splitting_range(level)
    named = ", ".join(f"{o.doublet.splitting:.2f} ({o.name})" for o in wrong if o.doublet)
    text = f"the splitting {named} eV lies outside the {low:.2f} to {high:.2f} eV of {level.name}"
    corrected = _with_known_splittings(context.result, region, wrong)
    if corrected is None:
        return f"{text}."
    effect = _ratio_effects(context, region, corrected)
    chi = corrected.statistics.chi_square / max(context.result.statistics.chi_square, 1e-300)
    return (
        f"{text}; refitted with {level.splitting_ev:.2f} eV {effect}, and chi-square is"
        f" {chi:.2f} times as large."
    )


def _with_known_splittings(
    result: FitResult, region: Region, wrong: list[Owner]
) -> FitResult | None:
    names = {owner.name for owner in wrong}
    doublets = []
    for doublet in region.doublets:
        known = next((o.core_level for o in wrong if o.name == doublet.id), None)
        if doublet.id in names and known and known.splitting_ev:
            doublet = replace(doublet, splitting=known.splitting_ev)
        doublets.append(doublet)
    return refit(result, replace_region(result.model, replace(region, doublets=tuple(doublets))))


def _ratio_effects(context: Context, region: Region, corrected: FitResult) -> str:
    """Say how areas over the first doublet's area change; for one doublet, its area."""
    owners = [o for o in context.owners_in(region.name) if o.has_area]
    first, *others = owners
    if not others:
        change = first.area / corrected.value(first.path("area")) - 1.0
        return f"the area of {first.name} changes (as fitted it is {100 * change:+.1f} %)"
    base = corrected.value(first.path("area"))
    if first.area <= 0 or base <= 0:
        return f"the area of {first.name} is none"
    ratios = [(o.name, o.area / first.area, corrected.value(o.path("area")) / base) for o in others]
    changed = [
        (name, old, new) for name, old, new in ratios if new > 0 and abs(old / new - 1) > 5e-3
    ]
    changed.sort(key=lambda row: -abs(row[1] / row[2] - 1.0) * row[2])
    if not changed:
        return "no area ratio changes by more than 0.5 %"
    return "; ".join(
        f"A({name})/A({first.name}) is {new:.3f} in place of {old:.3f}: as fitted it is biased by"
        f" {100 * (old / new - 1.0):+.1f} %"
        for name, old, new in changed[:2]
    )


def area_ratio_wrong(context: Context) -> Iterator[Note]:
    """Find a locked area ratio that is not that of the numbers of states."""
    for owner in context.owners:
        level = owner.core_level
        if owner.doublet is None or level is None or not level.is_doublet:
            continue
        expected = level.area_ratio
        if abs(owner.doublet.ratio / expected - 1.0) > 0.02:
            yield Note(
                owner.where,
                f"the area ratio of the doublet is {owner.doublet.ratio:.3f}; {level.name} has"
                f" {expected:.3f} by the number of states (2j + 1).",
            )


def doublet_order(context: Context) -> Iterator[Note]:
    """Find the j = l - 1/2 line at lower binding energy than its partner."""
    for region in context.result.model.regions:
        for major, minor in _line_pairs(context, region):
            lower = context.result.value(f"{region.name}/{minor}/center")
            upper = context.result.value(f"{region.name}/{major}/center")
            sign = context.fitted[region.name].spectrum.axis.orientation
            if sign * (lower - upper) < 0:
                yield Note(
                    f"{region.name}/{minor}",
                    f"the j = l - 1/2 line stands at {lower:.2f} eV, below its partner at"
                    f" {upper:.2f} eV; it binds more and must stand higher.",
                )


def _line_pairs(context: Context, region: Region) -> Iterator[tuple[str, str]]:
    for doublet in region.doublets:
        if region.component(doublet.major).enabled:
            yield doublet.major, doublet.minor
    single = [o.component for o in context.owners_in(region.name) if o.doublet is None]
    for a, b in combinations(single, 2):
        if not level_in(a.line) or level_in(a.line) != level_in(b.line):
            continue
        if (a.species or a.label) == (b.species or b.label) and a.line != b.line:
            yield (a.id, b.id) if a.line > b.line else (b.id, a.id)


def unlocked_without_evidence(context: Context) -> Iterator[Note]:
    """Find a doublet's tie that was taken off though the data agree with it, or fit badly.

    Where a prior stands in its place it was not taken off, but said with its uncertainty.
    """
    known = {t.source for prior in context.result.model.priors for t in prior.terms}
    for owner in context.owners:
        if owner.doublet is None:
            continue
        for name in sorted(owner.doublet.unlocked_parameters):
            if f"{owner.region.name}/{owner.doublet.minor}/{name}" not in known:
                yield from _unlocked(owner, name)


def _unlocked(owner: Owner, name: str) -> Iterator[Note]:
    doublet = owner.doublet
    assert doublet is not None
    if name not in ("area", "center", "fwhm"):
        return
    result, region = owner.result, owner.region.name
    minor, major = f"{region}/{doublet.minor}/{name}", f"{region}/{doublet.major}/{name}"
    factor = doublet.ratio if name == "area" else 1.0
    offset = owner.fitted.spectrum.axis.orientation * doublet.splitting if name == "center" else 0.0
    expected = factor * result.value(major) + offset
    errors = (result.stderr(minor), result.stderr(major))
    if errors[0] is None or errors[1] is None:
        return
    error = hypot(errors[0], factor * errors[1])
    pull = (result.value(minor) - expected) / error
    if abs(pull) < 3.0:
        yield Note(
            owner.where,
            f"the {name} of the minor line is not tied, and the data do not ask for it:"
            f" {result.value(minor):.4g} +/- {error:.2g} where the tie gives {expected:.4g}.",
            "Lock it again: fewer free parameters, smaller errors.",
        )
    elif name == "area" and abs(result.value(minor) / expected - 1.0) > 0.1:
        yield Note(
            owner.where,
            f"untied, the area of the minor line is {result.value(minor) / expected:.2f} times"
            f" what 2j + 1 gives ({pull:+.0f} standard errors).",
            "Look for another state under one of the two lines.",
        )


# ---------------------------------------------------------------------------------
# Widths


def broader_than_neighbours(context: Context) -> Iterator[Note]:
    """Find a component clearly broader than the others of its class: probably two states."""
    for owner in context.owners:
        found = _narrower_neighbour(context, owner)
        if found is not None:
            yield Note(
                owner.where,
                f"this component is {owner.width:.2f} eV wide,"
                f" {owner.width / found.width:.2f} times as wide as {found.name}"
                f" ({found.width:.2f} eV) beside it: probably two states fitted as one.",
            )


def _narrower_neighbour(context: Context, owner: Owner) -> Owner | None:
    """Return the component of the class that makes `owner` look too broad, if there is one."""
    if owner.is_loss:
        return None
    others = [
        other
        for other in context.owners_in(owner.region.name)
        if other.name != owner.name
        and not other.is_loss
        and other.level == owner.level
        and abs(other.center - owner.center) < SAME_CLASS_EV
        and _one_class(context, owner, other)
        and is_detected(other)
    ]
    if not others:
        return None
    # With several neighbours most of them must be narrower: one odd one out is not enough.
    narrow = [other for other in others if _clearly_broader(owner, other)]
    if 2 * len(narrow) <= len(others):
        return None
    return sorted(narrow, key=lambda o: o.width)[len(narrow) // 2]


def _one_class(context: Context, a: Owner, b: Owner) -> bool:
    """Return whether nothing known says that two species have widths of their own."""
    classes = [known.width_class for o in (a, b) if (known := context.expected_of(o)) is not None]
    return not (len(classes) == 2 and all(classes) and classes[0] != classes[1])


def _clearly_broader(owner: Owner, other: Owner) -> bool:
    if owner.width < BROADER * other.width or not (owner.width_names and other.width_names):
        return False
    gap, error = difference(
        owner.result, owner.path(owner.width_names[0]), other.path(other.width_names[0])
    )
    return error is not None and gap > SIGMAS * error


def narrower_than_neighbours(context: Context) -> Iterator[Note]:
    """Find a component much narrower than all others of its class: probably noise or a spike."""
    for owner in context.owners:
        others = [
            o
            for o in context.owners_in(owner.region.name)
            if o.name != owner.name and o.level == owner.level and not o.is_loss
        ]
        close = [o for o in others if abs(o.center - owner.center) < SAME_CLASS_EV]
        if len(close) >= 2 and all(_clearly_broader(o, owner) for o in close):
            names = ", ".join(f"{o.name} {o.width:.2f}" for o in close)
            yield Note(
                owner.where,
                f"this component is {owner.width:.2f} eV wide, narrower than all of its class"
                f" ({names} eV).",
            )


def widths_far_apart(context: Context) -> Iterator[Note]:
    """Find one photoelectron line three times as wide as another of the same level."""
    for region in context.xps_regions:
        owners = [o for o in context.owners_in(region.name) if not o.is_loss and o.width > 0]
        for narrow, wide in combinations(sorted(owners, key=lambda o: o.width), 2):
            if narrow.level == wide.level and wide.width > 3.0 * narrow.width:
                yield Note(
                    wide.where,
                    f"this component is {wide.width:.2f} eV wide and {narrow.name} only"
                    f" {narrow.width:.2f} eV: no class of compounds differs by a factor of three.",
                )
                break


def narrower_than_instrument(context: Context) -> Iterator[Note]:
    """Find a line narrower than any laboratory instrument, than its level, or than its channels."""
    for owner in context.owners:
        if not owner.fitted.spectrum.axis.is_energy:
            continue
        natural = owner.core_level.natural_width_ev if owner.core_level else None
        floor = max(INSTRUMENT_FWHM_EV, natural or 0.0)
        if owner.width < floor:
            yield Note(
                owner.where,
                f"the width of {owner.width:.2f} eV is below the {floor:.2f} eV that instrument and"
                " core hole allow.",
            )


def width_not_sensible(context: Context) -> Iterator[Note]:
    """Find a width outside the range that one chemical state of this level has."""
    for owner in context.owners:
        limits = SENSIBLE_FWHM_EV.get(owner.level)
        if limits is None or owner.is_loss or owner.is_spectrum or not is_detected(owner):
            continue
        low, high = limits
        if owner.width > high:
            yield Note(
                owner.where,
                f"the width of {owner.width:.2f} eV is more than one state of {owner.level} has"
                f" (up to {high:.1f} eV).",
                "Look for a second state, a charging sample, or an overlapping structure.",
            )
        elif INSTRUMENT_FWHM_EV <= owner.width < low:
            yield Note(
                owner.where,
                f"the width of {owner.width:.2f} eV is less than one state of {owner.level} has"
                f" (from {low:.1f} eV).",
                "Check that it is no spike, and that the doublet is not drawn as two states.",
            )


def coarse_step(context: Context) -> Iterator[Note]:
    """Find channels too wide for the narrowest line."""
    for region in context.regions:
        owners = [o for o in context.owners_in(region.name) if o.width > 0 and is_detected(o)]
        if not owners:
            continue
        narrow = min(owners, key=lambda o: o.width)
        step = abs(region.spectrum.step)
        if step > narrow.width / 3.0:
            yield Note(
                region.name,
                f"a step of {step:.3g} {region.spectrum.axis.unit} puts fewer than three points"
                f" on {narrow.name} ({narrow.width:.2f} wide).",
            )


# ---------------------------------------------------------------------------------
# Areas and how many


def is_detected(owner: Owner) -> bool:
    """Return whether a component's area is above three standard errors."""
    if not owner.has_area:
        return True
    error = owner.area_stderr
    return owner.area > 0 and (error is None or owner.area > _DETECTED * error)


def zero_area(context: Context) -> Iterator[Note]:
    """Find a component whose fitted area or width is zero.

    That the data hold none of it is said only where the residuals do not want it either,
    anywhere within its bounds; else the fit has not found it.
    """
    for owner in context.owners:
        if owner.has_area and owner.area <= 0:
            wanted = _wanted(context, owner)
            if wanted is None:
                yield Note(
                    owner.where, f"the area is {owner.area:.3g}{_none_of_it(context, owner)}"
                )
            else:
                yield Note(
                    owner.where,
                    f"the area is {owner.area:.3g}, but near {wanted.at:.1f} eV the residuals want"
                    f" about {wanted.area:.3g} of it ({wanted.significance:.1f} standard errors):"
                    " the fit has not found its best minimum.",
                    "Fit again with more starts; use no number of it.",
                    "alarm",
                )
        elif owner.width_names and owner.width <= 0:
            yield Note(owner.where, f"the width is {owner.width:.3g}.")


def _none_of_it(context: Context, owner: Owner) -> str:
    """Say whether the data hold none of a component, or only may do without it."""
    hidden = largest_hidden(context.result, context.minimum, owner.region.name, owner.center)
    sizes = [o.area for o in context.owners_in(owner.region.name) if o.has_area]
    largest = max(sizes, default=0.0)
    if largest <= 0:
        return ", as that of every other component of this region."
    if (before := owner.region.background.type) in BASELINES:
        return f": nothing is left of it above the {before} baseline, taken off before the fit."
    if hidden is None or hidden > MAY_HIDE * largest:
        much = "any" if hidden is None else f"up to {100 * hidden / largest:.0f} % of the largest"
        return (
            f", but its neighbours describe what it would: the data cannot exclude {much}"
            " area of it."
        )
    return f": the data hold none of it (less than {_plain(hidden)}, 95 %)."


def _plain(value: float) -> str:
    """Return a number with two digits, and never as a power of ten where it is an area."""
    return f"{value:.0f}" if 99.5 <= value < 1e6 else f"{value:.2g}"


def _wanted(context: Context, owner: Owner) -> Excess | None:
    """Return where the residuals want a component that the fit left at nothing, if they do."""
    center = context.result.estimate(owner.path("center"))
    shift = owner.center - owner.position
    reach = (center.min + shift, center.max + shift)
    found = largest_excess_of(context.result, context.minimum, owner.region.name, reach)
    return found if found is not None and found.p_value < _WANTED_RATE else None


def below_detection(context: Context) -> Iterator[Note]:
    """Find an area that does not stand out of the noise.

    Where several candidates are tried, and each may move, one of them finds some noise to
    describe: an area counts as there if noise would give one as large in at most a hundredth
    of the fits, whichever candidate it is and wherever it may stand.
    """
    for owner in context.owners:
        smallest = smallest_area(owner)
        if smallest is None or owner.area <= 0:
            continue
        unit_text = owner.result.unit(owner.path("area"))
        if owner.area < smallest:
            yield Note(
                owner.where,
                f"the area {owner.area:.3g} {unit_text} is below the detection limit of"
                f" {smallest:.3g}, so it is not shown to be there.",
                f'Report "< {smallest:.3g}" in place of the area, and leave the component out.',
            )
            continue
        chance = _chance(context, owner)
        if chance is not None and chance[1] > DETECTION_RATE:
            gain, p_value, tried = chance
            among = f"any of {tried} candidates" if tried > 1 else "this component"
            yield Note(
                owner.where,
                f"the area {owner.area:.3g} {unit_text} lowers chi-square by {gain:.1f} only; noise"
                f" alone would give {among} as much, within its bounds, in"
                f" {100 * p_value:.2g} % of such fits: it is not shown to be there.",
                "Report an upper limit unless another level shows it.",
            )


def _chance(context: Context, owner: Owner) -> tuple[float, float, int] | None:
    """Return gain, p-value and number of candidates of a weak component; None if not in doubt."""
    error = owner.area_stderr
    beside = [o for o in context.owners_in(owner.region.name) if o.has_area]
    if len(beside) < 2 or (error is not None and owner.area >= _CERTAIN * error):
        return None
    if owner.area >= max(o.area for o in beside):
        return None  # what is there at all is not one candidate of several
    without = _without(context, owner)
    if without is None:
        return None
    gain = _gain(without, context.result)
    center = context.result.estimate(owner.path("center"))
    low, high = owner.region.window
    reach = min(center.max - center.min, high - low) if center.free else 0.0
    tried = sum(1 for o in context.owners if o.has_area) - len(context.result.model.regions)
    z = sqrt(max(gain, 0.0))
    p_value = max(tried, 1) * p_of_largest(z, path_of_places(reach, owner.width))
    return gain, min(p_value, 1.0), max(tried, 1)


def _without(context: Context, owner: Owner) -> FitResult | None:
    """Return the fit without an owner, made once."""
    if owner.where not in context.refits:
        model = set_enabled(context.result.model, owner.region.name, owner.name, False)
        context.refits[owner.where] = refit(context.result, model)
    return context.refits[owner.where]


def _gain(simple: FitResult, full: FitResult) -> float:
    """Return what chi-square of data and priors gains in the fuller model, in units of the noise.

    With unit weights the noise is the scatter of the residuals of the fuller model.
    """
    known = all(region.weights != Weights.UNIT.value for region in full.regions)
    scale = 1.0 if known else max(full.statistics.reduced_chi_square, 1e-300)
    data = (simple.statistics.chi_square - full.statistics.chi_square) / scale
    return data + simple.statistics.prior_chi_square - full.statistics.prior_chi_square


def smallest_area(owner: Owner) -> float | None:
    """Return the detection limit of an owner's area, both lines of a doublet together.

    Overlap with other components is not in it: an area may be badly known and yet needed,
    which `not_needed` tells by fitting without it.
    """
    limit = detection_limit(owner.fitted, owner.component.id) if owner.has_area else None
    if limit is None:
        return None
    return limit * (1.0 + owner.doublet.ratio) if owner.doublet else limit


def not_needed(context: Context) -> Iterator[Note]:
    """Find a component without which BIC is lower."""
    for region in context.result.model.regions:
        owners = context.owners_in(region.name)
        if len(owners) < 2:
            continue
        for owner in owners:
            error = owner.area_stderr if owner.has_area else None
            smallest = smallest_area(owner) if owner.has_area else None
            if error is None or smallest is None or not smallest <= owner.area < 6.0 * error:
                continue
            without = _without(context, owner)
            gain = context.result.statistics.bic - without.statistics.bic if without else -1.0
            if gain > 0:
                yield Note(
                    owner.where,
                    f"without this component BIC is lower by {gain:.1f}: the data do not ask for"
                    f" it (area {owner.area / error:.1f} standard errors).",
                )


def one_more(context: Context) -> Iterator[Note]:
    """Find a component that the model lacks: residuals along the curve of one more.

    Asked of the whole window at once, so that its many places do not add up to an alarm, and
    confirmed by a fit with it.
    """
    suspected = [(r.name, found) for r in context.regions if (found := _lacks(context, r.name))]
    wide = any(_narrower_neighbour(context, owner) is not None for owner in context.owners)
    if not (suspected or wide) or context.result.n_free > MOST_FREE:
        return
    if any(missing_doublet(context)) or any(t.significant for t in context.tensions):
        return  # the misfit has another cause, of which a component would hide the traces
    told = False
    for name, found in suspected:
        gained = _with_one_more(context, name, found)
        if gained is not None and not _is_hump(context, gained.delta_bic):
            told = True
            yield Note(name, gained.message, severity=gained.severity)
    best = context.comparison.preferred if wide and not told else None
    if best is not None and best.kind == "more" and not _is_hump(context, best.delta_bic):
        yield Note(
            "",
            f"one more component ({best.change}) lowers BIC by {-best.delta_bic:.0f}"
            f" (more than {BIC_EVIDENCE:.0f}) and removes what was wrong with the residuals or"
            " widths.",
        )


def _lacks(context: Context, region_name: str) -> Excess | None:
    """Return where one more component would gain more than noise gives, if anywhere."""
    found = context.excess(region_name)
    several = len(context.regions)
    return found if found is not None and several * found.p_value < MISSING_RATE else None


@dataclass(frozen=True)
class _Gained:
    """What a fit with one more component gained."""

    delta_bic: float
    message: str
    severity: Severity


def _with_one_more(context: Context, region_name: str, found: Excess) -> _Gained | None:
    """Return what one more component gains; None if a fit with it does not confirm it."""
    more = alternative_with_one_more(context.result, region_name, found.at)
    better = refit(context.result, more.model) if more is not None else None
    if better is None:
        return None
    gain = _gain(context.result, better)
    if gain < 0.5 * found.significance**2 or not _explains(context.result, better):
        return None
    region = better.model.region(region_name)
    name = owners(region, enabled=True)[-1]
    area, center = better.value(f"{region_name}/{name}/area"), _place_of(better, region_name, name)
    sizes = [o.area for o in context.owners_in(region_name) if o.has_area and not o.is_loss]
    part = area / max(sum(sizes) + area, 1e-300)
    effect = _change_of_areas(context, better, region_name)
    unit = better.region(region_name).spectrum.axis.unit
    message = (
        f"one more component near {center:.1f} {unit}{_candidates(context, region_name, center)},"
        f" {100 * part:.2g} % of the area, lowers chi-square by {gain:.0f}; noise has as much"
        f" anywhere in the window in {_rate_words(found.p_value)} of fits.{effect}"
    )
    grave = part >= MISSING_MATTERS
    return _Gained(
        better.statistics.bic - context.result.statistics.bic,
        message,
        "alarm" if grave else "warning",
    )


def _explains(before: FitResult, after: FitResult) -> bool:
    """Return whether one more component explains most of a misfit, where there is a clear one.

    What an imperfect line shape leaves, one more component takes up in part.
    """
    return not has_structure(before) or structure_goes(before, after)


def _rate_words(p_value: float) -> str:
    return f"{100 * p_value:.1g} %" if p_value > 1e-6 else "less than one in a million"


def _place_of(result: FitResult, region_name: str, owner: str) -> float:
    line = members(result.model.region(region_name), owner)[0].id
    shift = result.value(f"{region_name}/{REGION}/shift")
    return result.value(f"{region_name}/{line}/center") + shift


def _candidates(context: Context, region_name: str, center: float) -> str:
    """Name the species of the library that lie where one more component would."""
    levels = {o.level for o in context.owners_in(region_name) if o.level}
    present = {o.component.species for o in context.owners_in(region_name)}
    shift = context.result.value(f"{region_name}/{REGION}/shift")
    near = [
        row
        for row in context.expected
        if row.level in levels
        and abs(row.center + shift - center) <= row.tolerance
        and row.species not in present
    ]
    near.sort(key=lambda row: abs(row.center + shift - center))
    names = " or ".join(row.species for row in near[:2])
    return f" ({names}, by its position)" if names else ""


def _change_of_areas(context: Context, better: FitResult, region_name: str) -> str:
    """Say which area changes most with one more component."""
    changes = [
        (better.value(o.path("area")) / o.area - 1.0, o.name)
        for o in context.owners_in(region_name)
        if o.has_area and o.area > 0
    ]
    if not changes:
        return ""
    change, name = max(changes, key=lambda row: abs(row[0]))
    return f" With it A({name}) changes by {100 * change:+.0f} %." if abs(change) > 0.01 else ""


def _is_hump(context: Context, delta_bic: float) -> bool:
    """Return whether a broad hump describes the data better than one more line does."""
    for region in context.xps_regions:
        test = context.hump(region.name)
        if test is None:
            continue
        if not test.lines_needed:
            return True
        if test.hump_needed and test.bic_both - test.bic_lines < delta_bic:
            return True
    return False


def too_many(context: Context) -> Iterator[Note]:
    """Find several components that the noise does not allow to tell apart or to see."""
    for region in context.regions:
        owners = [o for o in context.owners_in(region.name) if o.has_area]
        hidden = [o for o in owners if o.area <= 0 or o.area < (smallest_area(o) or 0.0)]
        if len(hidden) >= 2:
            names = ", ".join(o.name for o in hidden)
            yield Note(
                region.name,
                f"{len(hidden)} of {len(owners)} components ({names}) do not stand out of the"
                " noise: the model has more of them than these data can support.",
            )


def correlated_areas(context: Context) -> Iterator[Note]:
    """Find two areas of which only the sum is known."""
    for a, b, value in correlation_list(context.result, above=0.95, parameter="area"):
        yield Note(
            a.rpartition("/")[0],
            f"the areas of {_owner(a)} and {_owner(b)} are correlated by {value:+.3f}: their sum"
            " is known well, how it is shared is not.",
        )


def _owner(path: str) -> str:
    return path.split("/", 1)[1].rpartition("/")[0]


def refit(result: FitResult, model: Model) -> FitResult | None:
    """Return the fit of another model to the same spectra; None if it cannot be fitted."""
    kinds = {region.weights for region in result.regions}
    weights = Weights(kinds.pop()) if len(kinds) == 1 else None
    try:
        return fit(
            {r.name: r.spectrum for r in result.regions}, model, options=FitOptions(weights=weights)
        )
    except SpectraError:
        return None
