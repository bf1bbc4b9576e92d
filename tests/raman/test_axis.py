"""A Raman axis set right by standards: synthetic spectra of scipy's Voigts, and real files.

Synthetic lines stand at the published shifts, on an axis that was bent on purpose.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import voigt_profile

import spectra_core as sc
from spectra_core.errors import DataError
from spectra_core.raman import calibrate_axis
from spectra_core.spectrum import (
    Axis,
    Calibration,
    Meta,
    Spectrum,
    calibrate,
    make_spectrum,
    replace_fields,
)

# ASTM E1840, with relative intensities: cyclohexane and polystyrene, without blends.
POLYSTYRENE = {620.9: 16, 795.8: 10, 1001.4: 100, 1031.8: 27, 1155.3: 13, 2904.5: 13, 3054.3: 32}
CYCLOHEXANE = {384.1: 10, 801.3: 95, 1028.3: 40, 1266.4: 35, 1444.4: 30, 2852.9: 100, 2938.3: 80}
# Neon in air, nm (NIST), where a laser of 532 nm has them.
NEON = {540.05616: 60, 585.24878: 100, 594.4834: 40, 607.43376: 40, 614.30627: 50, 640.2248: 80}
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
TRUE = (-1.8, 2.4e-3, -4.0e-7)  # known minus recorded: constant, times x, times x^2


def recorded(shift: np.ndarray) -> np.ndarray:
    """Return where a shift is recorded on the bent axis."""
    x = np.array(shift, dtype=float)
    for _ in range(50):
        x = shift - (TRUE[0] + TRUE[1] * x + TRUE[2] * x**2)
    return x


def measured(lines: dict[float, float], seed: int, *, step: float = 1.0) -> Spectrum:
    rng, x = np.random.default_rng(seed), np.arange(150.0, 3300.0, step)
    y = 300.0 + 0.05 * x
    for shift, height in lines.items():
        y = y + 60 * height * voigt_profile(x - float(recorded(np.array(shift))), 1.5, 2.0) / 0.13
    meta = Meta(sample="synthetic", laser_nm=532.0)
    counts = rng.poisson(y).astype(float)
    return make_spectrum(x, counts, Axis.RAMAN_SHIFT, y_unit="counts", meta=meta)


def neon(laser: float, seed: int) -> Spectrum:
    lines = {(1e7 / laser - 1e7 / wave) / 1.00027: height for wave, height in NEON.items()}
    return measured(lines, seed)


def test_a_bent_axis_is_straightened_within_its_uncertainty():
    """Published lines are right to some tenths; here they are exact, so the axis must be."""
    seen = []
    for seed in range(6):
        spectra = {
            "polystyrene": measured(POLYSTYRENE, seed),
            "cyclohexane": measured(CYCLOHEXANE, seed + 50),
        }
        found = calibrate_axis(spectra, degree=2)
        x = np.linspace(400.0, 3050.0, 12)
        right = TRUE[0] + TRUE[1] * x + TRUE[2] * x**2
        off = found.calibration.added(x) - right
        seen.append(np.abs(off) / found.uncertainty_at(x))
        assert np.abs(off).max() < 0.4
        sample = calibrate(measured(POLYSTYRENE, seed + 9), found.calibration)
        top = sample.x[np.argmax(sample.y)]
        assert top == pytest.approx(1001.4, abs=0.6)  # half a step
    assert np.mean(np.array(seen) < 2.0) > 0.9


def test_one_line_gives_an_offset_and_says_so():
    found = calibrate_axis({"silicon": measured({520.5: 100}, 1)})
    assert found.degree == 0
    assert found.calibration.shift == pytest.approx(TRUE[0] + TRUE[1] * 520.5, abs=0.25)
    assert "further away the axis may be off by more" in found.message
    assert not found.calibration.is_stretched


@pytest.mark.parametrize("laser", [531.97, 532.02])
def test_a_lamp_beside_a_standard_finds_the_laser(laser):
    """A laser of another wavelength than stated moves all lamp lines, not those of a sample."""
    both = {"neon": neon(laser, 3), "polystyrene": measured(POLYSTYRENE, 4)}
    found = calibrate_axis(both, degree=2)
    stated = 1e7 / 532.0 - 1e7 / laser
    assert found.laser_offset == pytest.approx(-stated / 1.00027, abs=0.5)
    x = np.array([800.0, 2000.0])
    right = TRUE[0] + TRUE[1] * x + TRUE[2] * x**2
    assert found.calibration.added(x) == pytest.approx(right, abs=0.4)
    alone = calibrate_axis({"neon": both["neon"]})
    assert "Lamp lines alone" in alone.message


def test_a_false_line_is_left_out_and_counted():
    lines = dict(CYCLOHEXANE)
    lines[1268.9 + 2.5] = lines.pop(1266.4)  # 5 cm-1 off: another substance's line
    found = calibrate_axis({"cyclohexane": measured(lines, 2)}, degree=2)
    (bad,) = [line for line in found.lines if not line.used]
    assert bad.expected == 1266.4
    assert "left out" in found.message


@pytest.mark.parametrize(
    ("spectra", "words"),
    [
        ({}, "no standard was given"),
        ({"silicium": measured({520.5: 100}, 1)}, "silicon"),
        ({"silicon": measured({}, 1)}, "no line of silicon"),
        ({"neon": replace_fields(neon(532.0, 1), meta=Meta())}, "wavelength of the laser"),
    ],
    ids=["none", "unknown", "nothing there", "no laser"],
)
def test_what_cannot_calibrate_says_why(spectra, words):
    with pytest.raises(DataError) as caught:
        calibrate_axis(spectra)
    assert words in str(caught.value)


def test_an_axis_is_not_folded():
    spectrum = measured({520.5: 100}, 1)
    with pytest.raises(DataError, match="folds"):
        calibrate(spectrum, Calibration(bend=-1e-3))


def test_the_calibration_is_taken_back_and_survives_a_project(tmp_path):
    spectrum = measured(POLYSTYRENE, 5)
    bent = calibrate(spectrum, Calibration(-1.0, "polystyrene", scale=1e-3, bend=-1e-7))
    sc.write(tmp_path / "bent.csv", [bent])
    (back,) = sc.read(tmp_path / "bent.csv")
    assert back.calibration == bent.calibration
    assert np.array_equal(back.x, bent.x)
    assert np.array_equal(calibrate(back, Calibration()).x, spectrum.x)


def two_columns(name: str) -> Spectrum:
    path = DATA / name
    if not path.exists():
        pytest.skip("the shared data are not here")
    x, y = np.genfromtxt(path, comments="#", usecols=(0, 1), encoding="latin1").T
    good = np.isfinite(x + y)
    meta = Meta(sample=path.name, laser_nm=785.0)
    return make_spectrum(x[good], y[good], Axis.RAMAN_SHIFT, y_unit="arbitrary", meta=meta)


@pytest.mark.parametrize(
    ("material", "name", "line"),
    [
        ("silicon", "ramanchada2/Sil10_iR785_OP01_6000msx4.txt", 520.5),
        ("silicon", "raman-fitting-carbon/Si_spectrum01.txt", 520.5),
        ("silicon", "spectrochempy-labspec/532nm-191216-Si_200mu.txt", 520.5),
        ("calcite", "ramanchada2/sCAL10_iR785_OP01_4000msx4.txt", 1085.9),
        ("polystyrene", "ramanchada2/PST10_iR785_OP01_40000msx4.txt", 1001.4),
    ],
)
def test_real_standards_have_their_line_after_calibration(material, name, line):
    found = calibrate_axis({material: two_columns(name)})
    seen = {one.expected: one.expected - one.residual for one in found.lines if one.used}
    nearest = min(seen, key=lambda expected: abs(expected - line))
    assert nearest == pytest.approx(line, abs=0.1)
    assert seen[nearest] == pytest.approx(line, abs=0.25)


def test_a_real_neon_lamp_has_its_lines_after_calibration():
    found = calibrate_axis({"neon": two_columns("ramanchada2/NeonSNQ043_iR785_OP01.txt")})
    left = np.abs([line.residual for line in found.lines if line.used])
    assert left.size >= 20
    assert found.residual < 1.0
    assert np.mean(left < 1.0) >= 0.85
