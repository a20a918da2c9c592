"""Files and folders that are there whole or not at all, also after a crash or a power cut.

What is written gets a temporary name beside its target, is brought to the disk, and is renamed.
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

# Not a number and not a visible name: a server that watches a folder of versions ignores it.
PREFIX = ".writing-"


@contextlib.contextmanager
def replacing(path):
    """A temporary path beside `path`, for a file that replaces it if the block raises no error.

    >>> path = Path(tempfile.mkdtemp(), "metrics.json")
    >>> with replacing(path) as temporary:
    ...     written = temporary.write_text("{}")
    >>> path.read_text(), len(list(path.parent.iterdir()))
    ('{}', 1)
    """
    path = Path(path)
    # The suffix stays: some writers choose their format by it.
    temporary = path.with_name(f"{PREFIX}{os.getpid()}-{path.name}")
    try:
        yield temporary
        flush(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path, text):
    """Writes a text file in UTF-8 at once."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def writing_folder(parent):
    """A temporary folder in `parent`, removed at the end unless it was renamed by then.

    First, what killed processes left in `parent` is removed; a process that is still alive holds
    a lock on its folder.

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


def publish(temporary, folder):
    """Renames a finished folder to `folder`, which must not exist or be empty.

    Raises:
        FileExistsError: if `folder` exists and is not an empty folder.

    >>> parent = Path(tempfile.mkdtemp())
    >>> with writing_folder(parent) as temporary:
    ...     written = (temporary / "a.txt").write_text("a")
    ...     publish(temporary, parent / "1")
    >>> [path.name for path in parent.iterdir()]
    ['1']
    """
    flush(temporary)
    try:
        os.rename(temporary, folder)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            message = f"`folder` must be new or empty. Received: {folder}"
            raise FileExistsError(message) from error
        raise


def flush(path):
    """Brings a file, or all files of a folder, to the disk before it gets its name."""
    path = Path(path)
    files = (found for found in path.rglob("*") if found.is_file()) if path.is_dir() else [path]
    for file in files:
        with naming(file), open(file, "rb") as opened:
            os.fsync(opened.fileno())


def remove_leftovers(parent):
    """Removes what killed processes left in `parent`; what a living process writes stays."""
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
    """Names the file in an `OSError` of writing, such as of a full disk, that does not.

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
            # Another process may have removed it as a leftover before it was locked.
            if temporary.exists():
                return temporary, lock
            os.close(lock)
