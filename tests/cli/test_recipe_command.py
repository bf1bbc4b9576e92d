"""`doublet recipe`: a recipe from a CasaXPS fit, and the schema of recipes."""

from __future__ import annotations

import json

import pytest

from spectra_core.recipe import load_recipe


@pytest.fixture
def casaxps_file(data_dir):
    return data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"


def test_the_schema_is_json_and_knows_the_tables(doublet):
    outcome = doublet("recipe", "--schema")
    schema = json.loads(outcome.out)
    assert outcome.code == 0
    assert {"region", "ratio", "link", "simulate"} <= set(schema["properties"])


def test_a_casaxps_fit_becomes_a_recipe_with_its_doublet(doublet, casaxps_file, tmp_path):
    path = tmp_path / "s2p.toml"
    outcome = doublet(
        "recipe", casaxps_file, "--from", "casaxps", "--select", "RW_Tha_MoS2 S 2p", "-o", path
    )
    assert outcome.code == 0 and outcome.out == ""
    component = load_recipe(path).region[0].component[0]
    # as the block comment has it: split by 1.16 eV, 2:1
    assert (component.splitting, component.ratio) == (1.16, 0.5)


def test_several_fits_ask_for_one(doublet, clear, casaxps_file):
    outcome = doublet("recipe", casaxps_file, "--from", "casaxps", "--select", "S 2p")
    clear(outcome, words="3 spectra")
    assert "--select" in outcome.err


def test_a_file_without_a_casaxps_fit_is_named(doublet, clear, vamas_file):
    clear(doublet("recipe", vamas_file, "--from", "casaxps"), words="no")


@pytest.mark.parametrize("arguments", [(), ("x.vms",)])
def test_what_is_missing_is_said(doublet, clear, arguments):
    clear(doublet("recipe", *arguments), words="--")
