"""Files that are there whole or not at all."""

import contextlib
import os
import shutil
from pathlib import Path


@contextlib.contextmanager
def replacing(path):
    """A temporary path beside `path` that takes its place when the block ends without error.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "metrics.json")
    >>> with replacing(path) as temporary:
    ...     written = temporary.write_text("{}")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('{}', 1)
    """
    path = Path(path)
    # The suffix stays: formats are told from it.
    temporary = path.with_name(f".writing-{os.getpid()}-{path.name}")
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text):
    """Writes a text file at once."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def remove_leftovers(directory):
    """Removes what a run that was killed while writing left in `directory`."""
    for path in Path(directory).glob(".writing-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _flush(path):
    """Brings a file to the disk before its new name is there, for the case of a power cut."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
