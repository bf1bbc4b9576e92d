"""`doublet mcp` over standard input and output, called by the client of the same library."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("mcp", reason="needs the extra doublet[mcp]")

from mcp import Client, StdioServerParameters

ROOT = Path(__file__).resolve().parents[2]
RECIPE = """
schema = "doublet-recipe/1"
[[region]]
name = "S 2p"
window = [158.5, 169.5]
background = { type = "constant" }
[[region.component]]
label = "PS4"
lineshape = "voigt"
line = "S 2p"
center = 161.5
fwhm = 1.2

"""


def talk(folder, *calls):
    """Return the names of the tools, and what each call answers."""

    async def conversation():
        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "doublet", "mcp", str(folder)],
            env=os.environ | {"PYTHONPATH": str(ROOT), "DOUBLET_ENGINE": "numpy"},
        )
        async with Client(server) as client:
            tools = await client.list_tools()
            answers = [await client.call_tool(name, values) for name, values in calls]
            return {tool.name for tool in tools.tools}, answers

    return asyncio.run(conversation())


def content(answer):
    assert not answer.is_error, answer.content[0].text
    return json.loads(answer.content[0].text)


@pytest.fixture
def folder(tmp_path, made_files):
    """Return a folder with a spectrum and a recipe; beside it stands a file of somebody else."""
    (tmp_path / "secret.txt").write_text("Binding Energy (eV)\tCounts\n1\t2\n2\t3\n3\t4\n")
    work = tmp_path / "work"
    work.mkdir()
    (work / "pellet.vms").write_bytes(made_files["vamas"])
    (work / "s2p.toml").write_text(RECIPE)
    return work


def test_each_tool_answers_and_a_fit_carries_the_gate(folder):
    tools, answers = talk(
        folder,
        ("inspect", {"path": "pellet.vms"}),
        ("fit", {"paths": ["pellet.vms"], "recipe": "s2p.toml", "output": "out"}),
        ("review", {"results": "out"}),
        ("report", {"project": "out", "output": "paper", "formats": "html"}),
    )
    assert tools == {"inspect", "fit", "review", "report"}
    listed, fitted, reviewed, reported = map(content, answers)
    assert [s["region"] for s in listed["spectra"]] == ["S 2p", "P 2p"]
    assert [fit["region"] for fit in fitted["fits"]] == ["S 2p"]
    # the file holds one line of 1.7 eV in place of a doublet: no good fit, and that is said
    assert fitted["gate"]["pass"] is False
    assert any(note["severity"] != "note" for note in fitted["gate"]["notes"])
    assert all(note["message"] for note in fitted["gate"]["notes"])
    assert reviewed["gate"] == fitted["gate"]
    assert any(name.endswith(".html") for name in reported["written"])
    assert (folder / reported["written"][0]).is_file()


def test_files_outside_of_the_folder_are_refused(folder):
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    inner = folder / "inner"
    inner.mkdir()
    (inner / "link.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "own.toml").write_text('template = "../secret.txt"\n' + RECIPE)
    (folder / "gap.toml").write_text('template = "../a folder/secret file"\n' + RECIPE)
    calls = [
        ("inspect", {"path": "../secret.txt"}),
        ("inspect", {"path": str(folder.parent / "secret.txt")}),
        ("inspect", {"path": "link.txt"}),
        ("inspect", {"path": "inner"}),
        ("review", {"results": ".."}),
        ("fit", {"paths": ["pellet.vms"], "recipe": "own.toml", "output": "out"}),
        ("fit", {"paths": ["pellet.vms"], "recipe": "gap.toml", "output": "out"}),
        ("fit", {"paths": ["pellet.vms"], "recipe": "s2p.toml", "output": "../out"}),
        ("fit", {"paths": ["../secret.txt"], "recipe": "s2p.toml", "output": "out"}),
        ("report", {"project": "../work.doublet", "output": "paper"}),
    ]
    _, answers = talk(folder, *calls)
    for call, answer in zip(calls, answers, strict=True):
        assert answer.is_error, call
        assert "lies outside of" in answer.content[0].text, call
    assert not (folder.parent / "out").exists()


def test_what_a_command_refuses_is_the_answer(folder):
    (folder / "noise.bin").write_bytes(bytes(range(256)))
    calls = [
        ("inspect", {"path": "noise.bin"}),
        ("inspect", {"path": "absent.vms"}),
        ("fit", {"paths": ["pellet.vms"], "output": "out"}),
        ("fit", {"paths": ["pellet.vms"], "preset": "no-such", "output": "out"}),
        ("review", {"results": "s2p.toml"}),
    ]
    words = ("binary file", "does not exist", "either a recipe or", "no-such", "no results")
    _, answers = talk(folder, *calls)
    for answer, word in zip(answers, words, strict=True):
        assert answer.is_error and word in answer.content[0].text, answer.content[0].text


def test_the_gate_opens_only_for_what_the_referee_lets_pass():
    from doublet.app.cli.mcp_tools import gate

    good = {"fits": [{"id": "fit-1", "status": "converged", "warnings": []}]}
    noted = {"severity": "note", "message": "m", "advice": "a"}
    graver = noted | {"severity": "warning"}
    assert gate(good)["pass"]
    assert gate({"fits": [good["fits"][0] | {"warnings": [noted]}]})["pass"]
    assert not gate({"fits": [good["fits"][0] | {"warnings": [graver]}]})["pass"]
    assert not gate({"fits": [good["fits"][0] | {"status": "stopped", "message": "m"}]})["pass"]
    assert not gate(good | {"failures": ["a file"]})["pass"]
    assert not gate(good | {"interrupted": True})["pass"]
    counted = [{"name": "a / b", "scope": "counting alone"}]
    assert not gate(good | {"ratios": counted})["pass"]
    assert gate(good | {"ratios": [{"name": "a / b", "scope": "all rows"}]})["pass"]
    assert not gate({"fits": []})["pass"]
