"""Build the documentation site: `python3 dev.py docs`.

The pages of `docs` are gathered with those of the project's root, links between them are set
right, and what can be generated is: the Python reference from docstrings, the gallery from the
presets, the pictures from the window and from the commands that the tutorial shows. Sphinx then
makes HTML of them and treats every warning as an error. Nothing generated is kept.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import spectra_core as sc
from spectra_core.export.casaxps import with_casaxps_fit
from spectra_core.library import load_library
from spectra_core.library.library import find_preset
from spectra_core.recipe.presets import preset

ROOT = Path(__file__).resolve().parents[1]
DOCS, EXAMPLES = ROOT / "docs", ROOT / "resources" / "examples"
TUTORIAL = "tutorial.md"
PICTURE = "resources/window.png"
"""Of README: the frame `tour-10` of `dev.py screenshots`, with 128 colours."""

# Pages that stand elsewhere in the project -> their name on the site.
ELSEWHERE = {
    "README.md": "readme.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "SECURITY.md": "security.md",
    "resources/help/science-notes.md": "science-notes.md",
}
CHAPTERS: Mapping[str, Sequence[str]] = {
    "Begin": ("readme", "tutorial", "coming-from", "faq", "troubleshooting"),
    "Work": ("desktop", "cli", "recipe", "gallery", "projects", "reports"),
    "Numbers": ("ratios", "lint", "calibration", "series", "quantification", "core-levels"),
    "Science": ("science-notes", "library", "contest"),
    "Files": ("formats", "results", "nexus", "damaged-files"),
    "Python": ("python", "reference"),
    "The project": (
        "developing",
        "decisions",
        "contributing",
        "changelog",
        "code-of-conduct",
        "security",
    ),
}
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")


def gather(source: Path) -> None:
    """Lay out the pages, with links that hold on the site."""
    for page in DOCS.glob("*.md"):
        (source / page.name).write_text(linked(page, DOCS), encoding="utf-8")
    for name, target in ELSEWHERE.items():
        page = ROOT / name
        (source / target).write_text(linked(page, page.parent), encoding="utf-8")
    (source / "resources").mkdir(exist_ok=True)
    shutil.copyfile(ROOT / PICTURE, source / PICTURE)
    known = {page.stem for page in source.glob("*.md")}
    tree = [contents(title, [n for n in names if n in known]) for title, names in CHAPTERS.items()]
    missing = known - {name for names in CHAPTERS.values() for name in names} - {"index"}
    tree += [contents("More", sorted(missing))] if missing else []
    index = source / "index.md"
    text = front(index.read_text(encoding="utf-8"))
    index.write_text(text + "\n" + "\n".join(tree), encoding="utf-8")


def linked(page: Path, folder: Path) -> str:
    """Return a page's text with its links as they are on the site."""

    def on_the_site(match: re.Match[str]) -> str:
        text, target = match.groups()
        path, mark, anchor = target.partition("#")
        if "://" in target or not path:
            return match[0]
        place = (folder / path).resolve()
        inside = place.relative_to(ROOT).as_posix()
        name = place.name if place.parent == DOCS else ELSEWHERE.get(inside, "")
        if name.endswith(".md"):
            # a file's name means nothing on the site
            shown = page_title(place) if text.endswith(".md") else text
            return f"[{shown}]({name}{mark}{anchor})"
        return text if text.startswith("`") else f"`{inside}`" if text == path else text

    return _LINK.sub(on_the_site, page.read_text(encoding="utf-8"))


def page_title(page: Path) -> str:
    """Return the heading of a page."""
    return page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ").strip()


def front(index: str) -> str:
    """Return the first page: what the program is, a picture of it, then the table of pages."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    what = readme.split("\n\n")[1]
    picture = "![The window: S 2p and P 2p of a synthetic sample.](pictures/05-joint-fit.png)"
    return f"# Doublet\n\n{what}\n\n{picture}\n{index.partition(chr(10))[2]}"


def contents(title: str, names: Sequence[str]) -> str:
    """Return a chapter of the site's table of contents."""
    listed = "\n".join(names)
    return f"```{{toctree}}\n:hidden:\n:caption: {title}\n\n{listed}\n```\n"


