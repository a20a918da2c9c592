"""Writes version folders of a model atomically, even if the process is killed."""

import contextlib
import errno
import os
import shutil
import tempfile
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

# The name is not a number, so a server that watches the folder ignores it.
_PREFIX = ".writing-"


@contextlib.contextmanager
def writing_folder(parent):
    """A context with a temporary folder in `parent`, which is removed at the end.

    The folders that killed processes left in `parent` are removed first. A running process holds a
    lock on its folder.

    >>> parent = Path(tempfile.mkdtemp())
    >>> (parent / ".writing-left").mkdir()
    >>> with writing_folder(parent) as temporary:
    ...     [path == temporary for path in parent.iterdir()]
    [True]
    >>> list(parent.iterdir())
    []
    """
    parent = Path(parent)
    parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(parent)
    temporary, lock = _locked_folder(parent)
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def publish(temporary, directory):
    """Renames a finished folder to `directory`.

    Raises:
        FileExistsError: if `directory` exists and is not an empty folder.
    """
    _flush(temporary)
    try:
        os.rename(temporary, directory)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise FileExistsError(f"`directory` must be new or empty. Received: {directory}") from (
                error
            )
        raise


def publish_next(temporary, base):
    """Renames a finished folder to the next version of `base`.

    If two processes publish at the same time, the second gets the following number.

    >>> base = Path(tempfile.mkdtemp())
    >>> for content in "ab":
    ...     (base / "new").mkdir()
    ...     written = (base / "new" / content).write_text(content)
    ...     print(publish_next(base / "new", base).name)
    1
    2
    """
    while True:
        directory = Path(base) / str(latest(base) + 1)
        with contextlib.suppress(FileExistsError):
            publish(temporary, directory)
            return directory


def latest(base):
    """The highest version in `base`, or 0 if there is none.

    >>> latest("no such folder")
    0
    """
    return max(numbers(base), default=0)


def numbers(base):
    """The version numbers in `base`, in ascending order."""
    names = [path.name for path in Path(base).glob("*")]
    return sorted(int(name) for name in names if name.isascii() and name.isdecimal())


def remove_leftovers(parent):
    """Removes the folders that killed processes left in `parent`."""
    if fcntl is None:
        return
    for path in Path(parent).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


@contextlib.contextmanager
def naming(path):
    """Adds the file name to an `OSError` without one, for instance when the disk is full.

    >>> with naming("model.bin"):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    OSError: [Errno 28] No space left on device: 'model.bin'
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _locked_folder(parent):
    while True:
        temporary = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        if fcntl is None:
            return temporary, None
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(temporary, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Another process may have removed the folder before it was locked.
            if temporary.exists():
                return temporary, lock
            os.close(lock)


def _flush(folder):
    """Writes all files to the disk before the folder is renamed, in case of a power failure."""
    for path in Path(folder).rglob("*"):
        if path.is_file():
            with naming(path), open(path, "rb") as file:
                os.fsync(file.fileno())
