"""The window is painted before the core is there, and is furnished in the same place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

START = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings
from doublet.app.main import make_application, paint_frame

application = make_application()
folder = Path(sys.argv[1])
settings = QSettings(str(folder / "s.ini"), QSettings.Format.IniFormat)
settings.setValue("preferences/scheme", "dark")
window = paint_frame(settings)
heavy = [name for name in ("numpy", "scipy", "pyqtgraph", "pydantic") if name in sys.modules]
print(window.is_painted, window.isVisible(), heavy)
print(window.grab().toImage().pixelColor(6, 400).lightness() < 100)
titles = [window.tabs.tabText(place) for place in range(window.tabs.count())]
from doublet.app.program import Program
program = Program(settings, folder, window)
program.start()
application.processEvents()
print(program.window is window, window.isVisible(), window.tree.isVisible())
print(titles == [window.tabs.tabText(place) for place in range(window.tabs.count())])
print(window.tabs.currentWidget() is window.ratios)
program.shut_down()
"""


def test_the_frame_is_painted_before_the_core_is_imported(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "True True []",
        "True",  # in the colours that the user prefers
        "True True True",
        "True",
        "True",
    ]
