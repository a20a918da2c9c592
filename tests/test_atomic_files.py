"""Files and folders that are there whole or not at all."""

import contextlib
import errno
import os
import signal
import subprocess
import sys

import pytest

from hanlib import atomic_files


def test_a_file_is_replaced_whole_or_stays(tmp_path):
    path = tmp_path / "a.txt"
    atomic_files.write_text(path, "one")
    with contextlib.suppress(KeyboardInterrupt), atomic_files.replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_a_full_disk_names_the_file(tmp_path):
    path = tmp_path / "a.txt"
    full = pytest.raises(OSError, match=r"No space left on device: .*a\.txt")
    with full, atomic_files.replacing(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    # An error of something else is not one of this file.
    with pytest.raises(BrokenPipeError) as caught, atomic_files.replacing(path):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")
    assert caught.value.filename is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_published_once(tmp_path):
    with atomic_files.writing_folder(tmp_path) as temporary:
        (temporary / "a.txt").write_text("a")
        atomic_files.publish(temporary, tmp_path / "1")
    assert [path.name for path in tmp_path.rglob("*")] == ["1", "a.txt"]
    refused = pytest.raises(FileExistsError, match="`directory` must be new or empty")
    with atomic_files.writing_folder(tmp_path) as temporary, refused:
        atomic_files.publish(temporary, tmp_path / "1")
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_leftovers_go_and_what_is_being_written_stays(tmp_path):
    program = (
        "import os, signal, sys; from hanlib import atomic_files\n"
        "with atomic_files.writing_folder(sys.argv[1]), atomic_files.replacing("
        "sys.argv[1] + '/a.txt') as temporary:\n"
        "    temporary.write_text('half'); print('written', flush=True); signal.pause()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        atomic_files.remove_leftovers(tmp_path)
        assert len(list(tmp_path.iterdir())) == 2
        os.kill(process.pid, signal.SIGKILL)
    atomic_files.remove_leftovers(tmp_path)
    assert not list(tmp_path.iterdir())
