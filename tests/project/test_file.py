"""A project file gives back what was saved, is never half written, and trusts nobody."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from benchmarks.project_io import fitted_project, kill_while_saving
from spectra_core.errors import DataError, ProjectFileError, RecipeError, WriteError
from spectra_core.fitting import FitOptions, FitWarning, Status, Weights, fit
from spectra_core.fitting.solver import TracePoint
from spectra_core.fitting.statistics import Statistics
from spectra_core.model import (
    Background,
    Component,
    Link,
    Model,
    Parameter,
    Prior,
    Region,
    Term,
    add_doublet,
    add_priors,
    unlock,
)
from spectra_core.project.file import (
    backup_path,
    find_recovery,
    load_project,
    migrated,
    open_project,
    recovery_path,
    save_project,
    save_recovery,
)
from spectra_core.project.lock import lock_path
from spectra_core.project.project import (
    Project,
    RatioDefinition,
    accept_fit,
    add_analysis,
    add_ratio,
    add_spectra,
    calibrate_spectra,
    is_stale,
    same_project,
    set_checklist,
    set_model,
    set_note,
    set_result,
    set_settings,
)
from spectra_core.project.recipes import (
    project_from_run,
    recipe_from,
    recipes_from,
    run_from_project,
    run_recipe,
)
from spectra_core.project.stored import StoredResult
from spectra_core.project.tables import NAMES
from spectra_core.recipe.text import dump_recipe, parse_recipe
from spectra_core.referee.context import Finding
from spectra_core.spectrum import Axis, Calibration, Meta, Source, Spectrum
from spectra_core.uncertainty.budget import Rows
from spectra_core.uncertainty.ratios import Budget, MonteCarloSummary, Ratio, Variant

FIXTURE = Path(__file__).parents[1] / "fixtures" / "project_1.doublet"
HEADER = 512


@pytest.fixture(scope="module")
def project() -> Project:
    """Return a project of three SYNTHETIC spectra with finished fits."""
    return set_settings(fitted_project(3), title="three fits")


@pytest.fixture
def saved(project, tmp_path) -> Path:
    path = tmp_path / "work.doublet"
    save_project(project, path)
    return path


# ---------------------------------------------------------------------------------
# Round trip

numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)
anything = st.text(max_size=12) | st.sampled_from(
    ["\udcff", "=1+1", "../x", "\x00\x1b", "😀", "NaN"]
)
names = st.text("abcXYZ 0123(){}µ", min_size=1, max_size=6).map(str.strip).filter(bool)
maybe = st.none() | numbers


@st.composite
def spectra(draw) -> Spectrum:
    n = draw(st.integers(2, 5))
    x = np.cumsum(draw(st.lists(st.floats(0.01, 10), min_size=n, max_size=n)))
    column = st.lists(numbers, min_size=n, max_size=n).map(np.array)
    return Spectrum(
        x,
        draw(column),
        draw(st.sampled_from(Axis)),
        draw(st.sampled_from(["counts/s", "counts", "arbitrary"])),
        draw(st.none() | column),
        draw(st.none() | column),
        draw(st.none() | column),
        draw(st.dictionaries(anything, column, max_size=2)),
        Calibration(draw(st.floats(-9, 9)), draw(anything), draw(maybe), draw(maybe), draw(maybe)),
        draw(st.booleans()),
        Meta(
            sample=draw(anything),
            comment=draw(anything),
            dwell_s=draw(maybe),
            scans=draw(maybe),
            variables=draw(st.dictionaries(anything, st.tuples(numbers, anything), max_size=2)),
            extra=draw(
                st.dictionaries(anything, st.text() | st.integers() | st.floats(), max_size=2)
            ),
        ),
        Source(draw(anything), draw(anything), draw(st.integers(0, 9)), "ab" * 32),
    )


@st.composite
def parameters(draw) -> Parameter:
    low, high = sorted(draw(st.tuples(*[st.floats(allow_nan=False)] * 2)))
    return Parameter(draw(maybe), low, high, draw(st.booleans()))


@st.composite
def models(draw) -> Model:
    background = draw(
        st.sampled_from(
            [
                Background("none"),
                Background("shirley", "active", parameters={"level": Parameter(3.0)}),
                Background("shirley", "static", {"endpoint_points": 5}),
                Background("linear"),
            ]
        )
    )
    ids = draw(st.lists(names, max_size=3, unique=True))
    region = Region(
        draw(names),
        (1.0, 2.0),
        background,
        tuple(
            Component(
                f"c {i}",
                draw(st.sampled_from(["gaussian", "voigt"])),
                draw(st.dictionaries(st.sampled_from(["area", "center", "fwhm"]), parameters())),
                draw(anything),
                draw(anything),
                draw(anything),
                draw(st.booleans()),
            )
            for i in ids
        ),
        shift=draw(parameters()),
        match=draw(anything),
    )
    if draw(st.booleans()):
        region = add_doublet(region, "D", "S 2p", area=draw(parameters()))
        region = unlock(region, "D", "area", "why not")
    links = [Link("a/b/c", (Term(draw(numbers), "d/e/f"),), draw(numbers), draw(anything))]
    return Model((region,), tuple(links), draw(anything))


@st.composite
def statistics(draw) -> Statistics:
    whole, real = st.integers(0, 10**6), st.floats(width=64)
    values = [draw(real) for _ in range(7)]
    return Statistics(draw(whole), draw(whole), *values[:2], draw(maybe), *values[2:])


@st.composite
def results(draw, model: Model, of: Spectrum) -> StoredResult:
    n, free = draw(st.integers(0, 4)), draw(st.integers(0, 3))
    real = st.floats(width=64)
    warning = st.builds(FitWarning, anything, anything, anything) | st.builds(
        Finding, anything, anything, anything, anything, st.sampled_from(["note", "alarm"])
    )
    return StoredResult(
        model,
        {model.regions[0].name: of},
        FitOptions(draw(st.sampled_from([None, *Weights])), starts=draw(st.integers(1, 9))),
        np.array(draw(st.lists(real, min_size=n, max_size=n)), dtype=float),
        np.array(draw(st.lists(real, min_size=free**2, max_size=free**2)), dtype=float).reshape(
            free, free
        ),
        np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=bool),
        (np.array(draw(st.lists(real, max_size=4)), dtype=float),),
        ("poisson",),
        draw(statistics()),
        (draw(statistics()),),
        draw(st.sampled_from(Status)),
        draw(anything),
        "lm",
        "numpy",
        tuple(draw(st.lists(warning, max_size=2))),
        tuple(draw(st.lists(st.builds(TracePoint, st.integers(0, 99), real, real, real)))),
        tuple(draw(st.lists(real, max_size=2))),
        {"doublet": draw(anything)},
    )


@st.composite
def ratio_values(draw) -> Ratio:
    real = st.none() | st.floats()
    return Ratio(
        draw(anything),
        draw(real),
        draw(real),
        draw(st.none() | st.tuples(numbers, numbers)),
        0.95,
        "a / b",
        budget=Budget(draw(real)),
        monte_carlo=draw(
            st.none()
            | st.just(MonteCarloSummary("parametric", "", 1, 500, 2, (("no convergence", 2),)))
        ),
        variants=(Variant("model", "width", "wider", draw(real), None, draw(real), True),),
    )


@st.composite
def projects(draw) -> Project:
    try:
        given_spectra = draw(st.lists(spectra(), min_size=1, max_size=3))
    except DataError:  # columns that no float holds in the unit of such intensities
        reject()
    project = add_spectra(Project(), given_spectra)
    for _ in range(draw(st.integers(0, 3))):
        model = draw(models())
        spectrum_id = draw(st.sampled_from(list(project.spectra)))
        project = add_analysis(project, model, spectrum_id, label=draw(anything))
        of = draw(st.sampled_from(given_spectra))
        analysis = replace(
            project.analyses[f"a{project.last_id}"],
            stored=draw(st.none() | results(draw(st.just(model) | models()), of)),
            ratios=tuple(draw(st.lists(ratio_values(), max_size=1))),
        )
        changed = project.analyses.put({f"a{project.last_id}": analysis})
        project = replace(project, analyses=changed)
    for about in draw(st.lists(st.sampled_from(["project", *project.spectra]))):
        project = set_note(project, about, draw(anything))
    project = set_checklist(project, draw(anything), draw(anything))
    uncertainty = st.none() | st.builds(Rows, st.integers(0, 900), reference=maybe)
    definition = st.builds(RatioDefinition, st.just("r"), st.just(("a",)), st.just(("b",)))
    project = add_ratio(project, replace(draw(definition), uncertainty=draw(uncertainty)))
    values = st.dictionaries(anything, anything | st.integers() | numbers | st.booleans())
    return set_settings(
        project,
        title=draw(anything),
        sample_order=tuple(draw(st.lists(anything))),
        values=draw(values),
    )


@given(projects())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_loaded_is_what_was_saved(tmp_path_factory, made):
    path = tmp_path_factory.mktemp("round") / "p.doublet"
    save_project(made, path)
    assert same_project(load_project(path), made)


def test_fitted_projects_come_back_with_their_curves(saved, project):
    loaded = load_project(saved)
    assert same_project(loaded, project)
    for key, analysis in project.analyses.items():
        again, before = loaded.analyses[key].result, analysis.result
        assert not is_stale(loaded, key)
        np.testing.assert_allclose(
            again.regions[0].envelope, before.regions[0].envelope, rtol=1e-12
        )
        for path in before.paths:
            assert again.stderr(path) == pytest.approx(before.stderr(path) or 0, rel=1e-12) or (
                again.stderr(path) is None and before.stderr(path) is None
            )


def test_saving_what_was_loaded_gives_the_same_file(saved, tmp_path):
    again = tmp_path / "again.doublet"
    save_project(load_project(saved), again)
    assert same_project(load_project(again), load_project(saved))


def test_a_stale_result_keeps_the_spectrum_it_came_from(project, tmp_path):
    moved = calibrate_spectra(project, Calibration(0.4))
    save_project(moved, tmp_path / "moved.doublet")
    loaded = load_project(tmp_path / "moved.doublet")
    key = next(iter(loaded.analyses))
    assert is_stale(loaded, key)
    assert loaded.analyses[key].result.regions[0].spectrum.calibration.shift == 0.0


def test_spectra_of_one_axis_share_it_in_the_file_and_in_memory(saved):
    loaded = load_project(saved)
    first, second, *_ = loaded.spectra.values()
    assert np.shares_memory(first.x_recorded, second.x_recorded)
    assert first.y.flags.writeable is False


def test_metadata_that_no_file_can_hold_is_an_error_and_the_file_stays(project, saved):
    before = saved.read_bytes()
    spectrum = project.spectra["s1"]
    odd = replace(spectrum, meta=replace(spectrum.meta, extra={"odd": object()}))
    with pytest.raises(WriteError, match="object"):
        save_project(add_spectra(project, [odd]), saved)
    assert saved.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot limit the size of a file")
@pytest.mark.parametrize("room", [100, 5000, 30_000])
def test_a_full_disk_is_said_and_the_file_stays(project, saved, room):
    import resource

    before, limits = saved.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(ProjectFileError, match="cannot be written: File too large"):
            save_project(set_settings(project, title="larger"), saved)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]
    save_project(project, saved)


def test_a_spectrum_that_two_entries_share_is_in_the_file_once(project, tmp_path):
    moved = calibrate_spectra(project, Calibration(0.4))
    sizes = []
    for name in ("first", "second"):
        path = tmp_path / f"{name}.doublet"
        save_project(moved, path)
        sizes.append(path.stat().st_size)
        moved = load_project(path)
        assert all(len(spectrum) for spectrum in moved.spectra.values())
    assert sizes[1] == sizes[0]


def test_priors_are_kept_and_what_became_of_them(project, tmp_path):
    key = next(iter(project.analyses))
    region = project.analysis(key).model.regions[0]
    owner = region.doublets[0].id
    others = region.doublets[1].id
    known = (
        Prior(f"{region.name}/{owner}/center", 161.45, 0.02, source="library, μ"),
        Prior(
            (
                Term(1.0, f"{region.name}/{others}/area"),
                Term(-0.3, f"{region.name}/{owner}/area"),
            ),
            relative=0.1,
            group="reference",
        ),
    )
    changed = set_model(project, key, add_priors(project.analysis(key).model, known))
    analysis = changed.analysis(key)
    chosen = {name: changed.spectrum(k) for name, k in analysis.spectra.items()}
    result = fit(chosen, analysis.model)
    path = tmp_path / "known.doublet"
    save_project(set_result(changed, key, result), path)
    again = load_project(path).analysis(key)
    assert again.model.priors == known
    assert again.result.priors == result.priors
    assert again.result.statistics == result.statistics


def test_a_project_of_the_first_version_opens():
    loaded = load_project(FIXTURE)
    assert loaded.settings.title == "fixture, synthetic"
    assert set(loaded.notes) == {"project", "s1"} and loaded.checklist["operator"] == "nobody"
    (key, analysis) = next(iter(loaded.analyses.items()))
    assert not is_stale(loaded, key)
    result = analysis.result
    statistics = result.statistics
    residuals = np.concatenate([region.residual for region in result.regions])
    assert statistics.chi_square == pytest.approx(residuals @ residuals)
    assert (statistics.n_priors, statistics.prior_chi_square) == (0, 0.0)
    assert analysis.model.priors == ()
    # The truth the synthetic spectrum was drawn from.
    for path, truth in (("S 2p/PS4/center", 161.5), ("S 2p/intermediate/area", 1700.0)):
        assert abs(result.value(path) - truth) < 4 * result.stderr(path)
    again = fit(loaded.spectra_of(key), analysis.model, options=analysis.options)
    for path in result.problem.free_paths:
        assert again.value(path) == pytest.approx(
            result.value(path), abs=1e-3 * result.stderr(path)
        )


# ---------------------------------------------------------------------------------
# Damaged, foreign, newer


def damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == "cut off":
        content = content[: len(content) // 2]
    elif how == "one byte":
        content[HEADER + len(content) // 3] ^= 0x10
    elif how == "empty":
        content = bytearray()
    elif how == "foreign":
        content = bytearray(b"energy counts\n1 2\n")
    elif how == "newer":
        content = content.replace(b"doublet-project/5\n", b"doublet-project/9\n", 1)
    elif how == "header only":
        content = content[:HEADER]
    path.write_bytes(content)


WORDS = {
    "cut off": "cut off",
    "one byte": "checksum",
    "empty": "empty",
    "foreign": "not a Doublet project",
    "newer": "newer version, doublet 0",
    "header only": "cut off",
}


@pytest.mark.parametrize("how", WORDS)
def test_what_is_wrong_with_a_file_is_said_and_the_backup_offered(project, saved, how):
    save_project(set_settings(project, title="later"), saved)
    damage(saved, how)
    with pytest.raises(ProjectFileError, match=WORDS[how]) as caught:
        load_project(saved)
    assert caught.value.backup == backup_path(saved)
    assert str(backup_path(saved)) in str(caught.value)
    assert same_project(load_project(caught.value.backup), project)


@pytest.mark.parametrize("how", WORDS)
def test_without_a_backup_none_is_offered(saved, how):
    damage(saved, how)
    with pytest.raises(ProjectFileError) as caught:
        load_project(saved)
    assert caught.value.backup is None and "previous version" not in str(caught.value)


def test_a_damaged_file_never_takes_the_place_of_a_good_backup(project, saved):
    later = set_settings(project, title="later")
    save_project(later, saved)
    damage(saved, "one byte")
    save_project(later, saved)
    assert same_project(load_project(backup_path(saved)), project)


def test_a_project_of_a_newer_version_is_kept_as_backup_when_it_is_replaced(project, saved):
    save_project(project, saved)
    newer = saved.read_bytes().replace(b"doublet-project/5", b"doublet-project/9", 1)
    saved.write_bytes(newer)
    save_project(project, saved)
    assert backup_path(saved).read_bytes() == newer


def test_a_file_that_is_not_there_and_another_hdf5_file_are_said(tmp_path):
    with pytest.raises(ProjectFileError, match="no such"):
        load_project(tmp_path / "none.doublet")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = [1.0]
    with pytest.raises(ProjectFileError, match="HDF5 file, but no Doublet project"):
        load_project(tmp_path / "other.h5")


@pytest.mark.parametrize("place", [0.0, 0.001, 0.2, 0.5, 0.8, 0.999])
def test_no_flipped_bit_goes_unnoticed(saved, place):
    content = bytearray(saved.read_bytes())
    content[HEADER + int(place * (len(content) - HEADER))] ^= 1
    saved.write_bytes(content)
    with pytest.raises(ProjectFileError):
        load_project(saved)


# ---------------------------------------------------------------------------------
# Files made to do harm: a right checksum over a wrong content


def forge(path: Path, change) -> None:
    """Change the HDF5 of a project file and put the right header before it."""
    with h5py.File(path, "r+") as file:
        change(file)
    body = path.read_bytes()[HEADER:]
    header = (
        f"doublet-project/5\nprogram x\nbytes {len(body)}\n"
        f"sha256 {hashlib.sha256(body).hexdigest()}\n"
    )
    path.write_bytes(header.encode().ljust(HEADER, b"\0") + body)


def with_document(change):
    def act(file) -> None:
        document = json.loads(file["document"][...].tobytes())
        changed = change(document)
        text = json.dumps(document if changed is None else changed).encode()
        replaced(file, "document", np.frombuffer(text, dtype=np.uint8))

    return act


def replaced(file, name, data, **options) -> None:
    del file[name]
    file.create_dataset(name, data=data, **options)


def as_link(file) -> None:
    del file["y"]
    file["y"] = h5py.ExternalLink("/etc/other.h5", "y")


def as_external_storage(file) -> None:
    del file["y"]
    file.create_dataset("y", (4,), dtype=float, external=[("/etc/hostname", 0, 32)])


def as_huge(file) -> None:
    del file["y"]
    file.create_dataset("y", (10**13,), dtype=float)


def in_two_dimensions(file) -> None:
    replaced(file, "y", np.zeros((2, 2)))


FORGERIES = {
    "external link": (as_link, "link"),
    "external storage": (as_external_storage, "plain row"),
    "ten terabytes": (as_huge, "does not have"),
    "compressed": (lambda f: replaced(f, "y", np.zeros(10**6), compression="gzip"), "plain row"),
    "texts of any length": (
        lambda f: replaced(f, "document", ["x"], dtype=h5py.string_dtype()),
        "plain row",
    ),
    "two dimensions": (in_two_dimensions, "plain row"),
    "array missing": (lambda f: f.pop("values"), "other arrays"),
    "group in place of an array": (lambda f: (f.pop("y"), f.create_group("y")), "no array"),
    "further array": (lambda f: f.create_dataset("more", data=[1.0]), "other arrays"),
    "lengths": (lambda f: replaced(f, "y_ends", np.array([5, 2, 9])), "do not add up"),
    "negative length": (
        lambda f: replaced(f, "starts_ends", np.array([-1, 2, 3])),
        "do not add up",
    ),
    "numbers of another type": (
        lambda f: replaced(f, "y", f["y"][...].astype("f4")),
        "of the type float32",
    ),
    "not finite": (lambda f: f["y"].write_direct(np.full(f["y"].shape, np.nan)), "no number"),
    "axis turns back": (lambda f: replaced(f, "x_recorded", f["x_recorded"][...][::-1]), "ascend"),
    "bounds crossed": (
        lambda f: replaced(f, "parameters", np.resize([0.0, 2.0, 1.0, 1.0], f["parameters"].size)),
        "impossible",
    ),
    "not JSON": (
        lambda f: replaced(f, "document", np.frombuffer(b"import os", dtype=np.uint8)),
        "JSON",
    ),
    "deep JSON": (
        lambda f: replaced(f, "document", np.full(200_000, ord("["), dtype=np.uint8)),
        "JSON",
    ),
    "NaN in JSON": (
        lambda f: replaced(f, "document", np.frombuffer(b'{"a": NaN}', dtype=np.uint8)),
        "JSON",
    ),
    "a list": (with_document(lambda d: [d]), "not a table"),
    "unknown class": (
        with_document(lambda d: d["project"]["settings"].update({"__class__": "os.system"})),
        "unknown entry",
    ),
    "unknown line shape": (
        with_document(
            lambda d: d["structures"][0]["regions"][0]["components"][0].update(lineshape="evil")
        ),
        "evil",
    ),
    "text for a number": (
        with_document(lambda d: d["options"][0].update(starts="many")),
        "options",
    ),
    "id with a path": (
        with_document(lambda d: d["project"].update(id="../../../etc/passwd")),
        "hexadecimal",
    ),
    "no such spectrum": (
        with_document(lambda d: d["analyses"]["spectra"][0].update({"S 2p": "s77"})),
        "does not exist",
    ),
    "no such model": (
        with_document(lambda d: d["analyses"]["model"].__setitem__(0, 10**9)),
        "does not exist",
    ),
    "unknown entry of a spectrum": (
        with_document(lambda d: d["measured"][0].update(run="rm")),
        "unknown entry",
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_file_is_refused_with_a_sentence(saved, name):
    change, words = FORGERIES[name]
    forge(saved, change)
    with pytest.raises(ProjectFileError, match=words):
        load_project(saved)


def test_a_file_holds_numbers_and_json_and_nothing_else(saved):
    content = saved.read_bytes()
    assert b"pickle" not in content and content.startswith(b"doublet-project/5\n")
    with h5py.File(saved, "r") as file:
        assert set(file) == {"document", *NAMES}
        assert {file[name].dtype.kind for name in file} <= set("fiu")


@given(st.binary(max_size=400), st.integers(0, 4000))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_bytes_are_no_project(tmp_path_factory, noise, place):
    folder = tmp_path_factory.mktemp("noise")
    path = folder / "noise.doublet"
    body = noise + struct.pack("<d", float(place))
    path.write_bytes(b"doublet-project/5\n".ljust(HEADER, b"\0") + body)
    with pytest.raises(ProjectFileError):
        load_project(path)


# ---------------------------------------------------------------------------------
# Migrations


def test_an_older_document_goes_through_every_step_to_the_present_one():
    steps = {
        1: lambda document, arrays: (document | {"two": True}, arrays),
        2: lambda document, arrays: (document | {"three": document["two"]}, arrays),
    }
    document, _ = migrated({"one": True}, {}, 1, table_of_steps=steps, wanted=3)
    assert document == {"one": True, "two": True, "three": True}


def test_a_version_without_a_step_is_said():
    with pytest.raises(ProjectFileError, match="too old"):
        migrated({}, {}, 1, table_of_steps={}, wanted=2)


# ---------------------------------------------------------------------------------
# Backups, locks, killed processes


def test_the_previous_version_is_kept(project, saved):
    save_project(set_settings(project, title="second"), saved)
    save_project(set_settings(project, title="third"), saved)
    assert load_project(saved).settings.title == "third"
    assert load_project(backup_path(saved)).settings.title == "second"


def test_saving_leaves_nothing_but_the_file_and_its_backup(project, saved):
    save_project(project, saved)
    assert sorted(os.listdir(saved.parent)) == ["work.doublet", "work.doublet.bak"]


def test_a_link_to_a_project_stays_a_link(project, saved, tmp_path):
    link = tmp_path / "link.doublet"
    link.symlink_to(saved)
    save_project(set_settings(project, title="through the link"), link)
    assert link.is_symlink() and load_project(saved).settings.title == "through the link"


def holder(path: Path, *, pid: int, host: str, started: str = "") -> None:
    text = json.dumps({"pid": pid, "host": host, "started": started})
    lock_path(path).write_text(text, encoding="utf-8")


@pytest.fixture
def other_process():
    """Return a process that runs until the test ends."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


