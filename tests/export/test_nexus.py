"""NeXus files hold what NXxps and NXfit ask for, nothing made up, and come back the same.

The list of required fields is that of the published definition, not of our writer; its
own validator does not notice a missing instrument, sample or data group, so they are
checked here. Files of others (not part of the project) are compared with the instrument
files they were made from. Spectra made here are synthetic.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from doublet.app.cli.main import main
from spectra_core.errors import PartialRead, ReadError, WriteError
from spectra_core.export.nexus import write_fits_nexus
from spectra_core.fitting import evaluate
from spectra_core.foreign.casaxps import casaxps_model
from spectra_core.readers import ReadOptions, identify, read
from spectra_core.readers.inspect import differences
from spectra_core.recipe.text import dump_recipe, parse_recipe
from spectra_core.results.document import results_document
from spectra_core.runs.batch import run
from spectra_core.runs.records import Run
from spectra_core.spectrum import Axis, Calibration, Meta, make_spectrum, to_axis
from spectra_core.writers import write

REQUIRED = [
    "definition",
    "definition@version",
    "title",
    "start_time",
    "method",
    "instrument/beam_probe/incident_energy",
    "instrument/beam_probe/incident_energy@units",
    "instrument/electronanalyzer/work_function",
    "instrument/electronanalyzer/work_function@units",
    "instrument/electronanalyzer/collectioncolumn/scheme",
    "instrument/electronanalyzer/energydispersion/energy_scan_mode",
    "instrument/electronanalyzer/energydispersion/scheme",
    "sample/name",
    "data/energy",
    "data/energy@units",
    "data/energy@type",
    "data@energy_indices",
    "data@signal",
    "data/data",
    "data/data@units",
]
FIT_REQUIRED = [
    "label",
    "data/input_independent",
    "data/input_dependent",
    "data/fit_sum",
    "data/residual",
    "peak0/label",
    "peak0/data/position",
    "peak0/data/position@units",
    "peak0/data/intensity",
    "peak0/function/function_type",
    "peak0/function/fit_parameters/position@units",
    "peak0/function/fit_parameters/width@units",
    "peak0/function/fit_parameters/area@units",
    "background0/data/position",
    "background0/data/intensity",
    "background0/function/function_type",
    "figure_of_merit_reduced_chi_square",
    "figure_of_merit_reduced_chi_square@metric",
]

RECIPE = parse_recipe("""
schema = "doublet-recipe/1"
[[region]]
name = "S 2p"
window = [157.0, 168.0]
background = { type = "shirley", mode = "active" }
[[region.component]]
label = "PS4"
line = "S 2p"
center = { value = 161.6, min = 161.0, max = 162.2 }
fwhm = { value = 1.2, min = 0.6, max = 2.0 }
mix = { value = 0.2, free = false }
[[region.component]]
label = "other"
lineshape = "bwf"
enabled = false
height = 1.0
center = 165.0
fwhm = 1.0
[[region.component]]
label = "new"
line = "S 2p"
center = { value = 163.0, free = false }
fwhm = 1.2
mix = { value = 0.2, free = false }
[[ratio]]
name = "new / PS4"
numerator = ["new"]
denominator = ["PS4"]
""")


def synthetic(seed=1, **meta):
    """Return a synthetic S 2p spectrum of two doublets with counting noise."""
    values = {"sample": "synthetic cell", "region": "S 2p", "excitation_energy_ev": 1486.6}
    values |= {"dwell_s": 0.5, "scans": 4.0, "comment": "SYNTHETIC, made by a test"} | meta
    x = np.arange(155.0, 170.0, 0.1)
    rate = np.full(x.size, 400.0)
    for center, area in ((161.6, 6000.0), (163.0, 2000.0)):
        for shift, part in ((0.0, 2 / 3), (1.18, 1 / 3)):
            width = 0.5
            curve = np.exp(-0.5 * ((x - center - shift) / width) ** 2)
            rate += area * part * curve / (width * np.sqrt(2 * np.pi))
    counts = np.random.default_rng(seed).poisson(2.0 * rate).astype(float)
    return make_spectrum(x, counts / 2.0, Axis.BINDING_ENERGY, counts=counts, meta=Meta(**values))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "synthetic.csv"
    write(path, [synthetic(1), synthetic(2, sample="second", date="2026-01-02T03:04:05+01:00")])
    finished = run([path], recipe=RECIPE)
    assert len(finished.fits) == 2
    return finished


@pytest.fixture(scope="module")
def file(done, tmp_path_factory):
    path = tmp_path_factory.mktemp("nexus") / "fits.nxs"
    write_fits_nexus(done, path)
    return path


def entries(file):
    return [item for item in file.values() if item.attrs.get("NX_class") == "NXentry"]


def has(group, name):
    path, _, attribute = name.partition("@")
    return path in group and (not attribute or attribute in group[path].attrs)


def text(field):
    return field[()].decode() if field.shape == () else [t.decode() for t in field[()]]


# ---- what must be there


def test_every_required_field_is_in_every_entry(file):
    with h5py.File(file) as opened:
        assert len(entries(opened)) == 2
        for entry in entries(opened):
            assert [name for name in REQUIRED if not has(entry, name)] == []
            assert text(entry["definition"]) == "NXxps"


@pytest.mark.parametrize(
    ("path", "nexus_class"),
    [
        ("instrument", "NXinstrument"),
        ("instrument/electronanalyzer", "NXelectronanalyzer"),
        ("instrument/beam_probe", "NXbeam"),
        ("sample", "NXsample"),
        ("data", "NXdata"),
        ("fit_S_2p", "NXfit"),
        ("fit_S_2p/peak0", "NXpeak"),
        ("fit_S_2p/background0", "NXpeak"),
    ],
)
def test_the_groups_that_the_validator_does_not_miss_are_there(file, path, nexus_class):
    with h5py.File(file) as opened:
        for entry in entries(opened):
            assert entry[path].attrs["NX_class"] == nexus_class


def test_every_required_field_of_a_fit_is_there(file):
    with h5py.File(file) as opened:
        for entry in entries(opened):
            fit = entry["fit_S_2p"]
            assert [name for name in FIT_REQUIRED if not has(fit, name)] == []
            peaks = [name for name in fit if name.startswith("peak")]
            assert len(peaks) == 4  # two doublets; what is switched off is not written


def test_no_value_in_the_file_is_nan(file):
    def check(name, item):
        if isinstance(item, h5py.Dataset) and item.dtype.kind == "f" and item.shape is not None:
            assert np.isfinite(item[()]).all(), name

    with h5py.File(file) as opened:
        opened.visititems(check)


def test_the_numbers_are_those_of_the_results_file(done, file):
    for entry_of_fit, spectrum in zip(results_document(done)["fits"], read(file), strict=True):
        with h5py.File(file) as opened:
            (entry,) = [
                e for e in entries(opened) if text(e["sample/name"]) == spectrum.meta.sample
            ]
            fit = entry["fit_S_2p"]
            shown = [c for c in entry_of_fit["components"] if c["enabled"]]
            for number, component in enumerate(shown):
                own = fit[f"peak{number}/function/fit_parameters"]
                assert text(fit[f"peak{number}/label"]) == component["label"]
                expected = {"position": component["position"]} | {
                    {"fwhm": "width"}.get(name, name): p
                    for name, p in component["parameters"].items()
                    if name != "center"
                }
                for name, p in expected.items():
                    assert own[name][()] == p["value"]
                    errors = own.get(f"{name}_errors")
                    assert (None if errors is None else errors[()]) == p["stderr"]
            statistics = entry_of_fit["statistics"]
            merit = fit["figure_of_merit_reduced_chi_square"][()]
            assert merit == statistics["reduced_chi_square"]
            total = fit["details/doublets/doublet0/fit_parameters/area"][()]
            assert total == entry_of_fit["doublets"][0]["area"]["value"]


def test_curves_add_up_to_the_sum(file):
    with h5py.File(file) as opened:
        for entry in entries(opened):
            fit = entry["fit_S_2p"]
            parts = [fit[name]["data/intensity"][()] for name in fit if name[-1].isdigit()]
            assert np.sum(parts, axis=0) == pytest.approx(fit["data/fit_sum"][()], rel=1e-12)


def test_freedom_is_said_of_every_parameter(file):
    with h5py.File(file) as opened:
        own = entries(opened)[0]["fit_S_2p/peak0/function/fit_parameters"]
        said = {name: own[name].attrs["description"] for name in ("position", "mix", "width")}
        minor = entries(opened)[0]["fit_S_2p/peak1/function/fit_parameters/position"]
        assert said["position"] == "free, at least 161, at most 162.2"
        assert said["mix"] == "fixed"
        assert minor.attrs["description"].startswith("tied: ")


def test_the_ratio_and_the_recipe_are_in_the_file(done, file):
    with h5py.File(file) as opened:
        own = opened["synthetic_cell_S_2p/doublet"]
        ratio = done.fits[0].ratios[0]
        assert text(own["ratios/ratio0/name"]) == "new / PS4"
        assert own["ratios/ratio0/value"][()] == ratio.value
        assert json.loads(text(own["recipe"]))["region"][0]["name"] == "S 2p"


# ---- nothing made up


def test_what_is_not_recorded_is_empty_and_listed(tmp_path):
    bare = synthetic(excitation_energy_ev=None, sample="", dwell_s=None, scans=None)
    write(tmp_path / "bare.nxs", [replace(bare, counts=None)])
    with h5py.File(tmp_path / "bare.nxs") as opened:
        (entry,) = entries(opened)
        for path in ("beam_probe/incident_energy", "electronanalyzer/work_function"):
            assert entry["instrument"][path].shape is None  # HDF5's "no value"
        assert entry["start_time"].shape == (0,)
        assert text(entry["sample/name"]) == "not recorded"
        missing, assumed = text(entry["doublet/not_recorded"]), text(entry["doublet/assumed"])
        assert "instrument/electronanalyzer/work_function" in missing
        assert assumed == [
            "instrument/electronanalyzer/collectioncolumn/scheme",
            "instrument/electronanalyzer/energydispersion/scheme",
        ]


def test_a_start_without_time_zone_gets_none(tmp_path):
    write(tmp_path / "a.nxs", [synthetic(date="2026-01-02T03:04:05")])
    with h5py.File(tmp_path / "a.nxs") as opened:
        assert text(entries(opened)[0]["start_time"]) == ["2026-01-02T03:04:05"]


def test_synthetic_data_are_called_so(file):
    with h5py.File(file) as opened:
        for entry in entries(opened):
            assert text(entry["experiment_description"]).startswith("SYNTHETIC")
            assert text(entry["doublet/synthetic"]) == "yes"


def test_a_measured_spectrum_is_not_called_synthetic(tmp_path):
    write(tmp_path / "a.nxs", [synthetic(comment="", sample="cell")])
    with h5py.File(tmp_path / "a.nxs") as opened:
        assert "experiment_description" not in entries(opened)[0]


# ---- round trips


def with_everything():
    """Return a synthetic spectrum that uses every field."""
    base = synthetic(
        pass_energy_ev=20.0,
        work_function_ev=4.5,
        technique="XPS",
        species="S",
        instrument="made up",
        date="2026-01-02T03:04:05+01:00",
        etch_time_s=3.0,
        variables={"PositionX": (1.5, "mm")},
        extra={"analyser_mode": "FAT", "operator": "A. Person", "note": [1, "two"]},
    )
    n = len(base)
    return replace(
        base,
        sigma=np.full(n, 2.0),
        transmission=np.linspace(1.0, 2.0, n),
        columns={"b/e": np.arange(n, dtype=float), "": np.ones(n)},
        calibration=Calibration(0.3, "C 1s", 284.8, 284.5, 0.05),
        descending=True,
    )


@pytest.mark.parametrize(
    "spectrum",
    [
        synthetic(),
        with_everything(),
        to_axis(with_everything(), Axis.KINETIC_ENERGY),
        replace(synthetic(laser_nm=532.0), axis=Axis.RAMAN_SHIFT, y_unit="arbitrary"),
        replace(synthetic(), axis=Axis.WAVELENGTH, counts=None, y_unit="counts"),
    ],
    ids=["plain", "everything", "kinetic", "raman", "wavelength"],
)
def test_what_we_write_comes_back_the_same(tmp_path, spectrum):
    path = tmp_path / "a.nxs"
    write(path, [spectrum])
    assert identify(path) == "NeXus"
    (back,) = read(path)
    assert differences(spectrum, back) == []
    assert np.array_equal(back.x_recorded, spectrum.x_recorded)


def test_spectra_keep_their_order_whatever_their_names(tmp_path):
    samples = ["z", "a", "M", "a", "10", "9"]
    write(tmp_path / "a.nxs", [synthetic(seed, sample=s) for seed, s in enumerate(samples)])
    back = read(tmp_path / "a.nxs")
    assert [spectrum.meta.sample for spectrum in back] == samples
    assert [spectrum.source.index for spectrum in back] == list(range(6))


HOSTILE = [
    "../../etc/passwd",
    "a/b\\c",
    "<script>alert(1)</script>",
    "=1+1",
    "\U0001f52c" * 5,
    "x" * 10_000,
    "nul\x00 and \x1b[31m",
    "half \ud800 character",
    ".",
    "..",
    "doublet",
    "S²⁻ ü",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_no_name_breaks_the_file(tmp_path, name):
    path = tmp_path / "a.nxs"
    write(path, [synthetic(sample=name, region=name), synthetic(sample=name, region=name)])
    back = read(path)
    assert [spectrum.meta.sample for spectrum in back] == [name, name]
    with h5py.File(path) as opened:
        assert len(opened) == 2
        assert all(set(entry) <= set(_NAME) for entry in opened)
    assert [p.name for p in tmp_path.iterdir()] == ["a.nxs"]


_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"


def test_hostile_labels_are_text_in_a_fit(done, tmp_path):
    record = done.fits[0]
    region = record.result.model.regions[0]
    labelled = replace(
        region,
        components=tuple(replace(c, label=HOSTILE[i]) for i, c in enumerate(region.components)),
    )
    result = replace(record.result, model=replace(record.result.model, regions=(labelled,)))
    write_fits_nexus(replace(done, fits=(replace(record, result=result),)), tmp_path / "a.nxs")
    with h5py.File(tmp_path / "a.nxs") as opened:
        fit = entries(opened)[0]["fit_S_2p"]
        assert text(fit["peak0/label"]) == HOSTILE[0]


def test_an_empty_run_is_refused(tmp_path):
    with pytest.raises(WriteError, match="no fit"):
        write_fits_nexus(Run((), (), (), (), "recipe", RECIPE, False), tmp_path / "a.nxs")
    assert not list(tmp_path.iterdir())


# ---- files of others


REFERENCES = {  # entries; from the definitions the files were made for
    "scienta/scienta_txt_ref.nxs": 2,
    "specs/specs_xy_ref.nxs": None,
    "phi/phi_pro_ref.nxs": 4,
    "phi/phi_spe_ref.nxs": 1,
}


@pytest.mark.parametrize("name", REFERENCES)
def test_reference_files_are_read_as_they_stand(data_dir, name):
    path = data_dir / "pynxtools-xps" / name
    spectra = read(path)
    with h5py.File(path) as opened:
        groups = entries(opened)
        assert len(spectra) == len(groups) == (REFERENCES[name] or len(groups))
        for entry, spectrum in zip(groups, spectra, strict=True):
            order = slice(None, None, -1 if spectrum.descending else 1)
            assert np.array_equal(spectrum.x[order], entry["data/energy"][()])
            assert np.array_equal(spectrum.y[order], entry["data/data"][()])
            assert spectrum.axis.value.startswith(entry["data/energy"].attrs["type"])
            assert spectrum.y_unit == "counts/s"
            assert spectrum.sigma is None  # the spread over scans is no counting error
            energy = entry["instrument/beam_probe/incident_energy"][()]
            assert spectrum.meta.excitation_energy_ev == energy
            assert spectrum.meta.sample == text(entry["sample/name"])
            assert spectrum.meta.pass_energy_ev > 0


def test_a_reference_file_agrees_with_the_instrument_file_it_was_made_from(data_dir):
    folder = data_dir / "pynxtools-xps" / "scienta"
    (original,) = read(folder / "Ag_0001.txt")
    converted = read(folder / "scienta_txt_ref.nxs")[0]
    assert converted.axis is original.axis
    assert converted.x == pytest.approx(original.x, abs=1e-9)
    assert converted.meta.pass_energy_ev == original.meta.pass_energy_ev
    scale = original.y / converted.y
    assert scale == pytest.approx(scale[0], rel=1e-6)  # counts, or counts over a time


def test_binding_energies_called_kinetic_are_asked_for(data_dir):
    path = data_dir / "pynxtools-xps" / "specs" / "specs_xml_ref.nxs"
    with pytest.raises(ReadError, match=r"kinetic energy, but C 1s \(284.65 eV\) .*--axis"):
        read(path)
    c1s, survey = read(path, options=ReadOptions(axis="binding"))
    assert (c1s.axis, survey.axis) == (Axis.BINDING_ENERGY, Axis.BINDING_ENERGY)


@pytest.mark.parametrize(
    ("kind", "start", "photons", "words"),
    [
        ("kinetic", -0.5, 1253.6, "runs from -0.5 eV"),
        ("binding", 1490.0, 1486.6, "more than the photon energy"),
    ],
)
def test_energies_that_cannot_be_are_asked_for(tmp_path, kind, start, photons, words):
    foreign(tmp_path / "a.nxs")
    with h5py.File(tmp_path / "a.nxs", "a") as file:
        for entry in entries(file):
            entry["data/energy"][...] = start + np.arange(5.0)
            entry["data/energy"].attrs["type"] = kind
            entry["instrument/beam_probe/incident_energy"] = photons
            entry["instrument/beam_probe/incident_energy"].attrs["units"] = "eV"
    with pytest.raises(ReadError, match=words):
        read(tmp_path / "a.nxs")
    assert len(read(tmp_path / "a.nxs", options=ReadOptions(axis="binding"))) == 2


def test_settings_that_cannot_be_are_left_out_with_a_note(tmp_path):
    foreign(tmp_path / "a.nxs")
    with h5py.File(tmp_path / "a.nxs", "a") as file:
        path = "one/instrument/electronanalyzer/energydispersion/pass_energy"
        file[path] = 1e37
        file["one/instrument/beam_probe/incident_energy"] = 1.4866
        file["one/instrument/beam_probe/incident_energy"].attrs["units"] = "keV"
    spectrum = read(tmp_path / "a.nxs")[0]
    assert spectrum.meta.pass_energy_ev is None
    assert "1e+37" in spectrum.meta.extra["plausibility_note"]
    assert spectrum.meta.excitation_energy_ev == pytest.approx(1486.6)


def test_a_raman_reference_file_has_its_axis(data_dir):
    (spectrum,) = read(data_dir / "pynxtools-raman" / "rod_ref.nxs")
    assert spectrum.axis is Axis.RAMAN_SHIFT
    assert (spectrum.x[0], len(spectrum)) == (50.0, 1159)


def foreign(path, **changes):
    """Write a small file as another program would."""
    with h5py.File(path, "w") as file:
        for name in ("one", "two"):
            entry = file.create_group(name)
            entry.attrs["NX_class"] = "NXentry"
            data = entry.create_group("data")
            data.attrs.update({"NX_class": "NXdata", "signal": "data", "axes": ["energy"]})
            data["energy"] = np.arange(5.0)
            data["energy"].attrs.update({"units": "eV", "type": "kinetic"})
            data["data"] = np.ones((5, 3)) if changes.get("image") == name else np.ones(5)
            data["data"].attrs["units"] = "counts"
            entry["broken"] = h5py.SoftLink("/nowhere")
            entry["outside"] = h5py.ExternalLink("other.h5", "/secret")
            entry["round"] = entry


def test_links_that_lead_nowhere_or_round_do_no_harm(tmp_path):
    foreign(tmp_path / "a.nxs")
    assert [s.y_unit for s in read(tmp_path / "a.nxs")] == ["counts", "counts"]


def test_an_image_is_named_and_the_rest_read(tmp_path):
    foreign(tmp_path / "a.nxs", image="two")
    with pytest.raises(PartialRead, match=r"two.*\(5, 3\)") as caught:
        read(tmp_path / "a.nxs")
    assert len(caught.value.spectra) == 1


def test_a_cut_off_file_has_a_sentence(tmp_path):
    write(tmp_path / "a.nxs", [synthetic()])
    data = (tmp_path / "a.nxs").read_bytes()
    (tmp_path / "a.nxs").write_bytes(data[: len(data) // 2])
    with pytest.raises(ReadError):
        read(tmp_path / "a.nxs")


# ---- the published validator, where it is installed


@pytest.mark.slow
def test_pynxtools_calls_our_files_valid(file, tmp_path):
    """Set DOUBLET_PYNX to the command ``pynx`` of another environment to run this."""
    command = os.environ.get("DOUBLET_PYNX") or shutil.which("pynx")
    if command is None:
        pytest.skip("needs pynxtools, which is not a dependency (docs/nexus.md)")
    bare = tmp_path / "bare.nxs"
    empty = synthetic(excitation_energy_ev=None, sample="")
    write(bare, [with_everything(), to_axis(with_everything(), Axis.KINETIC_ENERGY), empty])
    for path, n_entries in ((file, 2), (bare, 3)):
        done = subprocess.run(
            [command, "validate", str(path)], capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr  # its exit code is 0 in any case
        assert said.count("is valid according to the `NXxps`") == n_entries, said
        assert "NOT valid" not in said


def test_drawn_curves_of_the_recipe_are_in_the_fit(done, file):
    """The peaks in the file are the model's: drawn again from its values, they agree."""
    record = done.fits[0]
    again = evaluate(record.result.regions[0].spectrum, record.result.model)
    with h5py.File(file) as opened:
        sums = [e["fit_S_2p/data/fit_sum"][()] for e in entries(opened)]
    envelope = again.regions[0].envelope
    assert any(s.shape == envelope.shape and np.allclose(s, envelope, rtol=1e-9) for s in sums)


# ---- the command line


def call(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    return result.exit_code, result.stderr


def test_convert_writes_and_reads_nexus(tmp_path):
    write(tmp_path / "a.csv", [with_everything()])
    assert call("convert", tmp_path / "a.csv", tmp_path / "b.nxs")[0] == 0
    assert call("convert", tmp_path / "b.nxs", tmp_path / "c.csv")[0] == 0
    (before,), (after,) = read(tmp_path / "a.csv"), read(tmp_path / "c.csv")
    assert differences(before, after) == []


def test_fit_writes_nexus_and_vamas(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", [synthetic()])
    (tmp_path / "r.toml").write_text(dump_recipe(RECIPE))
    formats = ("--formats", "nexus,vamas", "-o", tmp_path / "out")
    code, said = call("fit", tmp_path / "a.csv", "--recipe", tmp_path / "r.toml", *formats)
    assert code == 0
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"results.nxs", "results.vms"}
    assert "results.vms: " in said and "the nearest there is" in said  # active Shirley
    (block,) = read(tmp_path / "out" / "results.vms")
    assert len(casaxps_model(block).model.regions[0].doublets) == 2
