"""The versions of a model: folders whose names are numbers, as TensorFlow Serving expects them."""

import contextlib
from pathlib import Path

from hanlib.atomic_files import publish


def publish_next(temporary, base):
    """Renames a finished folder to the next version of `base`.

    If two processes publish at the same time, the second gets the following number.

    >>> import tempfile
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