# ---------------------------------------------------------------- generated pages


def write_reference(source: Path) -> None:
    """Write the page of all public names, room by room, from their docstrings."""
    lines = [
        "# Reference",
        "",
        "Every name of `import spectra_core as sc`, by the room it lives in.",
        "[The guide](python.md) shows how they work together.",
        "",
    ]
    for room, names in vars(sc)["_FACE"].items():
        lines += [f"## {room}", "", "```{eval-rst}", f".. currentmodule:: spectra_core.{room}", ""]
        for name in sorted(names.split(), key=str.lower):
            value = getattr(sc, name)
            kind = "autoclass" if isinstance(value, type) else "autofunction"
            if not callable(value):
                continue
            lines += [f".. {kind}:: {name}", ""]
        lines += ["```", ""]
    (source / "reference.md").write_text("\n".join(lines), encoding="utf-8")


def write_gallery(source: Path) -> None:
    """Write the page of presets: what each is for, its warnings, how to run it, its text."""
    library = load_library()
    lines = [
        "# Gallery of recipes",
        "",
        "The presets of the library as shipped. `doublet fit FILE --preset NAME` runs one;",
        "`doublet library show NAME` prints it with its sources; a copy of the text is a recipe of",
        "your own (`doublet fit FILE --recipe FILE`). [Every key](recipe.md) is explained.",
        "",
    ]
    for name in library.presets:
        found = preset(name, library=library)
        path, _, _ = find_preset(name, library.folders)
        lines += [f"## {found.recipe.title}", "", f"`{name}`: {found.description}.", ""]
        lines += ["Sources: " + ", ".join(found.sources) + ".", ""] if found.sources else []
        lines += [f"- {warning}" for warning in found.warnings]
        lines += ["", "```toml"]
        lines += [path.read_text(encoding="utf-8").strip(), "```", ""]
    (source / "gallery.md").write_text("\n".join(lines), encoding="utf-8")


# ---------------------------------------------------------------- pictures


def wanted_pictures(source: Path) -> set[str]:
    """Return the pictures that the pages show."""
    pages = (page.read_text(encoding="utf-8") for page in source.glob("*.md"))
    return {name for text in pages for name in re.findall(r"\]\(pictures/([^)\s]+)\)", text)}


def place_pictures(source: Path, shots: Path, made: Path) -> list[str]:
    """Copy the pictures that the pages show; return those that nothing has made."""
    target = source / "pictures"
    missing = []
    for name in sorted(wanted_pictures(source)):
        found = next((p for p in (shots / name, made / name) if p.is_file()), None)
        if found is None:
            missing.append(name)
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, target / name)
    return missing


def write_tour(shots: Path, made: Path) -> None:
    """Write the animated tour: frames of the window, the moves of the mouse quicker."""
    frames = [Image.open(path).convert("RGB") for path in sorted(shots.glob("tour-*.png"))]
    if not frames:
        return
    still, moving = 2400, 220
    held = range(2, len(frames) - 5)  # while the component is held
    made.mkdir(parents=True, exist_ok=True)
    frames[0].save(
        made / "tour.webp",
        save_all=True,
        append_images=frames[1:],
        duration=[moving if k in held else still for k in range(len(frames))],
        loop=0,
        quality=70,
    )


def run_tutorial(folder: Path) -> None:
    """Run the commands that the tutorial shows, on synthetic data, in a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lay_out(folder)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for line in tutorial_commands():
        print(f"$ {line}", flush=True)
        command = [sys.executable, "-m", "doublet", *shlex.split(line)[1:]]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"docs: the tutorial's command fails: {line}\n{done.stderr}")


def tutorial_commands() -> list[str]:
    """Return the lines that begin with ``doublet`` in the tutorial's blocks, none for a window."""
    lines = [line for block in blocks(DOCS / TUTORIAL, "") for line in block.splitlines()]
    return [line for line in lines if line.startswith("doublet ") and " gui" not in line]


