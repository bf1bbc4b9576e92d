"""The reviewer's page needs nothing but itself, and what it switches adds up to the fit."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import numpy as np
import pytest

from spectra_core.datafiles import data_path
from spectra_core.report.review import render_review
from spectra_core.uncertainty.spread import Variant

NODE = shutil.which("node")


@pytest.fixture(scope="module")
def page(example_run):
    return render_review(example_run, title="A page", history=["Open", "Fit"])


def data_of(page):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1])


@pytest.fixture(scope="module")
def data(page):
    return data_of(page)


class Elements(HTMLParser):
    """Collects elements and attributes of a page as a browser reads them."""

    def __init__(self, page):
        super().__init__()
        self.seen = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def test_the_page_needs_no_other_file(page):
    elements = Elements(page).seen
    assert not [a for _, a in elements if {"src", "href", "action"} & set(a)]
    assert not [tag for tag, _ in elements if tag in ("link", "img", "iframe", "object", "base")]
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|import)\s*\(", page)


def test_the_browser_may_run_that_script_alone(page):
    (policy,) = [a["content"] for _, a in Elements(page).seen if "http-equiv" in a]
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'")
    assert f"script-src 'sha256-{digest}'" in policy and "script-src 'unsafe" not in policy


def test_curves_add_up_to_the_envelope_and_its_chi_square(data, example_run):
    (record,) = example_run.fits
    (fit,) = record.regions
    (region,) = data["samples"][0]["regions"]
    model = region["model"]
    total = np.array(model["background"])
    for component in model["components"]:
        total = total + np.array(component["y"])
    assert total == pytest.approx(fit.envelope, rel=1e-5)
    chi = (((np.array(region["y"]) - total) / np.array(region["sigma"])) ** 2).sum()
    assert chi == pytest.approx(fit.statistics.chi_square, rel=1e-4)


def test_numbers_are_those_of_the_results_file(data, document):
    told = data["samples"][0]["ratios"][0]["text"]
    value = float(told.split(" ± ")[0])
    assert value == pytest.approx(document["ratios"][0]["value"], rel=2e-3)


def test_history_recipe_remarks_and_what_is_synthetic_are_on_the_page(page, data, example_run):
    sample = data["samples"][0]
    assert data["history"] == ["Open", "Fit"]
    assert any("SHA-256" in step for step in sample["history"])
    assert any("Fitted from" in step for step in sample["history"])
    assert 'schema = "doublet-recipe/1"' in sample["recipe"]
    assert len(sample["remarks"]) == len(example_run.fits[0].warnings)
    assert "SYNTHETIC DATA" in page


def test_hostile_names_are_text(hostile_files):
    done, _ = hostile_files
    page = render_review(done, title="</title><script>alert(2)</script>", models=False)
    elements = Elements(page).seen
    assert [tag for tag, _ in elements].count("script") == 2
    assert not [a for _, a in elements if any(name.startswith("on") for name in a)]
    names = [sample["title"] for sample in data_of(page)["samples"]]
    assert "<script>alert(1)</script>" in names
    assert "<img" not in page


def test_other_models_are_drawn_with_curves_of_their_own(example_run):
    """A model that the data leave open is fitted once more, and differs from the drawn one."""
    (record,) = example_run.fits
    (ratio,) = record.ratios
    known = Variant("background", "background", "x", 1.0, 1.0, 1.0, True, weight=0.1, stderr=0.1)
    variants = (*ratio.variants, known)
    record = replace(record, ratios=(replace(ratio, variants=variants),))
    (sample,) = data_of(render_review(replace(example_run, fits=(record,))))["samples"]
    assert sample["models"], sample["why"]
    own = sample["regions"][0]["model"]["background"]
    assert any(m["regions"]["S 2p"]["background"] != own for m in sample["models"])
    few = data_of(render_review(example_run, models=False))["samples"][0]
    assert few["models"] == []


@pytest.mark.skipif(NODE is None, reason="node is not here to run the page's script")
def test_the_script_switches_components_as_the_page_says(data, tmp_path):
    (tmp_path / "data.json").write_text(json.dumps(data), encoding="utf-8")
    source = data_path("resources", "report", "review.js")
    (tmp_path / "review.js").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "ask.js").write_text(
        """
        const page = require("./review.js"), data = require("./data.json");
        const sample = data.samples[0], region = sample.regions[0], model = region.model;
        const all = new Set(model.components.map((c) => c.label));
        const one = new Set([...all].slice(1));
        const told = (on) => page.chiSquare(region, page.envelope(model, on));
        console.log(JSON.stringify({
          all: told(all), one: told(one), none: told(new Set()),
          residual: page.residuals(region, model, page.envelope(model, all)),
          unit: page.residuals({ ...region, sigma: null }, model, model.background),
          same: page.modelOf(sample, region, 0) === model,
          ticks: page.ticks(157, 169, 6),
        }));
        """,
        encoding="utf-8",
    )
    run = subprocess.run(
        [NODE, "ask.js"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    told = json.loads(run.stdout)
    (region,) = data["samples"][0]["regions"]
    y, sigma = np.array(region["y"]), np.array(region["sigma"])
    base = np.array(region["model"]["background"])
    curves = [np.array(c["y"]) for c in region["model"]["components"]]
    for name, on in (("all", curves), ("one", curves[1:]), ("none", [])):
        expected = (((y - base - sum(on)) / sigma) ** 2).sum()
        assert told[name] == pytest.approx(expected, rel=1e-9)
    assert told["residual"] == pytest.approx((y - base - sum(curves)) / sigma)
    assert max(told["unit"]) == pytest.approx(100.0)
    assert told["same"] and told["ticks"] == [158, 160, 162, 164, 166, 168]
