"""The peak library: what the paper printed stands there, and what is derived says from what."""

from __future__ import annotations

import dataclasses
import tomllib
from decimal import Decimal

import pytest

from spectra_core.core_levels import core_level
from spectra_core.errors import DataError, ModelError
from spectra_core.library import FOLDER_VARIABLE, load_library, shipped_folder
from spectra_core.library.components import add_entry, component_fields, components
from spectra_core.library.records import UNCONFIRMED
from spectra_core.model import Background, Parameter, Region

# Su et al., doi:10.1002/adfm.202509820: every printed pair, row by row: level, 2p3/2, 2p1/2,
# and their distance.
PRINTED = [
    (1, "Li 1s", "55.0", "", ""),
    (2, "S 2p", "166.1", "167.6", "1.5"),
    (3, "S 2p", "166.7", "168.0", "1.3"),
    (4, "P 2p", "133.3", "134.3", "1.0"),
    (5, "S 2p", "167.7", "169.0", "1.3"),
    (6, "S 2p", "164.8", "165.9", "1.1"),
    (7, "Li 1s", "55.3", "", ""),
    (8, "P 2p", "133.0", "134.0", "1.0"),
    (9, "S 2p", "161.3", "162.5", "1.2"),
    (10, "P 2p", "131.6", "132.5", "0.9"),
    (11, "S 2p", "160.0", "161.1", "1.1"),
    (12, "P 2p", "131.7", "132.6", "0.9"),
    (15, "S 2p", "161.7", "162.8", "1.1"),
    (16, "S 2p", "161.7", "162.8", "1.1"),
    (17, "S 2p", "160.3", "161.4", "1.1"),
    (18, "P 2p", "129.4", "130.6", "1.2"),
    (19, "P 2p", "129.5", "130.6", "1.1"),
    (21, "S 2p", "160.7", "162.0", "1.3"),
    (22, "S 2p", "162.9", "164.0", "1.1"),
]
WITHOUT_A_NUMBER = (13, 14, 20, 23, 24, 25, 26, 27, 28)
TABLE_1 = {
    "bare-charged": "1.11",
    "bare-discharged": "0.97",
    "coated-charged": "1.56",
    "coated-discharged": "0.56",
}

# Medians of primary sources, with the number of values and the status that follows.
CONSENSUS = [
    ("xps/ps4/s2p", 161.4, 5, "A"),
    ("xps/ps4/p2p", 131.8, 3, "B"),
    ("xps/li2s/s2p", 160.0, 5, "A"),
    ("xps/bridging/s2p", 163.0, 3, "B"),
    ("xps/s0/s2p", 163.6, 3, "B"),
    ("xps/s8/s2p", 164.1, 12, "A"),
    ("xps/sulfite/s2p", 166.6, 7, "A"),
    ("xps/thiosulfate-so3/s2p", 167.7, 4, "A"),
    ("xps/sulfate/s2p", 169.5, 3, "B"),
    ("xps/p2sx/p2p", 132.6, 2, "B"),
    ("xps/psxoy/p2p", 133.9, 3, "B"),
    ("xps/phosphate/p2p", 133.4, 2, "B"),
    ("xps/p0/p2p", 130.0, 14, "A"),
    ("xps/licl/cl2p", 198.7, 2, "B"),
    ("xps/licl/li1s", 56.1, 4, "A"),
    ("xps/li2co3/li1s", 55.2, 5, "A"),
    ("xps/li2co3/o1s", 531.5, 3, "B"),
    ("xps/li2co3/c1s", 289.8, 4, "A"),
    ("xps/lif/f1s", 685.1, 1, "C"),
    ("raman/ps4/a1", 427.0, 3, "A"),
]


@pytest.fixture(scope="module")
def library():
    """Return the shipped library alone."""
    return load_library([shipped_folder()])


# ---------------------------------------------------------------------------------
# Observations


@pytest.mark.parametrize(("row", "level", "low", "high", "splitting"), PRINTED)
def test_a_row_of_the_paper_stands_as_printed(library, row, level, low, high, splitting):
    observation = library.all_observations[f"su2025/r{row}"]
    assert (observation.level, observation.value, observation.partner) == (level, low, high)
    assert observation.implied_splitting == splitting
    assert observation.printed_step == pytest.approx(0.1)
    assert observation.charge_reference.value == "284.8"
    assert library.sources[observation.source].doi == "10.1002/adfm.202509820"