def test_a_project_that_another_process_has_open_is_read_only(project, saved, other_process):
    holder(saved, pid=other_process.pid, host=socket.gethostname())
    before = saved.read_bytes()
    with open_project(saved) as opened:
        assert opened.read_only and str(other_process.pid) in opened.reason
        assert same_project(opened.project, project)
        with pytest.raises(ProjectFileError, match="read-only"):
            opened.save(project)
    with pytest.raises(ProjectFileError, match=f"process {other_process.pid}"):
        save_project(project, saved)
    assert saved.read_bytes() == before and lock_path(saved).exists()


def test_a_lock_of_another_computer_stands(project, saved):
    holder(saved, pid=1, host="instrument-pc")
    with open_project(saved) as opened:
        assert opened.read_only and "instrument-pc" in opened.reason


@pytest.mark.parametrize("started", ["", "another time"])
def test_a_lock_whose_process_is_gone_is_taken_over(project, saved, other_process, started):
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    reused = started and sys.platform == "linux"
    pid = other_process.pid if reused else int(gone.stdout)
    holder(saved, pid=pid, host=socket.gethostname(), started=started)
    with open_project(saved) as opened:
        assert not opened.read_only
        opened.save(set_settings(project, title="taken over"))
    assert load_project(saved).settings.title == "taken over"
    assert not lock_path(saved).exists()


