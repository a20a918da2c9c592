"""The sources of a corpus: files in one format, or one folder per class."""

import dataclasses
import glob
import gzip
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hanlib.data import formats
from hanlib.data.corpus import DataError
from hanlib.data.formats import Row
from hanlib.data.splitting import split_code
from hanlib.data.text_lines import Encoding, text_lines

# Folders of documents without labels, as in aclImdb, are not classes.
UNLABELLED_FOLDERS = ("unsup", "unsupervised", "unlabeled", "unlabelled")
_KNOWN = ".csv, .tsv, .jsonl, .tfrecord (each also .gz), .parquet"
# Bytes at the start and at the end of a file that its digest covers.
_DIGESTED = 65_536


@dataclass(frozen=True)
class TabularSource:
    """One file, or several files of the same format, read in order.

    Attributes:
        name: name for messages.
        files: pairs of a path and the split according to its name, or None.
        file_format: "csv", "tsv", "jsonl", "parquet" or "tfrecord".
        encoding: an `Encoding`.
    """

    name: str
    files: tuple[tuple[Path, int | None], ...]
    file_format: str
    encoding: Encoding

    def columns(self) -> list[str]:
        """The columns that all files have, in the order of the first file."""
        of_files = [self._columns_of(path) for path, _ in self.files]
        common = set(of_files[0]).intersection(*of_files[1:])
        if self.file_format not in ("jsonl", "tfrecord") and not common:
            raise DataError(f"the files of {self.name} have no column in common")
        return [column for column in of_files[0] if column in common]

    def _columns_of(self, path):
        return formats.column_names(path, self.file_format, self.encoding)

    def rows(self, columns=None) -> Iterator[tuple[str, int | None, Row]]:
        """Streams `(file name, split or None, row)`."""
        for path, split in self.files:
            for row in formats.read_rows(path, self.file_format, self.encoding, columns):
                yield path.name, split, row

    def parts(self):
        """One source per file."""
        return [dataclasses.replace(self, files=(file,)) for file in self.files]

    def state(self):
        """Sizes and times of the files, to detect changes."""
        return tuple((path.stat().st_size, path.stat().st_mtime_ns) for path, _ in self.files)

    def size(self):
        """The bytes of all files."""
        return sum(size for size, _ in self.state())

    def digest(self):
        """A digest that changes with the files, which takes no time for large ones.

        It covers the name, size and time of change of each file, and its first and last 64 KB.
        """
        hashed = hashlib.blake2b(digest_size=16)
        for (path, split), state in zip(self.files, self.state(), strict=True):
            hashed.update(repr((path.name, split, state)).encode())
            with path.open("rb") as file:
                hashed.update(file.read(_DIGESTED))
                file.seek(max(state[0] - _DIGESTED, 0))
                hashed.update(file.read())
        return hashed.hexdigest()


@dataclass(frozen=True)
class ClassFolders:
    """One text file per document, in folders named after the classes.

    The attributes are those of `TabularSource`, but with `folders` instead of `files`: tuples
    `(split or None, class name, folder)`.
    """

    name: str
    folders: tuple[tuple[int | None, str, Path], ...]
    encoding: Encoding

    def columns(self) -> list[str]:
        """The columns "text" and "label", as of a table."""
        return ["text", "label"]

    def rows(self, columns=None) -> Iterator[tuple[str, int | None, Row]]:
        """Streams `(file name, split or None, row)`, one row per file."""
        for split, label, folder in self.folders:
            for path in _text_files(folder):
                text = "".join(text_lines(path, self.encoding))
                yield f"{label}/{path.name}", split, Row(1, {"text": text, "label": label})

    def parts(self):
        """One source per folder."""
        return [dataclasses.replace(self, folders=(folder,)) for folder in self.folders]

    def state(self):
        """Times of the folders, to detect files that were added or removed."""
        return tuple(folder.stat().st_mtime_ns for _, _, folder in self.folders)

    def size(self):
        """0: the files are too many to look at each of them."""
        return 0

    def digest(self):
        """No digest: the files are too many to look at each of them."""


