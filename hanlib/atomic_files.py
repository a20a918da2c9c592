"""Writes files and folders atomically: complete or not at all, even after a crash or power failure.

Everything is written under a temporary name beside its target, flushed to the disk, and renamed.
"""

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

# The name is not a number, so a server that watches a folder of versions ignores it.
PREFIX = ".writing-"
_FAILED_WRITES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


@contextlib.contextmanager
def replacing(path):
    """A context with a temporary path, renamed to `path` if the block raises no error.

    >>> path = Path(tempfile.mkdtemp(), "metrics.json")
    >>> with replacing(path) as temporary:
    ...     written = temporary.write_text("{}")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('{}', 1)
    """
    path = Path(path)
    # The suffix is kept, because some writers choose the format by it.
    temporary = path.with_name(f"{PREFIX}{os.getpid()}-{path.name}")
    try:
        with naming(path):
            yield temporary
            flush(temporary)
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text, errors="strict"):
    """Writes a text file in UTF-8 at once; `errors` is that of `str.encode`."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors=errors, newline="\n")


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


@contextlib.contextmanager
def creating(directory):
    """A context with a temporary folder, renamed to `directory` if the block raises no error.

    Raises:
        FileExistsError: if `directory` exists and is not an empty folder.

    >>> parent = Path(tempfile.mkdtemp())
    >>> with creating(parent / "1") as temporary:
    ...     written = (temporary / "a.txt").write_text("a")
    >>> [path.name for path in parent.iterdir()]
    ['1']
    """
    directory = Path(directory)
    with writing_folder(directory.parent) as temporary:
        # `mkdtemp` makes folders that only their owner can read.
        folder = temporary / directory.name
        folder.mkdir()
        yield folder
        publish(folder, directory)


@contextlib.contextmanager
def waiting_for(folder):
    """A context with a folder, created if necessary, in which no other process is meanwhile.

    >>> with waiting_for(Path(tempfile.mkdtemp()) / "cache") as folder:
    ...     folder.is_dir()
    True
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY) if fcntl is not None else None
    try:
        if lock is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        if lock is not None:
            os.close(lock)


def publish(temporary, directory):
    """Renames a finished folder to `directory`.

    Raises:
        FileExistsError: if `directory` exists and is not an empty folder.
    """
    flush(temporary)
    try:
        os.rename(temporary, directory)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            message = f"`directory` must be new or empty. Received: {directory}"
            raise FileExistsError(message) from error
        raise


def remove(folder):
    """Removes a folder. It is renamed first, so a kill cannot leave a part of it."""
    folder = Path(folder)
    remove_leftovers(folder.parent)
    away = folder.with_name(f"{PREFIX}{os.getpid()}-{folder.name}")
    os.replace(folder, away)
    shutil.rmtree(away)


def move(path, target, replaced):
    """Moves a complete file or folder to `target`, which it replaces.

    Args:
        path, target: Paths on the same file system.
        replaced: The temporary name of a folder that is replaced, until `path` is moved.
    """
    if path.is_dir():
        shutil.rmtree(replaced, ignore_errors=True)
        if target.exists():
            os.replace(target, replaced)
    os.replace(path, target)


def flush(path):
    """Writes a file, or all files of a folder, to the disk, in case of a power failure."""
    path = Path(path)
    files = (found for found in path.rglob("*") if found.is_file()) if path.is_dir() else [path]
    for file in files:
        with naming(file), open(file, "rb") as opened:
            os.fsync(opened.fileno())


def remove_leftovers(parent):
    """Removes the files and folders that killed processes left in `parent`."""
    for path in Path(parent).glob(f"{PREFIX}*"):
        if not path.is_dir():
            if not _is_alive(path.name.removeprefix(PREFIX).partition("-")[0]):
                path.unlink(missing_ok=True)
        elif fcntl is not None:
            with contextlib.suppress(OSError), _locked(path):
                shutil.rmtree(path, ignore_errors=True)


def _is_alive(process):
    if not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return int(process) != os.getpid()


@contextlib.contextmanager
def naming(path):
    """Adds the file name to the error of a write that failed, for instance on a full disk.

    >>> with naming("model.bin"):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    OSError: [Errno 28] No space left on device: 'model.bin'
    """
    try:
        yield
    except OSError as error:
        # Others, such as a broken pipe, are not errors of this file.
        if error.filename is None and error.errno in _FAILED_WRITES:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


@contextlib.contextmanager
def _locked(folder):
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(lock)


def _locked_folder(parent):
    while True:
        temporary = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        if fcntl is None:
            return temporary, None
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(temporary, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Another process may have removed the folder before it was locked.
            if temporary.exists():
                return temporary, lock
            os.close(lock)
