"""What the program writes satisfies the published schema, and the schema refuses what is wrong."""

from __future__ import annotations

import copy
import json

import pytest

from doublet.app.cli.main import main
from spectra_core.datafiles import data_path

jsonschema = pytest.importorskip("jsonschema", reason="the extra dev brings jsonschema")
SCHEMA = json.loads(data_path("resources", "results.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
EXAMPLES = data_path("resources", "examples")


def problems(document) -> list[str]:
    return [f"{list(e.absolute_path)}: {e.message[:200]}" for e in VALIDATOR.iter_errors(document)]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return what a joint fit with a preset, budgets and priors writes."""
    folder = tmp_path_factory.mktemp("out")
    file = EXAMPLES / "su2025_fig1_bare_0s.vms"
    arguments = ["fit", file, "--preset", "lpscl-cathode", "--quick", "-o", folder]
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments), "--formats", "json"])
    assert ended.value.code == 0
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_joint_fit_with_budgets_satisfies_the_schema(written):
    assert problems(written) == []
    assert len(written["fits"]) == 2 and written["ratios"] and written["fits"][0]["priors"]


def test_the_demo_satisfies_the_schema(tmp_path):
    with pytest.raises(SystemExit):
        main(["demo", "-o", str(tmp_path)])
    document = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert problems(document) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(schema="doublet-results/2"), "doublet-results/1"),
        (lambda d: d.pop("ratios"), "'ratios' is a required"),
        (lambda d: d["fits"][0].update(status="fine"), "'fine'"),
        (lambda d: d["fits"][0]["components"][0]["parameters"]["area"].pop("stderr"), "'stderr'"),
        (lambda d: d["fits"][0]["shift"].update(value="0.1"), "'0.1' is not of type"),
        (lambda d: d["inputs"][0].update(sha256="none"), "'none'"),
        (lambda d: d["fits"][0].update(window=[157.0]), "[157.0]"),
    ],
)
def test_what_is_wrong_is_refused(written, change, says):
    document = copy.deepcopy(written)
    change(document)
    assert any(says in problem for problem in problems(document))