def find_source(path, encoding):
    """The source at a path, or the files that match a pattern such as `data/part-*.jsonl.gz`.

    Raises:
        DataError: the format is unknown, no file matches, or a folder contains nothing to read.
    """
    if is_pattern(path):
        return _matching(str(path), encoding)
    path = Path(path)
    if path.is_dir():
        return _folder_source(path, encoding)
    file_format = formats.format_of(path)
    if file_format in (None, "text"):
        raise DataError(
            f"`dataset` must be a file of a known format. Expected: {_KNOWN}, or a folder. "
            f"Received: {path.name!r}"
        )
    _check_not_empty(path)
    return TabularSource(path.name, ((path, None),), file_format, encoding)


def is_pattern(path):
    """Whether a path is a pattern with `*`, `?` or `[...]`, and not an existing file.

    >>> is_pattern("part-*.csv"), is_pattern("part-1.csv")
    (True, False)
    """
    return glob.has_magic(str(path)) and not os.path.exists(path)


def _matching(pattern, encoding):
    paths = [Path(path) for path in sorted(glob.glob(pattern, recursive=True))]
    paths = [path for path in paths if path.is_file()]
    unknown = [path.name for path in paths if formats.format_of(path) in (None, "text")]
    if not paths or unknown:
        came = f"{unknown[0]!r}" if unknown else "no such file"
        raise DataError(
            f"`dataset` {pattern!r} must match files of one known format. Expected: {_KNOWN}. "
            f"Received: {came}"
        )
    name = paths[0].name if len(paths) == 1 else Path(os.path.abspath(paths[0])).parent.name
    return _shards(name, paths, encoding)


def _folder_source(folder, encoding):
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "_")))
    tables = [e for e in entries if e.is_file() and formats.format_of(e) not in (None, "text")]
    if tables:
        return _shards(folder.name, tables, encoding)
    inner = [entry for entry in entries if entry.is_dir()]
    folders = []
    if inner and all(split_code(entry.name) is not None for entry in inner):
        for entry in inner:
            folders += _class_folders(entry, split_code(entry.name))
    else:
        folders = _class_folders(folder, None)
    if not folders:
        raise DataError(
            f"{folder.name} holds nothing to read. Expected: files of one kind ({_KNOWN}), or "
            "one folder per class with .txt files, or such folders inside train and test. "
            f"Received: {', '.join(e.name for e in entries[:5]) or 'an empty folder'}"
        )
    return ClassFolders(folder.name, tuple(folders), encoding)


def _class_folders(folder, split):
    inner = sorted(entry for entry in folder.iterdir() if entry.is_dir())
    return [
        (split, entry.name, entry)
        for entry in inner
        if entry.name not in UNLABELLED_FOLDERS and next(_text_files(entry), None)
    ]


def _text_files(folder):
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if formats.format_of(entry.name) == "text"]
    return (folder / name for name in sorted(names))


def _shards(name, paths, encoding):
    """Files of one format; their names determine the split only if all of them name one."""
    kinds = sorted({formats.format_of(path) for path in paths})
    if len(kinds) > 1:
        raise DataError(f"{name} must hold files of one kind. Received: {', '.join(kinds)}")
    for path in paths:
        _check_not_empty(path)
    splits = [split_code(re.match("[A-Za-z]*", path.name).group()) for path in paths]
    if None in splits:
        splits = [None] * len(paths)
    return TabularSource(name, tuple(zip(paths, splits, strict=True)), kinds[0], encoding)


def _check_not_empty(path):
    size = path.stat().st_size
    if size and path.suffix.lower() == ".gz":
        try:
            with gzip.open(path) as file:
                size = len(file.read(1))
        except (gzip.BadGzipFile, EOFError) as error:
            raise DataError(f"{path.name} is not a complete gzip file: {error}") from error
    if not size:
        raise DataError(f"{path.name} is an empty file. Expected: rows of text and label")
