"""Atomic fractions: by hand, by brute force, against a vendor's own numbers."""

from __future__ import annotations

import numpy as np
import pytest

import spectra_core as sc
from spectra_core.errors import DataError, ModelError, ReadError
from spectra_core.quantify import LevelArea, LevelAreas, QuantifyEntry, atomic_fractions
from spectra_core.quantify.areas import areas_of_fit, line_window, window_area
from spectra_core.quantify.factors import load_factors
from spectra_core.quantify.lengths import imfp, material
from spectra_core.runs.quantify import quantify_spectra
from spectra_core.spectrum import Axis, Meta, make_spectrum

VENDOR = "level,RSF,CorrectedRSF\nO1s,0.733,16.502\nIn3d5,4.53,114.740\nSn3d5,4.89,124.327\n"
GIVEN = {"length": "none", "transmission": "none"}


def areas(values, names=("S 2p", "P 2p"), errors=None, correlation=0.0):
    errors = [0.02 * v for v in values] if errors is None else errors
    covariance = np.outer(errors, errors) * (
        correlation + (1.0 - correlation) * np.eye(len(values))
    )
    energies = {"S 2p": 162.0, "P 2p": 132.0, "Li 1s": 56.0, "In 3d5/2": 444.0, "Cl 2p": 198.0}
    members = tuple(
        LevelArea(name, value, energies[name], 1486.6 - energies[name], "r", 2.0)
        for name, value in zip(names, values, strict=True)
    )
    return LevelAreas(members, covariance)


def test_by_hand():
    """PS4: areas in the ratio 4 x 1.677 to 1.192 are four atoms to one."""
    found = atomic_fractions(areas([4 * 1.677, 1.192]), QuantifyEntry(**GIVEN))
    assert found["S"].value == pytest.approx(0.8)
    assert sum(f.value for f in found.fractions) == pytest.approx(1.0)
    assert found.ratio("S", "P")[0] == pytest.approx(4.0)
    assert found.ratio("S", "P")[1] == pytest.approx(4.0 * np.sqrt(2 * (0.02**2 + 0.05**2)))


def test_the_terms_are_applied_once():
    values = [4 * 1.677, 1.192]
    entry = QuantifyEntry(length="tpp2m:Li6PS5Cl", transmission="recorded")
    lengths = imfp(material("Li6PS5Cl"), [1324.6, 1354.6])
    expected = np.array([4.0, 1.0]) / (2.0 * lengths)
    found = atomic_fractions(areas(values), entry)
    assert found["S"].value == pytest.approx(expected[0] / expected.sum())
    exponent = atomic_fractions(areas(values), QuantifyEntry(length=0.75, transmission=-1.0))
    terms = np.array([1324.6, 1354.6]) ** -0.25
    assert exponent["S"].value == pytest.approx(4 / terms[0] / (4 / terms[0] + 1 / terms[1]))
    held = QuantifyEntry(
        factors={"S 2p": 1.677, "P 2p": 1.192},
        holds=("length", "transmission", "angle"),
        length=0.75,
        angle_deg=45.0,
    )
    assert atomic_fractions(areas(values), held)["S"].value == pytest.approx(0.8)


def test_a_factor_of_one_line_serves_a_whole_level_and_back():
    """3d5/2 has 6 of the 10 states of 3d."""
    line = QuantifyEntry(factors={"In 3d5": 6.0, "S 2p": 1.0}, **GIVEN)
    level = QuantifyEntry(factors={"In 3d": 10.0, "S 2p": 1.0}, **GIVEN)
    names = ("In 3d5/2", "S 2p")
    a = atomic_fractions(areas([6.0, 1.0], names), line)
    b = atomic_fractions(areas([6.0, 1.0], names), level)
    assert a["In"].value == pytest.approx(0.5)
    assert b["In"].value == pytest.approx(0.5)
    assert "In 3d5/2 6 (2j + 1 of In 3d 10)" in b.statement[2]


def test_the_angular_term_of_s_levels_against_others():
    """At 45 degrees an s line gives 0.75 of its mean, one of beta 1.2 gives 0.85."""
    entry = QuantifyEntry(factors={"Li 1s": 1.0, "S 2p": 1.0}, angle_deg=45.0, **GIVEN)
    found = atomic_fractions(areas([1.0, 1.0], ("Li 1s", "S 2p")), entry)
    assert found["Li"].value == pytest.approx((1 / 0.75) / (1 / 0.75 + 1.0))
    assert "none known for S 2p" in found.statement[5]


