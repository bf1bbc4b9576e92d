"""The project's own rules: what may be imported, which words may stand in a source file."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

import spectra_core
from spectra_core.fitting.engine import kernel_cache

ROOT = Path(__file__).resolve().parents[1]
CORE_FILES = sorted((ROOT / "spectra_core").rglob("*.py"))
PRODUCT_FILES = [
    *CORE_FILES,
    *sorted((ROOT / "app").rglob("*.py")),
    *sorted((ROOT / "doublet").rglob("*.py")),
]
ALL_FILES = [
    *PRODUCT_FILES,
    *sorted((ROOT / "tests").rglob("*.py")),
    *sorted((ROOT / "benchmarks").rglob("*.py")),
    *sorted((ROOT / "website").rglob("*.py")),
    *sorted((ROOT / "packaging").rglob("*.py")),
    ROOT / "dev.py",
]
needs_command_line = pytest.mark.skipif(
    not (ROOT / "app" / "cli" / "main.py").exists(), reason="the command line is not there yet"
)
# Compiled code is one long function where a call would cost more than the work.
SHORT_FILES = [path for path in ALL_FILES if "kernels" not in path.parts]
LONGEST_BODY = 60
HEAVY = ["PySide6", "pyqtgraph", "lmfit", "matplotlib", "pandas", "xarray"]


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    return relative(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported_after(*modules: str) -> list[str]:
    """Return which heavy libraries a fresh interpreter holds after the imports."""
    code = (
        f"import importlib, json, sys\n"
        f"for name in {list(modules)!r}: importlib.import_module(name)\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    # The kernels are compiled where they are imported, unless they find their machine code.
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(kernel_cache())}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def called_names(path: Path) -> set[str]:
    calls = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def imported_roots(path: Path) -> set[str]:
    roots = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            roots.add((node.module or "").split(".")[0])
    return roots


def test_importing_the_whole_core_brings_no_window_no_lmfit_and_no_plotting():
    # A drawing backend of matplotlib's is plotting; it is loaded when a PDF is written.
    backends = {"spectra_core.report.pdf_figure"}
    modules = [name for path in CORE_FILES if (name := module_name(path)) not in backends]
    assert imported_after(*modules) == []


@needs_command_line
def test_the_command_line_starts_without_window_lmfit_and_plotting():
    assert imported_after("doublet.app.cli.main") == []


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert spectra_core.__version__ == project["version"]


def test_citation_and_changelog_name_the_version_and_its_day():
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {spectra_core.__version__}\n" in cited
    day = re.search(r"^date-released: (\d{4}-\d\d-\d\d)$", cited, re.MULTILINE)[1]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## [{spectra_core.__version__}] - {day}\n" in changes


def test_every_supported_python_is_named_alike():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest, highest = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups()
    versions = [f"3.{minor}" for minor in range(int(lowest), int(highest))]
    prefix = "Programming Language :: Python :: 3."
    named = [f"3.{c.removeprefix(prefix)}" for c in project["classifiers"] if c.startswith(prefix)]
    assert named == versions
    script = (ROOT / "dev.py").read_text(encoding="utf-8")
    assert f"OLDEST, NEWEST = (3, {lowest}), (3, {int(highest) - 1})" in script


@pytest.mark.parametrize("path", ALL_FILES, ids=relative)
def test_no_source_file_catches_everything_silently(path):
    handlers = (node for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler))
    bare = [handler.lineno for handler in handlers if handler.type is None]
    assert bare == []


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function's body has, its docstring left out."""
    first = function.body[bool(ast.get_docstring(function, clean=False)) :]
    return function.end_lineno - first[0].lineno + 1 if first else 0