def test_the_process_that_has_a_project_open_saves_it_again_and_again(project, saved):
    with open_project(saved) as opened:
        opened.save(project)
        opened.save(project)
        assert lock_path(saved).exists()
    assert not lock_path(saved).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="kills the process the POSIX way")
def test_killing_a_saving_process_leaves_the_old_version_or_the_new_one(tmp_path):
    path = tmp_path / "killed.doublet"
    save_project(set_settings(fitted_project(1), title="version 0"), path)
    counts = kill_while_saving(path, 4)
    assert (counts["kills"], counts["neither"], counts["lost"]) == (4, 0, 0)


# ---------------------------------------------------------------------------------
# Recovery


def test_a_recovery_file_is_found_and_holds_the_unsaved_work(project, tmp_path):
    folder = tmp_path / "recovery"
    save_recovery(project, folder, original="/data/work.doublet")
    (found,) = find_recovery(folder)
    assert (found.project_id, found.title) == (project.id, "three fits")
    assert found.original == "/data/work.doublet" and found.saved.endswith("+00:00")
    assert same_project(load_project(found.path), project)


def test_there_is_one_recovery_file_for_each_project(project, tmp_path):
    save_recovery(project, tmp_path)
    save_recovery(set_settings(project, title="newer"), tmp_path)
    save_recovery(replace(project, id="0" * 32), tmp_path)
    assert {r.title for r in find_recovery(tmp_path)} == {"newer", "three fits"}
    recovery_path(project, tmp_path).unlink()
    assert [r.project_id for r in find_recovery(tmp_path)] == ["0" * 32]


