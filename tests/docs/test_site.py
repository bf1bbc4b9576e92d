"""The site is built without a warning, and the tutorial's commands make the pictures it shows."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from website import build as site

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "tests" / "gui" / "screenshots.py"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("source")
    site.gather(folder)
    return folder


def test_every_picture_of_the_window_is_one_that_the_screenshots_make(source):
    names = {name for name in site.wanted_pictures(source) if "/" not in name}
    text = PICTURE.read_text(encoding="utf-8")
    taken = {f"{name}.png" for name in re.findall(r'"(\d\d-[\w-]+)"', text)}
    assert names - taken == {"tour.webp"}  # of frames


def test_the_tour_is_made_of_the_frames(tmp_path):
    assert "tour-{next(frames):02}" in PICTURE.read_text(encoding="utf-8")
    for k in range(8):
        Image.new("RGB", (64, 40), (30 * k, 90, 90)).save(tmp_path / f"tour-{k:02}.png")
    site.write_tour(tmp_path, tmp_path)
    with Image.open(tmp_path / "tour.webp") as tour:
        assert tour.n_frames == 8 and tour.info["loop"] == 0


@pytest.mark.slow
def test_the_commands_of_the_tutorial_run_and_make_its_pictures(source, tmp_path):
    site.run_tutorial(tmp_path / "work")
    names = [name for name in site.wanted_pictures(source) if "/" in name]
    assert len(names) >= 3
    assert [name for name in names if not (tmp_path / "work" / name).is_file()] == []


class Anchors(HTMLParser):
    """Collects what can be linked to on a page, and its links."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids |= {found["id"]} if found.get("id") else set()
        self.links |= {found["href"]} if tag == "a" and found.get("href") else set()
        self.links |= {found["src"]} if tag == "img" and found.get("src") else set()


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_its_links_lead_somewhere(source, tmp_path):
    pytest.importorskip("sphinx", reason="needs Sphinx, which the extra dev brings")
    pytest.importorskip("furo", reason="needs furo, which the extra dev brings")
    pictures = tmp_path / "pictures"
    for name in site.wanted_pictures(source):  # any picture will do here
        (pictures / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "resources" / "icons" / "doublet.svg", pictures / name)
    assert site.build(tmp_path / "site", pictures, run=False) == 0
    pages = {}
    html = tmp_path / "site" / "html"
    for path in html.rglob("*.html"):
        pages[path] = Anchors()
        pages[path].feed(path.read_text(encoding="utf-8"))
    assert {"index.html", "tutorial.html", "reference.html"} <= {path.name for path in pages}
    broken = []
    for path, page in pages.items():
        for link in page.links:
            name, _, anchor = link.partition("#")
            if "://" in link or link.startswith(("mailto:", "data:")):
                continue
            target = (path.parent / name).resolve() if name else path
            known = pages[target].ids if target in pages else None
            if not target.exists() or (anchor and known is not None and anchor not in known):
                broken.append((path.name, link))
    assert broken == []
