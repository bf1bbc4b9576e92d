"""The Python examples of the page on projects run as they are printed."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "projects.md"


def test_the_page_on_projects_runs_from_top_to_bottom(capsys):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    namespace: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), namespace)
    printed = capsys.readouterr().out
    assert printed.startswith("Project: 1 spectra, 1 analyses")
    assert "['s1'] ['a2'] Status.CONVERGED" in printed
    assert len(namespace["again"].analyses) == 1