def test_all_28_rows_of_the_paper_are_there_and_say_why_a_number_is_missing(library):
    rows = {o.id: o for o in library.observations(source="su2025")}
    assert {f"su2025/r{n}" for n in range(1, 29)} <= rows.keys()
    assert len(PRINTED) + len(WITHOUT_A_NUMBER) == 28
    for number in WITHOUT_A_NUMBER:
        observation = rows[f"su2025/r{number}"]
        assert observation.values == ()
        assert observation.no_number


@pytest.mark.parametrize(("key", "ratio"), TABLE_1.items())
def test_table_1_stands_as_ratio_observations(library, key, ratio):
    observation = library.all_observations[f"su2025/t1-{key}"]
    assert (observation.value, observation.quantity) == (ratio, "area_ratio")


def test_the_raman_band_of_the_paper_is_there_for_both_samples(library):
    found = library.observations(source="su2025", level="raman")
    assert [o.value for o in found] == ["470", "470"]


def test_the_flags_of_row_18_name_all_three_contradictions(library):
    flags = library.all_observations["su2025/r18"].flags
    for flag in ("splitting_out_of_range", "separation_non_rigid", "same_position_as:su2025/r19"):
        assert flag in flags


def test_an_observation_cannot_be_changed(library):
    observation = library.all_observations["su2025/r18"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        observation.values = ("131.8",)
    with pytest.raises(TypeError):
        library.all_observations["su2025/r18"] = None


def test_a_value_on_another_carbon_scale_is_moved_and_its_digits_are_kept(library):
    observation = library.all_observations["lbpsi2025/ps4-s2p"]  # C 1s at 284.6
    assert observation.value == "161.5"
    assert observation.on_scale() == pytest.approx((161.7,))


def test_the_offsets_of_the_paper_show_that_its_si_samples_did_not_charge_rigidly(library):
    sulfur = {o.observation.id: o.offset for o in library.offsets("xps/li2s/s2p")}
    lithium = {o.observation.id: o.offset for o in library.offsets("xps/li2s/li1s")}
    assert sulfur["su2025/r2"] == pytest.approx(6.1)
    assert abs(lithium["su2025/r1"]) < 0.5


# ---------------------------------------------------------------------------------
# Consensus


@pytest.mark.parametrize(("entry_id", "center", "n", "status"), CONSENSUS)
def test_a_consensus_is_that_of_its_sources(library, entry_id, center, n, status):
    entry = library.entry(entry_id)
    assert (entry.center, entry.n, entry.status) == (center, n, status)


def test_the_source_paper_is_never_counted(library):
    for entry in library.entries.values():
        kept = {library.all_observations[k.observation].evidence for k in entry.kept}
        assert not kept & {"S", "D", "M"}, entry.id


def test_every_unconfirmed_value_says_so_wherever_it_is_shown(library):
    entries = [e for e in library.entries.values() if not e.is_confirmed]
    assert {"xps/li3p/p2p", "xps/psxoy/s2p", "xps/lattice-cl/cl2p", "xps/ps4/li1s"} <= {
        e.id for e in entries
    }
    for entry in entries:
        assert UNCONFIRMED in entry.position, entry.id
        assert UNCONFIRMED in component_fields(entry, library=library)["species"], entry.id
    for observation in library.all_observations.values():
        assert (UNCONFIRMED in observation.status) == (observation.evidence in ("D", "M"))


def test_every_level_that_the_mission_names_has_entries(library):
    levels = {entry.level for entry in library.entries.values()}
    assert {"S 2p", "P 2p", "Li 1s", "Cl 2p", "O 1s", "C 1s", "F 1s", "Raman"} <= levels


def test_an_unknown_entry_names_what_comes_near(library):
    with pytest.raises(ModelError, match="xps/ps4/s2p"):
        library.entry("xps/ps4/s2")


# ---------------------------------------------------------------------------------
# Separations, overlaps, sensitivity factors


def test_a_separation_changes_sign_with_its_order(library):
    assert library.separation("xps/ps4/s2p", "xps/ps4/p2p").value == pytest.approx(29.5)
    assert library.separation("xps/ps4/p2p", "xps/ps4/s2p").value == pytest.approx(-29.5)


def test_a_separation_that_no_paper_measured_is_not_made_up(library):
    with pytest.raises(ModelError, match="no separation"):
        library.separation("xps/ps4/s2p", "xps/licl/cl2p")


@pytest.mark.parametrize(
    ("level", "window", "what"),
    [
        ("S 2p", (167.0, 169.0), "Si 2s"),
        ("S 2p", (160.0, 165.0), "Bi 4f"),
        ("P 2p", (125.0, 127.0), "Ge 3p"),
        ("Li 1s", (53.0, 57.0), "Fe 3p"),
        ("Li 1s", (46.0, 75.0), "Mn 3p"),
        ("Li 1s", (46.0, 75.0), "Co 3p"),
        ("Li 1s", (46.0, 75.0), "Ni 3p"),
        ("Raman", (465.0, 475.0), "NCM Eg"),
    ],
)
def test_an_overlap_is_named_where_it_disturbs(library, level, window, what):
    assert any(what in overlap.what for overlap in library.overlaps(level, window))


def test_a_clean_window_has_no_overlap(library):
    assert library.overlaps("Cl 2p", (197.0, 200.0)) == ()


@pytest.mark.parametrize(
    ("level", "kind", "value"),
    [
        ("S 2p", "total", 1.677),
        ("S 2p3/2", "line", 1.11),
        ("P 2p", "total", 1.192),
        ("Cl 2p", "total", 2.285),  # one public table prints that of 2p3/2, 1.51, here
        ("Ni 2p", "total", 22.18),
        ("Li 1s", "total", 0.0568),
        ("Ti 2p1/2", "line", 2.69),
    ],
)
def test_a_sensitivity_factor_says_whether_it_is_of_the_level_or_of_a_line(
    library, level, kind, value
):
    factor = library.sensitivity("scofield-al-ka", level)
    assert (factor.kind, factor.value, factor.table) == (kind, value, "scofield-al-ka")


def test_two_tables_of_sensitivity_factors_are_never_mixed(library):
    with pytest.raises(ModelError, match="F 1s"):
        library.sensitivity("thermo-althermo1", "F 1s")


def test_certified_standards_are_there(library):
    values = {s.id: s.value for s in library.standards.values()}
    assert values["au4f"] == 83.96
    assert values["silicon-520.45"] == 520.45
    assert sum(s.material == "polystyrene" for s in library.standards.values()) == 11


def test_ni_lmm_lies_on_co_2p_in_the_auger_table_and_in_the_overlaps(library):
    assert any("Ni LMM" in o.what for o in library.overlaps("Co 2p"))
    assert library.auger_lines["ni-lmm"].binding_al_ka_ev == pytest.approx(642.5)


# ---------------------------------------------------------------------------------
# Search


def test_search_ranks_ps4_first_and_names_the_distance_and_the_conflicts(library):
    first, *others = library.search(161.6, level="S 2p")
    assert first.entry.id == "xps/ps4/s2p"
    assert first.distance == pytest.approx(0.2)
    assert first.within_tolerance
    kinds = {conflict.kind for conflict in first.conflicts}
    assert {"not separable", "second line", "overlap", "reported as"} <= kinds
    assert {"xps/mns/s2p", "xps/polysulfide-terminal/s2p"} <= {c.entry.id for c in others}
    assert [c.score for c in (first, *others)] == sorted(c.score for c in (first, *others))


def test_search_says_that_p2s5_of_the_paper_is_not_separable_from_ps4(library):
    first = library.search(131.7, level="P 2p")[0]
    assert first.entry.id == "xps/ps4/p2p"
    assert first.z < 1
    assert any("su2025/r12" in c.text and "P2S5" in c.text for c in first.conflicts)


def test_the_second_line_of_ps4_is_named_where_it_may_be_taken_for_a_species(library):
    second = 161.4 + core_level("S 2p").require_splitting()
    for candidate in library.search(second, level="S 2p"):
        if candidate.entry.id == "xps/bridging/s2p":
            texts = [c.text for c in candidate.conflicts if c.kind == "second line"]
            assert any("xps/ps4/s2p" in text for text in texts)
            return
    pytest.fail("bridging S is no candidate")


def test_oxidised_sulfur_on_silicon_is_told_of_the_plasmon(library):
    candidates = library.search(167.7, level="S 2p")
    assert candidates
    for candidate in candidates:
        assert any("Si 2s" in c.text for c in candidate.conflicts if c.kind == "overlap")


def test_470_of_the_raman_question_has_several_owners(library):
    found = {candidate.entry.id for candidate in library.search(470.0, level="Raman")}
    assert {"raman/ncm/eg", "raman/s8/473", "raman/polysulfide/s-s", "raman/sulfite/nu4"} <= found


def test_at_470_what_cells_hold_stands_before_what_needs_another_element(library):
    order = [candidate.entry.id for candidate in library.search(470.0, level="Raman")]
    cells = {"raman/ncm/eg", "raman/s8/473", "raman/polysulfide/s-s"}
    assert set(order[:3]) == cells
    assert order[0] == "raman/polysulfide/s-s"
    (sulfite,) = [c for c in library.search(470.0, level="Raman") if "sulfite" in c.entry.id]
    assert any(conflict.kind == "needs" for conflict in sulfite.conflicts)


def test_nothing_is_a_candidate_where_nothing_is_known(library):
    assert library.search(400.0, level="S 2p") == ()


def test_lines_of_other_elements_are_listed_near_a_position(library):
    assert {"Bi 4f5/2", "S 2p3/2"} <= {line.name for line in library.lines_near(162.0)}


# ---------------------------------------------------------------------------------
# Components


def test_an_entry_makes_a_doublet_with_its_bounds(library):
    region = add_entry(
        Region("S 2p", (157.0, 169.0), Background("linear")),
        library.entry("xps/ps4/s2p"),
        library=library,
    )
    (doublet,) = region.doublets
    center = region.component(doublet.major).parameters["center"]
    assert (center.value, center.min, center.max) == (161.4, 161.0, 161.8)
    assert doublet.splitting == core_level("S 2p").splitting_ev


def test_what_is_given_wins_over_the_entry(library):
    region = add_entry(
        Region("S 2p", (157.0, 169.0), Background("linear")),
        library.entry("xps/ps4/s2p"),
        library=library,
        center=Parameter(161.2, free=False),
    )
    assert region.components[0].parameters["center"] == Parameter(161.2, free=False)


def test_an_s_level_and_a_raman_band_are_single_components(library):
    for entry_id in ("xps/li2co3/c1s", "raman/ps4/a1"):
        assert len(components(library.entry(entry_id), library=library)) == 1
    assert len(components(library.entry("xps/ps4/p2p"), library=library)) == 2


def test_a_position_in_conflict_is_not_chosen_silently(library):
    with pytest.raises(ModelError, match=r"160\.8 or 162\.1"):
        components(library.entry("xps/li2s-compound/s2p"), library=library)


# ---------------------------------------------------------------------------------
# Folders


def write_observation(folder, observation_id: str):
    folder.mkdir(exist_ok=True)
    path = folder / "observations.toml"
    path.write_text(
        'schema = "doublet-library/1"\n[[observations]]\n'
        f'id = "{observation_id}"\nspecies = "PS4"\nlevel = "S 2p"\nsource = "du2022"\n'
        'where = "notebook 7"\nhow = "fit"\nevidence = "P"\nvalues = ["161.52"]\n'
    )
    return path


def test_a_folder_of_ones_own_adds(tmp_path, monkeypatch):
    write_observation(tmp_path, "mine/1")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    library = load_library()
    assert library.all_observations["mine/1"].value == "161.52"
    assert library.all_observations["mine/1"].printed_step == pytest.approx(0.01)
    assert "su2025/r18" in library.all_observations


def test_a_folder_of_ones_own_cannot_replace(tmp_path):
    path = write_observation(tmp_path, "su2025/r18")
    library = load_library([shipped_folder(), tmp_path])
    with pytest.raises(DataError, match="su2025/r18") as caught:
        library.all_observations["su2025/r18"]
    assert str(path) in str(caught.value)
    assert "su2025.toml" in str(caught.value)


def test_a_changed_file_is_read_again(tmp_path):
    write_observation(tmp_path, "mine/1")
    before = load_library([shipped_folder(), tmp_path])
    assert "mine/1" in before.all_observations
    write_observation(tmp_path, "mine/second")
    after = load_library([shipped_folder(), tmp_path])
    assert "mine/second" in after.all_observations
    assert after != before


def test_a_missing_folder_that_was_named_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=FOLDER_VARIABLE):
        load_library()


def test_a_file_of_an_unknown_kind_is_named(tmp_path):
    (tmp_path / "peaks.toml").write_text('schema = "doublet-library/1"\n')
    with pytest.raises(DataError, match=r"peaks\.toml"):
        load_library([shipped_folder(), tmp_path])


def test_a_second_loading_parses_nothing(monkeypatch):
    folder = [shipped_folder()]
    first = load_library(folder)

    def parse(*_):
        raise AssertionError("a file was parsed again")

    monkeypatch.setattr(tomllib, "loads", parse)
    monkeypatch.setattr(tomllib, "load", parse)
    assert load_library(folder) == first


def test_printed_values_are_exact_decimals(library):
    for observation in library.all_observations.values():
        for value in observation.values:
            assert str(Decimal(value)) == value, observation.id
