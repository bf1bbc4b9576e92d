"""Recipes: what was done to a spectrum, as a text a user can read, keep and run again.

A recipe (TOML, ``doublet-recipe/1``) is checked as a whole before anything is fitted.
All mistakes of a file are said at once, each with its place and, for an unknown key,
the nearest key that exists there; which keys those are follows from the tables of line
shapes and backgrounds. `dump_recipe` writes numbers with every digit they have, so that
``parse_recipe(dump_recipe(r)) == r`` exactly.

`spectra_core.recipe.schema` holds the tables, `spectra_core.recipe.compile` turns them
into a model and back.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..curves.backgrounds import BACKGROUNDS
from ..curves.lineshapes import LINESHAPES, known_shape
from ..curves.measured import PREFIX
from ..errors import ModelError, RecipeError, did_you_mean
from .compile import (
    calibration_from_recipe,
    check_recipe,
    fit_options_from_recipe,
    model_from_recipe,
    recipe_from_model,
)
from .library import fill_from_library
from .schema import (
    SCHEMA,
    BackgroundEntry,
    CalibrationEntry,
    ComponentEntry,
    FitEntry,
    LinkEntry,
    MaskEntry,
    ParameterEntry,
    PriorEntry,
    QuantifyTable,
    RatioEntry,
    Recipe,
    RecipeTable,
    RegionEntry,
    ReportEntry,
    SamplesEntry,
    SeriesTable,
    SimulateEntry,
    UncertaintyEntry,
    UnlockEntry,
)
from .together import check_together

__all__ = [
    "SCHEMA",
    "Recipe",
    "calibration_from_recipe",
    "dump_recipe",
    "fit_options_from_recipe",
    "load_recipe",
    "model_from_recipe",
    "parse_recipe",
    "recipe_from_dict",
    "recipe_from_model",
    "recipe_schema",
    "recipe_to_dict",
]

MAX_PROBLEMS = 5

# Which table stands under which key of which table.
_INNER: Mapping[type[RecipeTable], Mapping[str, type[RecipeTable]]] = {
    Recipe: {
        "calibration": CalibrationEntry,
        "mask": MaskEntry,
        "samples": SamplesEntry,
        "region": RegionEntry,
        "link": LinkEntry,
        "quantify": QuantifyTable,
        "series": SeriesTable,
        "prior": PriorEntry,
        "ratio": RatioEntry,
        "fit": FitEntry,
        "report": ReportEntry,
        "simulate": SimulateEntry,
    },
    RegionEntry: {
        "background": BackgroundEntry,
        "component": ComponentEntry,
        "shift": ParameterEntry,
    },
    ComponentEntry: {"unlock": UnlockEntry},
    RatioEntry: {"uncertainty": UncertaintyEntry},
}
# Tables whose further keys are parameters or options, by the rows they name.
_GATHERED = ("parameters", "options")


def load_recipe(path: str | Path) -> Recipe:
    """Return the recipe in a TOML file.

    Raises
    ------
    RecipeError
        If the file cannot be read, is not TOML, or is not a valid recipe.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RecipeError(
            f"the recipe cannot be read: {error.strerror or error}.", where=str(path)
        ) from error
    except UnicodeDecodeError as error:
        raise RecipeError(
            "this is not a text file in UTF-8, so it is not a recipe.", where=str(path)
        ) from error
    return parse_recipe(text, where=str(path))


def parse_recipe(text: str, *, where: str = "recipe") -> Recipe:
    """Return the recipe in a TOML text.

    Parameters
    ----------
    text : str
    where : str
        File name for messages.

    Raises
    ------
    RecipeError
        With every mistake of the text on a line of its own, five at most.
    """
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"this is not valid TOML: {error}.", where=where) from error
    return recipe_from_dict(raw, where=where)