def test_a_damaged_recovery_file_is_listed_with_its_problem(project, tmp_path):
    damage(save_recovery(project, tmp_path), "cut off")
    (found,) = find_recovery(tmp_path)
    assert "cut off" in found.problem and found.project_id == project.id


def test_there_is_nothing_to_recover_where_there_is_no_folder(tmp_path):
    assert find_recovery(tmp_path / "none") == ()


# ---------------------------------------------------------------------------------
# Recipes: the same numbers

TWO_LEVELS = """
schema = "doublet-recipe/1"
title = "two levels"
[calibration]
reference = "C 1s"
assigned = 284.8
measured = 284.63
[[region]]
name = "S 2p"
window = [157.6, 168.4]
background = { type = "shirley", mode = "active", level = 430.0, step = 0.012 }
[[region.component]]
label = "PS4"
line = "S 2p"
center = { value = 161.4, min = 160.9, max = 162.1 }
fwhm = { value = 1.0, min = 0.5, max = 2.0, share = "sulfide" }
area = { value = 1800.0, min = 0.0 }
mix = 0.3
[[region.component]]
label = "intermediate"
line = "S 2p"
center = 163.0
fwhm = { share = "sulfide" }
area = { value = 1500.0, min = 0.0 }
mix = 0.3
[[ratio]]
name = "intermediate / PS4"
numerator = ["intermediate"]
denominator = ["PS4"]
[fit]
starts = 2
seed = 5
"""


