"""Files are whole or not there, and nothing but a file is ever replaced."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from spectra_core.errors import WriteError
from spectra_core.writers.atomic import replacing, write_pieces, write_text

ROOT = Path(__file__).resolve().parents[2]


def test_a_file_is_replaced_whole_and_kept_if_writing_fails(tmp_path):
    file = tmp_path / "results.json"
    write_text("first", file)
    with pytest.raises(ZeroDivisionError), replacing(file) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert file.read_text() == "first"
    write_pieces((part for part in (b"sec", b"ond")), file)
    assert file.read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path):
    target, link = tmp_path / "far" / "results.json", tmp_path / "link.json"
    target.parent.mkdir()
    link.symlink_to(target)
    for text in ("made", "replaced"):
        write_text(text, link)
        assert link.is_symlink() and not target.is_symlink()
        assert target.read_text() == text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_written_through_and_stays_a_pipe(tmp_path):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_text("through", pipe)
    reader.join(10.0)
    assert got == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.skipif(not hasattr(os, "mknod"), reason="there are no device files here")
def test_a_device_is_written_through_and_stays_a_device(tmp_path):
    device = tmp_path / "null"
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        device.write_bytes(b"")
    except OSError:
        pytest.skip("device files may not be made here")
    write_text("gone", device)
    assert stat.S_ISCHR(device.stat().st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="streams have no names here")
def test_a_stream_of_this_process_is_written_to_wherever_it_leads(tmp_path):
    code = (
        "import sys; from spectra_core.writers.atomic import write_text\n"
        "print('before', flush=True); write_text('written\\n', '/dev/stdout'); print('after')"
    )
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    piped = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert piped.stdout.split() == ["before", "written", "after"], piped.stderr
    for mode in ("w", "a"):
        file = tmp_path / f"out-{mode}.txt"
        with file.open(mode) as target:
            subprocess.run(command, env=environment, stdout=target, check=True)
        assert file.read_text().split() == ["before", "written", "after"]


def test_a_folder_or_a_missing_right_is_said(tmp_path):
    with pytest.raises(WriteError, match="cannot be written"):
        write_text("text", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="cannot be written"):
        write_text("text", tmp_path / "file" / "below")