def recipe_from_dict(raw: Mapping[str, Any], *, where: str = "recipe") -> Recipe:
    """Return the recipe in a plain mapping of the form of the TOML file.

    Raises
    ------
    RecipeError
        As `parse_recipe`.
    """
    if raw.get("schema") != SCHEMA:
        found = f"the schema is {raw['schema']!r}" if "schema" in raw else "there is no schema"
        raise RecipeError(
            f"{found}.",
            hint=f'Write schema = "{SCHEMA}" at the top of a recipe.',
            where=where,
        )
    raw, problems = fill_from_library(raw)
    gathered, more = _gather(dict(raw), Recipe, "", {})
    problems += more
    try:
        recipe = Recipe.model_validate(gathered)
    except ValidationError as error:
        problems += [_in_words(detail, raw) for detail in _real(error.errors())]
    if problems:
        raise RecipeError(_listed(problems), where=where)
    try:
        check_recipe(recipe)
        if recipe.is_together:
            check_recipe(check_together(recipe))
    except ModelError as error:
        raise RecipeError(error.message, hint=error.hint, where=error.where).at(where) from error
    return recipe


def recipe_to_dict(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as the plain mapping that its TOML file holds."""
    plain = recipe.model_dump(by_alias=True, exclude_defaults=True)
    plain = {"schema": SCHEMA, "title": recipe.title} | plain
    plain["region"] = [_scattered_region(region) for region in recipe.region]
    return plain if recipe.title else {k: v for k, v in plain.items() if k != "title"}


# ---------------------------------------------------------------------------------
# Unknown keys, and gathering parameters and options


def _gather(
    raw: dict[str, Any], kind: type[RecipeTable], place: str, context: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return a table with its inner tables and parameters gathered, and its unknown keys."""
    fields = _field_names(kind)
    gathered: dict[str, Any] = {}
    problems: list[str] = []
    rows = _row_names(kind, raw, context)
    for key, value in raw.items():
        if key in fields:
            inner, more = _gather_inner(key, value, kind, place, raw)
            gathered[key] = inner
            problems += more
        elif key in rows:
            if rows[key] == "parameters" and isinstance(value, dict):
                value, more = _gather(value, ParameterEntry, _joined(place, key), {})
                problems += more
            gathered.setdefault(rows[key], {})[key] = value
        elif not _row_is_unknown(kind, raw):
            problems.append(_unknown(key, [*fields, *rows], place))
    return gathered, problems


def _gather_inner(
    key: str, value: Any, kind: type[RecipeTable], place: str, parent: Mapping[str, Any]
) -> tuple[Any, list[str]]:
    inner = _INNER.get(kind, {}).get(key)
    if inner is BackgroundEntry and isinstance(value, str):
        value = {"type": value}
    if inner is None:
        return value, []
    if isinstance(value, dict):
        return _gather(value, inner, _joined(place, key), parent)
    if not isinstance(value, list):
        return value, []
    gathered: list[Any] = []
    problems: list[str] = []
    for number, item in enumerate(value, start=1):
        if isinstance(item, dict):
            item, more = _gather(item, inner, _joined(place, _numbered(key, number, item)), parent)
            problems += more
        gathered.append(item)
    return gathered, problems


def _field_names(kind: type[RecipeTable]) -> list[str]:
    names = [field.alias or name for name, field in kind.model_fields.items()]
    return [name for name in names if name not in _GATHERED]


def _row_names(kind: type[RecipeTable], raw: Mapping[str, Any], context: Any) -> dict[str, str]:
    """Return the further keys of a table, each with the field it is gathered under."""
    if kind is ComponentEntry:
        return dict.fromkeys(_component_names(raw, context), "parameters")
    if kind is BackgroundEntry:
        return _background_names(raw)
    return {}


def _component_names(raw: Mapping[str, Any], region: Mapping[str, Any]) -> list[str]:
    shape = known_shape(_text(raw.get("lineshape", "voigt")))
    background = region.get("background")
    kind = _text(background.get("type")) if isinstance(background, dict) else _text(background)
    steps = BACKGROUNDS[kind].component_parameters if kind in BACKGROUNDS else ()
    return [spec.name for spec in (*(shape.parameters if shape else ()), *steps)]


def _background_names(raw: Mapping[str, Any]) -> dict[str, str]:
    """Return the option and parameter names of a background.

    A Tougaard b, c or d is a setting of the static background and a parameter of the
    active one.
    """
    kind = BACKGROUNDS.get(_text(raw.get("type")))
    if kind is None:
        return {}
    mode = raw.get("mode", kind.modes[0])
    names = {option.name: "options" for option in kind.options if mode in option.modes}
    if mode != "active":
        return names
    numbers = {k: v for k, v in raw.items() if names.get(k) and isinstance(v, int)}
    limited = {k: v for k, v in numbers.items() if k == "degree" and -1 <= v <= 12}
    return names | {spec.name: "parameters" for spec in kind.parameters(limited)}


def _row_is_unknown(kind: type[RecipeTable], raw: Mapping[str, Any]) -> bool:
    """Return whether the row a table names does not exist: then its keys cannot be judged."""
    if kind is ComponentEntry:
        return known_shape(_text(raw.get("lineshape", "voigt"))) is None
    return kind is BackgroundEntry and _text(raw.get("type")) not in BACKGROUNDS


def _unknown(key: str, allowed: Iterable[str], place: str) -> str:
    hint = did_you_mean(key, dict.fromkeys(allowed))
    return f'{place}{": " if place else ""}unknown key "{key}". {hint}'


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _joined(place: str, part: str) -> str:
    return f"{place}, {part}" if place else part


def _numbered(key: str, number: int, item: Any) -> str:
    name = item.get("label") or item.get("name") or item.get("id") if isinstance(item, dict) else ""
    return f'{key} {number} "{name}"' if isinstance(name, str) and name else f"{key} {number}"


# ---------------------------------------------------------------------------------
# pydantic's findings in words


def _real(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Return the findings without "too short" for a list whose entries are what is wrong."""
    places = [detail["loc"] for detail in details]
    # A value that may be a text or a list fails as both: once is enough.
    first = {
        _without_branch(place): detail
        for detail, place in zip(details[::-1], places[::-1], strict=True)
    }
    return [
        detail
        for detail in details
        if first[_without_branch(detail["loc"])] is detail
        if detail["type"] != "too_short"
        or not any(p != detail["loc"] and p[: len(detail["loc"])] == detail["loc"] for p in places)
    ]


def _in_words(detail: ErrorDetails, raw: Any) -> str:
    place, key = _place_of(detail["loc"], raw)
    kind, found = detail["type"], detail["input"]
    context = detail.get("ctx", {})
    if kind == "missing":
        return f'{place}{": " if place else ""}"{key}" is missing.'
    if kind == "extra_forbidden":
        return _unknown(key, (), place)
    words = {
        "float_type": "must be a number",
        "int_type": "must be a whole number",
        "bool_type": "must be true or false",
        "string_type": "must be a text",
        "finite_number": "must be a finite number",
        "literal_error": f"must be {context.get('expected')}",
        "too_long": f"must have at most {context.get('max_length')} entries",
        "too_short": f"must have at least {context.get('min_length')} entry",
        "tuple_type": "must be a list",
        "model_type": "must be a table",
        "dict_type": "must be a table",
        "string_pattern_mismatch": "must be a name without outer spaces and line breaks",
        "string_too_short": "must not be empty",
    }.get(kind)
    if kind == "value_error":
        where = ", ".join(part for part in (place, f'"{key}"' if key else "") if part)
        return f"{where}{': ' if where else ''}{_sentence(str(context['error']))}"
    message = words or detail["msg"].lower().replace("input should be", "must be")
    shown = "" if kind in ("too_short", "too_long") else f", found {_shown(found)}"
    return f'{place}{": " if place else ""}"{key}" {message}{shown}.'


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _place_of(loc: tuple[int | str, ...], raw: Any) -> tuple[str, str]:
    """Return the table in words and the key of a pydantic location."""
    parts: list[str] = []
    here: Any = raw
    for step in loc:
        if isinstance(step, int):
            here = here[step] if isinstance(here, list) and step < len(here) else None
            if parts and isinstance(here, dict):
                parts[-1] = _numbered(parts[-1], step + 1, here)
            elif parts:
                parts[-1] = f"{parts[-1]}[{step + 1}]"
        elif step not in _GATHERED and not _is_union_branch(step):
            here = here.get(step) if isinstance(here, dict) else None
            parts.append(step)
    if parts and isinstance(here, dict) and " " in parts[-1]:
        return ", ".join(parts), ""
    return ", ".join(parts[:-1]), parts[-1] if parts else ""


def _without_branch(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    return tuple(step for step in loc if isinstance(step, int) or not _is_union_branch(step))


def _is_union_branch(step: str) -> bool:
    return "[" in step or step in ("float", "constrained-str")


def _listed(problems: list[str]) -> str:
    unique = list(dict.fromkeys(problems))
    if len(unique) <= MAX_PROBLEMS:
        return "\n".join(unique)
    more = len(unique) - MAX_PROBLEMS + 1
    return "\n".join([*unique[: MAX_PROBLEMS - 1], f"... and {more} more mistakes."])


# ---------------------------------------------------------------------------------
# Writing


def _scattered_region(region: RegionEntry) -> dict[str, Any]:
    """Return a region as the file holds it: parameters beside the other keys."""
    plain = region.model_dump(exclude_none=True, exclude_defaults=True)
    plain |= {"name": region.name, "window": list(region.window)}
    plain["background"] = _scattered(region.background, ("type",))
    if region.shift is not None:
        plain["shift"] = _parameter_value(region.shift)
    if region.component:
        plain["component"] = [
            _scattered(entry, _component_keys(entry)) for entry in region.component
        ]
    return plain


def _component_keys(entry: ComponentEntry) -> tuple[str, ...]:
    """Return the keys that are always written: all that a library entry would fill."""
    return ("use", "label", "species", "lineshape") if entry.use else ("label",)


def _scattered(entry: BackgroundEntry | ComponentEntry, first: tuple[str, ...]) -> dict[str, Any]:
    plain = entry.model_dump(exclude_defaults=True)
    gathered = {"parameters", "options"}
    result = {key: getattr(entry, key) for key in first}
    result |= {key: value for key, value in plain.items() if key not in gathered}
    result |= getattr(entry, "options", {})
    result |= {name: _parameter_value(value) for name, value in entry.parameters.items()}
    if isinstance(entry, ComponentEntry) and entry.unlock:
        result["unlock"] = [
            unlock.model_dump(exclude_none=True, exclude_defaults=True) for unlock in entry.unlock
        ]
    return result


def _parameter_value(entry: ParameterEntry) -> float | dict[str, Any]:
    plain = entry.model_dump(exclude_none=True, exclude_defaults=True)
    return plain["value"] if set(plain) == {"value"} else plain


def dump_recipe(recipe: Recipe) -> str:
    """Return a recipe as TOML text; reading it gives an equal recipe."""
    import tomlkit

    document = tomlkit.document()
    plain = recipe_to_dict(recipe)
    for key, value in plain.items():
        if isinstance(value, (str, bool)):
            document.add(key, tomlkit.item(value))
    for key, value in plain.items():
        if isinstance(value, dict):
            document.add(key, _toml_table(value))
        elif isinstance(value, (list, tuple)):
            document.add(key, _toml_tables(value))
    return tomlkit.dumps(document)


def _toml_tables(items: Iterable[Mapping[str, Any]]) -> Any:
    import tomlkit

    tables = tomlkit.aot()
    for item in items:
        tables.append(_toml_table(item))
    return tables


def _toml_table(values: Mapping[str, Any]) -> Any:
    import tomlkit

    table = tomlkit.table()
    for key, value in values.items():
        if key != "component":
            table.add(key, _toml_value(value))
    if values.get("component"):
        table.add("component", _toml_tables(values["component"]))
    return table


def _toml_value(value: Any) -> Any:
    import tomlkit

    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        for key, item in value.items():
            inline.add(key, _toml_value(item))
        return inline
    if isinstance(value, (list, tuple)):
        array = tomlkit.array()
        for item in value:
            array.append(_toml_value(item))
        return array
    return tomlkit.item(value)


# ---------------------------------------------------------------------------------
# JSON Schema


def recipe_schema() -> dict[str, Any]:
    """Return the JSON Schema of a recipe file (TOML read as JSON)."""
    schema = Recipe.model_json_schema(by_alias=True)
    schema["title"] = f"Doublet recipe, {SCHEMA}"
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    definitions = schema["$defs"]
    parameter = {"anyOf": [{"type": "number"}, {"$ref": "#/$defs/ParameterEntry"}]}
    _describe_components(definitions["ComponentEntry"], parameter)
    definitions["ComponentEntry"]["required"].remove("label")  # a library entry brings one
    definitions["ComponentEntry"]["anyOf"] = [{"required": ["label"]}, {"required": ["use"]}]
    _describe_backgrounds(definitions["BackgroundEntry"], parameter)
    region = definitions["RegionEntry"]["properties"]
    region["shift"] = parameter | {"description": region["shift"]["description"]}
    ratio = definitions["RatioEntry"]["properties"]
    for side in ("numerator", "denominator"):
        ratio[side] = {"anyOf": [{"type": "string"}, ratio[side]]}
    return schema


def _describe_components(schema: dict[str, Any], parameter: dict[str, Any]) -> None:
    """Put every line shape's parameters into the component's table."""
    fields = schema["properties"]
    del fields["parameters"]
    own = list(fields)
    steps = {s.name: s for kind in BACKGROUNDS.values() for s in kind.component_parameters}
    texts: dict[str, list[str]] = {}
    rules = []
    for shape in LINESHAPES.values():
        names = [spec.name for spec in shape.parameters]
        for spec in shape.parameters:
            texts.setdefault(spec.name, []).append(f"{shape.name}: {spec.description}")
        rules.append(_rule("lineshape", shape.name, [*own, *names, *steps]))
    for name, spec in steps.items():
        texts[name] = [f"with a step for each component: {spec.description}"]
    for name, lines in texts.items():
        fields[name] = parameter | {"description": " ".join(lines)}
    fields["lineshape"] |= {"anyOf": [{"enum": list(LINESHAPES)}, {"pattern": f"^{PREFIX}"}]}
    schema["allOf"] = rules


def _describe_backgrounds(schema: dict[str, Any], parameter: dict[str, Any]) -> None:
    """Put every background's options and parameters into the background's table."""
    fields = schema["properties"]
    for name in _GATHERED:
        del fields[name]
    own = list(fields)
    rules = []
    for kind in BACKGROUNDS.values():
        names: list[str] = []
        degrees = [o.max for o in kind.options if o.name == "degree"]
        for spec in kind.parameters({"degree": int(max(degrees, default=0))}):
            fields[spec.name] = parameter | {"description": spec.description}
            names.append(spec.name)
        for option in kind.options:
            fields.setdefault(option.name, {"description": option.description})
            names.append(option.name)
        rules.append(_rule("type", kind.name, [*own, *names]))
    fields["type"] |= {"enum": list(BACKGROUNDS)}
    schema["allOf"] = rules


def _rule(key: str, row: str, names: list[str]) -> dict[str, Any]:
    return {
        "if": {"properties": {key: {"const": row}}, "required": [key]},
        "then": {"propertyNames": {"enum": names}},
    }
