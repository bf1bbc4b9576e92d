"""Links typed into the field of a number: ``= PS4``, ``0.5 * PS4``, ``PS4 + 1.2``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite

from ..errors import ModelError
from ..model import Link, Model, Region, Term, members, owners, split_path
from .values import owner_label

_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻−–", "01234567890123456789+---")
_NUMBER = r"\d+(?:[.,]\d*)?(?:[eE][+-]?\d+)?|[.,]\d+"
_FACTOR = re.compile(rf"^(-?\s*(?:{_NUMBER}))\s*[*×·]\s*(.+)$")
_OFFSET = re.compile(rf"^(.+?)\s+([+-])\s*({_NUMBER})$")
_CALLED = {"centre": "center", "width": "fwhm"}


def typed_link(model: Model, path: str, text: str, *, note: str = "typed") -> Link:
    """Return the link that a user typed into the field of a parameter.

    Parameters
    ----------
    model : Model
    path : str
        The parameter that is to follow another one.
    text : str
        ``[=] [factor *] name [parameter] [+ offset]``. The name is that of a component or
        doublet, its label or species, in any spelling of its numbers; that of another region
        has the region before it: ``P 2p PS4``. Without a parameter the same one is meant.
    note : str
        Why, for the report.

    Raises
    ------
    ModelError
        If nothing, or more than one thing, is called so.
    """
    words = text.strip().translate(_PLAIN).lstrip("=").strip()
    times, offset = 1.0, 0.0
    if found := _FACTOR.match(words):
        times, words = _number(found[1]), found[2]
    if (found := _OFFSET.match(words)) and not _places(model, path, words):
        words, offset = found[1], float(f"{found[2]}1") * _number(found[3])
    if not times or not isfinite(times):
        raise ModelError(f"the factor of “{text.strip()}” is {times:g}.", where=path)
    places = dict.fromkeys(_places(model, path, words))
    if len(places) != 1:
        raise _nothing(model, path, words) if not places else _several(path, words, list(places))
    return Link(path, (Term(times, next(iter(places))),), offset, note)


def _number(text: str) -> float:
    return float(text.replace(" ", "").replace(",", "."))


def _places(model: Model, path: str, words: str) -> list[str]:
    """Return the parameters that words may mean: those of the own region if there are any."""
    home, _, name = split_path(path)
    regions = sorted(model.regions, key=lambda region: region.name != home)
    for region in regions:
        found = list(_places_in(region, path, _key(words), name, own=region.name == home))
        if found:
            return found
    return []


def _places_in(region: Region, path: str, key: str, name: str, *, own: bool) -> Iterator[str]:
    before = (_key(region.name), _key(region.name) + "/", "" if own else None)
    for called, owner in _names(region):
        parameters = {spec.name for spec in region.specs_of(members(region, owner)[0])}
        spelled = {_key(p): p for p in parameters} | {_key(k): p for k, p in _CALLED.items()}
        for prefix in (p for p in before if p is not None):
            rest = key.removeprefix(prefix + called)
            if not key.startswith(prefix + called):
                continue
            meant = name if not rest else spelled.get(rest.strip("/"), "")
            place = f"{region.name}/{owner}/{meant}"
            if meant in parameters and place != path:
                yield place


def _names(region: Region) -> Iterator[tuple[str, str]]:
    """Yield what each component or doublet may be called, and its id."""
    for owner in owners(region):
        first = members(region, owner)[0]
        for text in dict.fromkeys((owner, owner_label(region, owner), first.species)):
            if text:
                yield _key(text), owner


def _key(text: str) -> str:
    return re.sub(r"[\s()]+", "", text.translate(_PLAIN)).casefold()


def _nothing(model: Model, path: str, words: str) -> ModelError:
    home, own, _ = split_path(path)
    region = model.region(home)
    own_ids = {own, *(c.id for d in owners(region) if d == own for c in members(region, d))}
    names = [owner_label(region, owner) for owner in owners(region) if owner not in own_ids]
    hint = f"Type a number, or one of: {', '.join(names)}." if names else "Type a number."
    return ModelError(f"“{words[:40]}” is neither a number nor a component.", hint=hint, where=path)


def _several(path: str, words: str, places: list[str]) -> ModelError:
    said = " and ".join(place.rpartition("/")[0] for place in places)
    return ModelError(f"“{words[:40]}” may be {said}.", hint="Type the whole name.", where=path)
