"""Mean free paths against the table of the formula's own values and a printed NIST number."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from spectra_core.errors import DataError, ModelError
from spectra_core.quantify.lengths import (
    Material,
    attenuation_length,
    imfp,
    material,
    materials,
    molar_mass,
)


@pytest.fixture(scope="module")
def table(data_dir):
    path = data_dir.parent / "design" / "tables" / "tpp2m_test_values.csv"
    if not path.is_file():
        pytest.skip("needs ../shared/design, which is not part of the project")
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def test_tpp2m_reproduces_the_table_to_a_thousandth(table):
    for row in table:
        own = Material(
            row["material"],
            *(float(row[key]) for key in ("rho_g_cm3", "Nv", "M", "Eg_eV")),
        )
        columns = [key for key in row if key.startswith("imfp_nm_")]
        energies = [float(key[8:-2]) for key in columns]
        np.testing.assert_allclose(
            imfp(own, energies), [float(row[key]) for key in columns], rtol=2e-3, atol=6e-4
        )


def test_the_shipped_materials_agree_with_the_table(table):
    names = {"C graphite": "graphite", "C glassy": "glassy carbon", "SiO2 glass": "SiO2"}
    for row in table:
        shipped = material(names.get(row["material"], row["material"]))
        expected = float(row["imfp_nm_1201eV"])
        assert imfp(shipped, 1201.0) == pytest.approx(expected, rel=0.01), shipped.id


def test_a_printed_value_of_nist_srd_71():
    """Samarium at 50 eV, 4.79 Angstrom; the formula of 1994 differs by a few parts in 1000."""
    samarium = Material("Sm", 7.52, 9, 150.36, 0.0)
    assert imfp(samarium, 50.0) == pytest.approx(0.479, rel=0.005)


def test_every_material_says_what_it_rests_on():
    assert len(materials()) >= 20
    for own in materials().values():
        assert own.basis
        assert 0.5 < imfp(own, 1000.0) < 5.0


def test_molar_masses():
    assert molar_mass("Li6PS5Cl") == pytest.approx(268.4, abs=0.1)
    assert molar_mass("LiNi0.8Co0.1Mn0.1O2") == pytest.approx(97.28, abs=0.02)
    with pytest.raises(DataError, match="no formula"):
        molar_mass("Xx2")


def test_outside_its_range_and_unknown_names_are_said():
    with pytest.raises(DataError, match="not for a kinetic energy of 20 eV"):
        imfp(material("au"), [100.0, 20.0])
    with pytest.raises(ModelError, match=r"LiPS.*Did you mean"):
        material("LiPS4")
    with pytest.raises(DataError, match="none"):
        attenuation_length(3.0, 1.4)
    assert attenuation_length(3.0) == pytest.approx(2.7)