@pytest.fixture(scope="module")
def ran(project) -> Project:
    """Return SYNTHETIC spectra fitted with a recipe, as a project."""
    named = [
        replace(s, meta=replace(s.meta, sample=f"sample {i} (synthetic)"))
        for i, s in enumerate(project.spectra.values())
    ]
    return run_recipe(parse_recipe(TWO_LEVELS), named)


def assert_same_numbers(a: Project, b: Project) -> None:
    assert len(a.analyses) == len(b.analyses) > 0
    for one, other in zip(a.analyses.values(), b.analyses.values(), strict=True):
        assert one.result.paths == other.result.paths
        np.testing.assert_allclose(one.result.values, other.result.values, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(
            one.result.covariance, other.result.covariance, rtol=1e-9, atol=1e-12
        )
        for mine, theirs in zip(one.ratios, other.ratios, strict=True):
            assert mine.value == pytest.approx(theirs.value, rel=1e-12)


def test_a_recipe_from_a_project_gives_its_numbers_again(ran, tmp_path):
    save_project(ran, tmp_path / "ran.doublet")
    loaded = load_project(tmp_path / "ran.doublet")
    recipe = parse_recipe(dump_recipe(recipe_from(loaded)))
    assert_same_numbers(ran, run_recipe(recipe, loaded.spectra.values()))


def test_fitted_values_as_model_do_not_change_the_recipe(ran):
    key = next(iter(ran.analyses))
    assert recipe_from(accept_fit(ran, key)) == recipe_from(ran)


def test_the_recipe_brings_the_calibration_that_all_spectra_share(ran):
    assert recipe_from(ran).calibration.measured == 284.63
    moved = calibrate_spectra(ran, Calibration(0.5), spectra=["s1"])
    assert all(recipe.calibration is not None for recipe, _ in recipes_from(ran))
    assert [recipe.calibration for recipe, _ in recipes_from(moved)] == [None]


def test_analyses_that_were_made_differently_give_a_recipe_each(ran, project):
    own = add_analysis(ran, project.analyses[f"a{project.last_id}"].model, "s1")
    found = recipes_from(own)
    assert [len(keys) for _, keys in found] == [3, 1]
    with pytest.raises(RecipeError, match="2 different ways"):
        recipe_from(own)
    assert recipe_from(own, analyses=found[0][1]) == found[0][0]


def test_a_project_is_a_run_again_and_the_run_the_project(ran):
    run = run_from_project(ran)
    again = replace(project_from_run(run), id=ran.id)
    assert [r.sample for r in run.fits] == [f"sample {i} (synthetic)" for i in range(3)]
    assert_same_numbers(ran, again)
    assert again.ratios == ran.ratios and again.settings == ran.settings


def test_a_spectrum_calibrated_after_a_save_is_saved_as_it_is_now(saved, project, tmp_path):
    """What a file keeps ready of a spectrum that it wrote is not that of a changed one."""
    moved = calibrate_spectra(project, Calibration(0.4))
    save_project(moved, tmp_path / "moved.doublet")
    loaded = load_project(tmp_path / "moved.doublet")
    assert [s.calibration.shift for s in loaded.spectra.values()] == [0.4] * 3
    assert all(is_stale(loaded, key) for key in loaded.analyses)
