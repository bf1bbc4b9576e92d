"""Wherever Doublet is installed, the command finds its own programs and never a foreign `app`."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ROOT / "resources" / "examples" / "lpscl_cathode_s2p.toml"
SCRIPT = """
import sys
from doublet.__main__ import main
if __name__ == "__main__":
    sys.exit(main())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return a folder that holds what a wheel installs."""
    return built("build_wheel", tmp_path_factory.mktemp("wheel"))


def built(kind, folder):
    """Return a folder with what is in the wheel that one of hatchling's functions builds."""
    build = pytest.importorskip("hatchling.build", reason="hatchling is not installed")
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        name = getattr(build, kind)(str(folder))
    finally:
        os.chdir(before)
    with zipfile.ZipFile(folder / name) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


@pytest.mark.parametrize(("target", "made"), [("wheel", True), ("wheel", False), ("sdist", True)])
def test_a_wheel_has_the_manual_page_that_was_made(tmp_path, target, made):
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if made:
        (tmp_path / "doublet.1").write_text("a page")
    hook = module.ManualPage(str(tmp_path), {}, None, None, "", target, None)
    data = {"shared_data": {}}
    hook.initialize("standard", data)
    page = {str(tmp_path / "doublet.1"): "share/man/man1/doublet.1"}
    assert data["shared_data"] == (page if made and target == "wheel" else {})


@pytest.fixture(params=["checkout", "wheel"])
def installed(request):
    """Return the folder that an installation puts on the path of modules."""
    return ROOT if request.param == "checkout" else request.getfixturevalue("wheel")


@pytest.fixture
def foreign(tmp_path):
    """Return a folder with an `app` of somebody else, which fails when it is imported."""
    package = tmp_path / "work" / "app"
    (package / "cli").mkdir(parents=True)
    for place in (package / "__init__.py", package / "cli" / "__init__.py", package / "main.py"):
        place.write_text("raise RuntimeError('the foreign app was imported')\n")
    return tmp_path / "work"


def run(installed, foreign, *arguments):
    """Run Python among foreign files, whose folder stands first on the path, too."""
    path = os.pathsep.join([str(foreign), str(installed)])
    # The numpy engine: a new place of the kernels would be a minute of compiling.
    extra = {"PYTHONPATH": path, "DOUBLET_ENGINE": "numpy", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=foreign,
        env={**os.environ, **extra},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_the_programs_are_those_of_the_installation(installed, foreign):
    code = "import doublet.app.cli.main as m, spectra_core as s; print(m.__file__, s.__file__)"
    done = run(installed, foreign, "-c", code)
    assert done.returncode == 0, done.stderr
    assert all(Path(name).is_relative_to(installed) for name in done.stdout.split())


def test_the_wheel_has_two_packages_and_both_commands(wheel):
    assert {path.name for path in wheel.iterdir() if path.suffix != ".dist-info"} == {
        "doublet",
        "spectra_core",
    }
    assert not (wheel / "doublet" / "app.py").exists()
    commands = next(wheel.glob("*.dist-info")).joinpath("entry_points.txt").read_text()
    assert "doublet = doublet.__main__:main" in commands
    assert "doublet-gui = doublet.__main__:gui" in commands


def test_an_editable_install_holds_no_second_copy_of_the_programs(tmp_path):
    installed = built("build_editable", tmp_path)
    assert not (installed / "doublet").exists() and not list(installed.rglob("*.py"))
    assert Path(next(installed.glob("*.pth")).read_text().strip()) == ROOT


def test_module_and_script_run_beside_a_foreign_app(installed, foreign):
    script = foreign.parent / "doublet-script.py"
    script.write_text(SCRIPT)
    for start in (["-m", "doublet"], [script]):
        done = run(installed, foreign, *start, "--version")
        assert done.stdout.startswith("doublet "), done.stderr


@pytest.mark.slow
def test_a_fit_in_worker_processes_runs_beside_a_foreign_app(installed, foreign):
    script = foreign.parent / "doublet-script.py"
    script.write_text(SCRIPT)
    files = ["one.vms", "two.vms"]
    for seed, name in enumerate(files):
        done = run(installed, foreign, script, "simulate", RECIPE, "-o", name, "--seed", seed)
        assert done.returncode == 0, done.stderr
    fit = [
        "fit",
        *files,
        "--recipe",
        RECIPE,
        "-o",
        "out",
        "--jobs",
        "2",
        "--quick",
        "--formats",
        "json",
    ]
    for start in ([script], ["-m", "doublet"]):
        done = run(installed, foreign, *start, *fit)
        assert done.returncode == 0, done.stderr
        results = json.loads((foreign / "out" / "results.json").read_text(encoding="utf-8"))
        assert [entry["status"] for entry in results["fits"]] == ["converged", "converged"]