def blocks(page: Path, language: str) -> list[str]:
    """Return the code blocks of a page in a language; in none: commands and output."""
    fenced = re.compile(r"^```(.*?)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    found = fenced.findall(page.read_text(encoding="utf-8"))
    return [text for name, text in found if name.strip() == language]


def lay_out(folder: Path) -> None:
    """Write the files that the tutorial's commands name, all of them synthetic."""
    named = {word for line in tutorial_commands() for word in shlex.split(line)}
    for path in EXAMPLES.iterdir():
        if path.name in named:
            shutil.copyfile(path, folder / path.name)
    s2p = sc.read(EXAMPLES / "su2025_fig1_bare_0s.vms")[0]
    assert s2p.counts is not None
    rows = np.column_stack([s2p.x_recorded, s2p.counts])
    write_columns(folder / "pellet_S2p.txt", "Binding Energy (eV)\tCounts", rows)
    recipe = sc.load_recipe(EXAMPLES / "lpscl_cathode_s2p.toml")
    stored, _ = with_casaxps_fit(s2p, sc.fit(s2p, sc.model_from_recipe(recipe)).model)
    sc.write(folder / "casaxps.vms", [stored])
    write_columns(folder / "glass.txt", "Raman shift (cm-1)\tIntensity", raman_glass())
    for text in blocks(DOCS / TUTORIAL, "toml"):
        name = text.partition("\n")[0].removeprefix("# ")
        (folder / name).write_text(text, encoding="utf-8")


def raman_glass() -> np.ndarray:
    """Return shift and counts of two synthetic Lorentzian bands on a glow, P2S6 and PS4."""
    shift = np.arange(340.0, 480.0, 0.5)
    expected = 900.0 - 2.0 * (shift - 340.0) + 0.006 * (shift - 340.0) ** 2
    for center, height, fwhm in ((386.0, 600.0, 13.0), (421.0, 1800.0, 12.0)):
        expected += height / (1.0 + (2.0 * (shift - center) / fwhm) ** 2)
    counts = np.random.default_rng(17).poisson(expected)
    return np.column_stack([shift, counts])


def write_columns(path: Path, heading: str, rows: np.ndarray) -> None:
    """Write a text file of columns that says that it is synthetic."""
    np.savetxt(path, rows, "%.2f", "\t", header=f"# synthetic\n{heading}", comments="")


# ---------------------------------------------------------------- Sphinx


def build(target: Path, shots: Path, *, run: bool = True) -> int:
    """Make the site.

    Parameters
    ----------
    target : Path
        Folder; the site is in ``html``.
    shots : Path
        Pictures of the window, by `dev.py screenshots`.
    run : bool
        Whether the tutorial's commands are run again for their pictures.

    Returns
    -------
    code : int
        0 if everything is there and nothing was warned of.
    """
    source, commands = target / "source", target / "tutorial"
    shutil.rmtree(source, ignore_errors=True)
    (source / "static").mkdir(parents=True)
    shutil.copyfile(ROOT / "website" / "conf.py", source / "conf.py")
    shutil.copyfile(ROOT / "website" / "doublet.css", source / "static" / "doublet.css")
    shutil.copyfile(ROOT / "resources" / "icons" / "doublet.svg", source / "static" / "doublet.svg")
    write_reference(source)
    write_gallery(source)
    gather(source)
    if run:
        run_tutorial(commands)
    write_tour(shots, commands)
    if missing := place_pictures(source, shots, commands):
        print(f"docs: no picture is called {', '.join(missing)}", file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, str(source), str(target / "html")], env=environment)
    return done.returncode


def main() -> int:
    """Read the command line and build the site."""
    parser = argparse.ArgumentParser(description="Build the documentation site.")
    parser.add_argument("target", type=Path, help="folder of the site")
    parser.add_argument("shots", type=Path, help="folder with the pictures of the window")
    parser.add_argument("--keep-tutorial", action="store_true", help="do not run its commands")
    chosen = parser.parse_args()
    return build(chosen.target.resolve(), chosen.shots.resolve(), run=not chosen.keep_tutorial)


if __name__ == "__main__":
    sys.exit(main())