@pytest.mark.parametrize("path", SHORT_FILES, ids=relative)
def test_no_function_is_longer_than_a_page(path):
    functions = [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert {f.name: n for f in functions if (n := lines_of(f)) > LONGEST_BODY} == {}


@pytest.mark.parametrize("path", ALL_FILES, ids=relative)
def test_every_source_file_is_formatted_without_exceptions(path):
    assert not re.search(r"#\s*fmt:", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", PRODUCT_FILES, ids=relative)
def test_no_product_file_executes_what_it_reads(path):
    assert not called_names(path) & {"eval", "exec", "compile", "__import__"}
    assert not imported_roots(path) & {"pickle", "dill", "marshal", "shelve"}


@pytest.mark.parametrize("path", ALL_FILES, ids=relative)
def test_the_programs_are_imported_as_doublet_app(path):
    # Under two names they would be two programs, whose classes do not know each other.
    assert "app" not in imported_roots(path)


@pytest.mark.parametrize("path", CORE_FILES, ids=relative)
def test_no_core_file_prints(path):
    assert "print" not in called_names(path)


@pytest.mark.parametrize("path", CORE_FILES, ids=relative)
def test_no_core_file_plots_through_global_state(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^\s*(import|from)\s+matplotlib\.pyplot", text, re.MULTILINE)


def test_the_lock_names_an_exact_version_of_every_dependency_and_no_index():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + [line for extra in extras.values() for line in extra]
    names = {re.match(r"[\w-]+", line)[0].lower() for line in wanted} - {"doublet"}  # its extras
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = [line for line in lock.splitlines() if not line.startswith("#")]
    locked = {re.match(r"([\w-]+)==\d", line)[1].lower() for line in lines}
    assert names <= locked
    assert "://" not in lock


def requirements(lines: list[str]) -> dict[str, str]:
    """Return name -> limits of requirements, as pip or conda write them."""
    pairs = (re.fullmatch(r"([\w-]+)\s*(.*)", line).groups() for line in lines)
    return {name.lower(): limits for name, limits in pairs}


def test_the_conda_recipe_asks_for_what_the_project_asks_for():
    # read as lines: the few keys that matter stand in blocks of their own
    recipe = (ROOT / "packaging" / "conda" / "recipe.yaml").read_text(encoding="utf-8")
    core, window = (
        re.findall(r"^        - (.+)$", block.partition("    tests:")[0], re.MULTILINE)
        for block in recipe.split("      run:\n")[1:]
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {"matplotlib": "matplotlib-base", "pyside6-essentials": "pyside6"}

    def wanted(lines: list[str]) -> dict[str, str]:
        return {named.get(name, name): limits for name, limits in requirements(lines).items()}

    python = {"python": project["requires-python"]}
    assert requirements(core) == wanted(project["dependencies"]) | python
    exact = {"doublet-core": "==${{ version }}"}
    assert requirements(window) == wanted(project["optional-dependencies"]["gui"]) | exact
    assert f'version: "{project["version"]}"' in recipe


def test_the_galaxy_tool_runs_the_command_that_this_version_has(tmp_path):
    tool = ElementTree.parse(ROOT / "packaging" / "galaxy" / "doublet_fit.xml").getroot()
    assert tool.get("version") == spectra_core.__version__
    assert tool.find("requirements/requirement").get("version") == spectra_core.__version__
    example = tool.find("tests/test/param").get("value")
    preset = tool.find("inputs/conditional/when/param").get("value")
    lines = tool.find("command").text
    options = re.search(r"-o out (--formats \S+)", lines)[1].split()
    spectra = ROOT / "resources" / "examples" / example
    command = [sys.executable, "-m", "doublet", "fit", str(spectra), "--preset", preset]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "out"), *options], env=environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    for name in re.findall(r"mv out/(\S+)", lines):
        assert (tmp_path / "out" / name).is_file()


def readme_commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"(?:^|`)doublet ([a-z]+)", text, re.MULTILINE)))


def test_the_readme_shows_the_main_job():
    assert {"inspect", "fit", "recipe", "demo"} <= set(readme_commands())


@needs_command_line
@pytest.mark.parametrize("command", readme_commands())
def test_every_command_of_the_readme_is_in_the_help(command):
    done = subprocess.run(
        [sys.executable, "-m", "doublet", "--help"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert re.search(rf"\b{command}\b", done.stdout)


@pytest.mark.parametrize("command", ["setup", "demo", "test", "check", "bench", "build", "docs"])
def test_dev_help_lists_its_commands(command):
    done = subprocess.run(
        [sys.executable, str(ROOT / "dev.py"), "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert re.search(rf"^  {command} ", done.stdout, re.MULTILINE)


def test_dev_refuses_an_unknown_command_with_the_known_ones():
    done = subprocess.run(
        [sys.executable, str(ROOT / "dev.py"), "tset"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "test" in done.stderr.partition("choose from")[2]
