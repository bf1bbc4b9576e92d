"""Files are whole or not there, and nothing but a file is ever replaced."""

import os
import stat
import threading

import pytest

from spectra_core.errors import WriteError
from spectra_core.writers.atomic import replacing, write_pieces, write_text


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


def test_a_folder_or_a_missing_right_is_said(tmp_path):
    with pytest.raises(WriteError, match="cannot be written"):
        write_text("text", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match="cannot be written"):
        write_text("text", tmp_path / "file" / "below")
