"""One species has one colour, wherever it is drawn."""

from __future__ import annotations

from spectra_core.model import Region, add_component, add_doublet, make_component
from spectra_core.results.colours import COLOURS, component_colours, lighter, species_colour

EMPTY = Region("S 2p", (158.0, 170.0))


def test_a_species_keeps_its_colour_whatever_stands_beside_it() -> None:
    alone = add_doublet(EMPTY, "PS4", "S 2p", species="PS4(3-)")
    beside = add_doublet(
        add_doublet(EMPTY, "SO4", "S 2p", species="sulfate"), "PS4", "S 2p", species="PS4(3-)"
    )
    phosphorus = add_doublet(Region("P 2p", (128.0, 138.0)), "PS4", "P 2p", species="PS4(3-)")
    assert component_colours(alone)["PS4"] == component_colours(beside)["PS4"]
    assert component_colours(alone)["PS4"] == component_colours(phosphorus)["PS4"]


def test_both_lines_of_a_doublet_have_one_colour() -> None:
    colours = component_colours(add_doublet(EMPTY, "PS4", "S 2p", species="PS4(3-)"))
    assert colours["PS4"] == colours["PS4 2p3/2"] == colours["PS4 2p1/2"]


def test_no_two_components_of_a_region_share_a_colour_while_there_are_enough() -> None:
    region = EMPTY
    for i in range(len(COLOURS)):
        region = add_component(region, make_component(f"PS4 {i}", species="PS4(3-)"))
    assert len(set(component_colours(region).values())) == len(COLOURS)


def test_any_name_has_a_colour_and_the_minor_line_is_paler() -> None:
    for name in ("", "something of mine", "硫", "PS4 2"):
        assert species_colour(name) in COLOURS
    assert species_colour("PS4 2") == species_colour("PS4")
    assert int(lighter("#0072B2")[1:3], 16) > 0


def test_a_species_has_one_colour_under_each_of_its_names_in_the_library() -> None:
    for names in (
        ("P2S5 / P4S10 P2S5", "P2S5 / P4S10, terminal and bridging S P2S5"),
        ("P2S6(4-), hypothiodiphosphate, symmetric P2S6 (P-P)", "P2S6 unit P2S6"),
        ("phosphate, Li3PO4 phosphate", "PSxOy, P-O-S P-O-S"),
        ("bridging P-S-P, P2S7(4-), P-[S]n-P bridging S", "P2S7(4-), P2Sx P2Sx"),
    ):
        assert len({species_colour(name) for name in names}) == 1
    assert species_colour("PS4(3-) PS4") != species_colour("P2S6 unit P2S6")