def test_the_budget_is_that_of_drawn_nuisances():
    """Brute force: areas, factors and exponents drawn from what is said of them."""
    measured = areas([40.0, 9.0, 3.0], ("S 2p", "P 2p", "Cl 2p"), [0.8, 0.4, 0.2], 0.3)
    entry = QuantifyEntry(relative=0.08)
    found = atomic_fractions(measured, entry)
    generator = np.random.default_rng(0)
    n = 40_000
    factors = np.array([1.677, 1.192, 2.285]) * (1 + 0.08 * generator.standard_normal((n, 3)))
    energies = np.array([1324.6, 1354.6, 1288.6])
    drawn = generator.multivariate_normal(measured.values, measured.covariance, n)
    length = 0.75 + 0.10 * generator.standard_normal((n, 1))
    transmission = 0.10 * generator.standard_normal((n, 1))
    atoms = drawn / (factors * 2.0 * (energies / 1300.0) ** (length + transmission))
    fractions = atoms / atoms.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        [f.stderr for f in found.fractions], fractions.std(axis=0), rtol=0.03
    )
    rows = [found["S"].budget[r] for r in ("counting", "sensitivity", "transmission", "length")]
    assert np.hypot.reduce(rows) == pytest.approx(found["S"].stderr)
    inside = (fractions > [f.interval[0] for f in found.fractions]) & (
        fractions < [f.interval[1] for f in found.fractions]
    )
    assert np.all(np.abs(inside.mean(axis=0) - 0.95) < 0.01)


def test_below_detection_there_is_a_limit():
    found = atomic_fractions(areas([10.0, 0.1], errors=[0.2, 0.1]), QuantifyEntry(**GIVEN))
    assert found["S"].upper_limit is None
    assert found["P"].upper_limit > found["P"].value
    assert found["P"].interval[0] == 0.0


def test_factors_without_uncertainty_are_said():
    entry = QuantifyEntry(factors={"S 2p": 1.0, "P 2p": 1.0}, **GIVEN)
    found = atomic_fractions(areas([1.0, 1.0]), entry)
    assert found["S"].budget["sensitivity"] is None
    assert "nobody says how uncertain" in found.notes[0]


@pytest.mark.parametrize(
    ("entry", "error", "words"),
    [
        (QuantifyEntry(table="scofeld-al-ka"), ModelError, "Did you mean"),
        (QuantifyEntry(factors={"S 2p": 1.0}), ModelError, "no factor for P 2p"),
        (QuantifyEntry(table="xraylib@800"), ModelError, "photons of 800 eV"),
        (QuantifyEntry(length="tpp2m:gold"), ModelError, 'no material "gold"'),
        (QuantifyEntry(length="short"), ModelError, '"short" is no choice for the length'),
        (QuantifyEntry(factors={"S 9z": 1.0}), ReadError, "not the name of a core level"),
    ],
)
def test_a_wrong_choice_is_said(entry, error, words):
    with pytest.raises(error, match=words):
        atomic_fractions(areas([1.0, 1.0]), entry)


def test_one_element_is_no_fraction():
    with pytest.raises(DataError, match="at least two elements"):
        atomic_fractions(areas([1.0], ("S 2p",)), QuantifyEntry())


# ---------------------------------------------------------------------------------
# Tables


def test_multipaks_columns_say_what_they_hold(tmp_path):
    path = tmp_path / "multipak.csv"
    path.write_text(VENDOR)
    rsf = load_factors(str(path), column="RSF")
    corrected = load_factors(str(path))
    assert rsf.holds == ("length",)
    assert corrected.holds == ("length", "transmission", "angle")
    assert [f.name for f in rsf.factors] == ["O 1s", "In 3d5/2", "Sn 3d5/2"]
    assert {f.per for f in rsf.factors} == {"level", "line"}


def test_a_users_table_in_toml_and_with_decimal_commas(tmp_path):
    toml = tmp_path / "own.toml"
    toml.write_text(
        'source = "our lab"\nholds = ["transmission"]\nphoton_energy = 1486.6\n'
        '[[factor]]\nlevel = "S 2p"\nvalue = 1.7\nrelative = 0.1\n'
    )
    table = load_factors(str(toml))
    assert table.holds == ("transmission",)
    assert (table.factors[0].value, table.factors[0].relative) == (1.7, 0.1)
    text = tmp_path / "own.csv"
    text.write_text("# holds: length\nlevel;factor\nS 2p;1,7\n")
    assert load_factors(str(text)).factors[0].value == 1.7
    assert load_factors(str(text)).holds == ("length",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("level,factor\nS 2p,-1\n", "not a number above 0"),
        ("level,factor\nS 2p,1\nS2p,2\n", "two factors for S 2p"),
        ("level,number\nS 2p,1\n", "no column of factors"),
        ("level,factor\n", "no rows of factors"),
        ("# holds: light\nlevel,factor\nS 2p,1\n", '"light" is nothing that a factor holds'),
    ],
)
def test_a_wrong_table_is_said(tmp_path, text, words):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(ReadError, match=words):
        load_factors(str(path))


# ---------------------------------------------------------------------------------
# Areas of windows


def synthetic(generator=None, area=3000.0, background=400.0, step=0.1):
    """S 2p with a step in proportion to the signal passed; area in counts eV."""
    x = np.arange(154.0, 172.0, step)
    line = np.zeros(x.size)
    for centre, share in ((161.5, 2 / 3), (162.68, 1 / 3)):
        line += share * np.exp(-4 * np.log(2) * ((x - centre) / 1.2) ** 2)
    line *= area / np.trapezoid(line, x)
    passed = np.cumsum(line) * step
    curve = background + line + 0.05 * passed
    counts = curve if generator is None else generator.poisson(curve).astype(float)
    meta = Meta("s", "S 2p", "XPS", "S", "2p", 1486.6, dwell_s=1.0, scans=1.0)
    return make_spectrum(x, counts, Axis.BINDING_ENERGY, counts=counts, meta=meta)


def test_the_area_over_a_shirley_step_is_that_of_the_lines():
    spectrum = synthetic()
    window = line_window("S 2p", [spectrum])
    assert window[0] < 158.6
    assert window[1] > 165.5
    area, _, centre = window_area(spectrum, window)
    assert area == pytest.approx(3000.0, rel=3e-3)
    assert centre == pytest.approx(161.5, abs=0.11)


def test_the_error_of_an_area_is_the_scatter_of_many():
    generator = np.random.default_rng(5)
    window = line_window("S 2p", [synthetic()])
    found = np.array([window_area(synthetic(generator), window)[:2] for _ in range(600)])
    assert np.sqrt(found[:, 1].mean()) == pytest.approx(found[:, 0].std(), rel=0.1)


def test_the_window_of_one_line_ends_before_the_other():
    x = np.arange(436.0, 460.0, 0.2)
    y = sum(h * np.exp(-2.77 * ((x - c) / 1.5) ** 2) for c, h in ((444.5, 3e4), (452.04, 2e4)))
    spectrum = make_spectrum(x, y + 1e3, Axis.BINDING_ENERGY, meta=Meta(region="In 3d"))
    low, high = line_window("In 3d5/2", [spectrum])
    assert 439 < low < 442
    assert 447 < high < 449.5
    assert line_window("In 3d", [spectrum])[1] > 454


def test_data_that_end_on_a_line_are_refused():
    spectrum = synthetic()
    cut = sc.crop(spectrum, (161.2, 172.0))
    with pytest.raises(DataError, match="end too near to S 2p"):
        line_window("S 2p", [cut])


# ---------------------------------------------------------------------------------
# Real data


def test_a_control_sample_is_as_its_instrument_quantified_it(data_dir, tmp_path):
    """The vendor's own program printed O 65.68, In 31.40, Sn 2.92 at%."""
    table = tmp_path / "multipak.csv"
    table.write_text(VENDOR)
    spectra = sc.read(data_dir / "qnngroup-ito-NOLICENCE" / "109.1.control.spe")
    (found,) = quantify_spectra(spectra, QuantifyEntry(str(table), "CorrectedRSF"))
    got = [100 * found[element].value for element in ("O", "In", "Sn")]
    np.testing.assert_allclose(got, [65.68, 31.40, 2.92], atol=0.25)


def test_a_profile_of_ito_has_the_composition_of_ito_below_the_surface(data_dir, tmp_path):
    table = tmp_path / "multipak.csv"
    table.write_text("level,CorrectedRSF\nC1s,36.76\nO1s,68.636\nIn3d5,480.452\nSn3d5,518.97\n")
    spectra = sc.read(data_dir / "qnngroup-ito-NOLICENCE" / "104.1.ITOSA3ci_1.pro")
    found = quantify_spectra(spectra, QuantifyEntry(str(table)))
    assert [one.coordinates["sputter_time"][0] for one in found] == [60.0 * k for k in range(12)]
    surface, bulk = found[0], found[4:]
    assert surface["C"].value > 0.25
    for level in bulk:
        assert 44 < 100 * level["In"].value < 49
        assert 2.5 < 100 * level["Sn"].value < 4
        assert 100 * level["C"].value < 4
    spread = np.std([100 * level["Sn"].value for level in found[8:]])
    assert spread < 0.15


# ---------------------------------------------------------------------------------
# Fitted areas


def test_areas_of_a_fit_add_up_components_with_their_covariance():
    generator = np.random.default_rng(2)
    spectrum = synthetic(generator, area=4000.0)
    region = sc.Region("S 2p", (158.0, 167.0), sc.Background("shirley"))
    for name, centre in (("a", 161.3), ("b", 161.9)):
        region = sc.add_doublet(region, name, "S 2p", center=centre)
    result = sc.fit(spectrum, region)
    found = areas_of_fit(result)
    assert [area.name for area in found.areas] == ["S 2p"]
    assert found.values[0] == pytest.approx(4000.0, rel=0.05)
    total = sum(result.value(f"S 2p/{n}/area") for n in ("a", "b"))
    assert found.values[0] == pytest.approx(total)
    expected = result.covariance_of(["S 2p/a/area", "S 2p/b/area"]).sum()
    assert found.covariance[0, 0] == pytest.approx(expected)
    assert found.areas[0].kinetic_ev == pytest.approx(1486.6 - 161.9, abs=0.6)
