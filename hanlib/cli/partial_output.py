"""The answers of a run, written so that a killed run can be resumed."""

import contextlib
import json
import os
from pathlib import Path

from hanlib import atomic_files
from hanlib.cli.errors import UsageError


class PartialOutput:
    """JSON lines that are written beside an output file, with a note of how far they are.

    As a context it opens them. Without an error, `finish` then makes the output file of them; an
    error removes them; a kill, or Ctrl-C, leaves them to be resumed.

    Args:
        path: The file to make.
        finish: Function `(partial, temporary)` that writes the output of the lines in the file
            `partial` to the path `temporary`.
        run: A JSON object that describes the run: another run cannot be resumed.
        resume: Whether to go on where an earlier run was stopped.
        resumable: Whether that can be done at all; else Ctrl-C leaves nothing.

    Attributes:
        file: The open file of lines.
        done: The number of documents that are in it from the earlier run.

    Raises:
        UsageError: If the earlier run was another, or is still going on.

    >>> import shutil, tempfile
    >>> path = Path(tempfile.mkdtemp(), "answers.jsonl")
    >>> with PartialOutput(path, shutil.copyfile, {"input": "a.csv"}) as output:
    ...     written = output.file.write("one answer")
    ...     output.reached(1)
    ...     path.exists()
    False
    >>> path.read_text()
    'one answer'
    """

    def __init__(self, path, finish, run, resume=False, resumable=True):
        self.path, self._finish, self._run, self._resumable = Path(path), finish, run, resumable
        self._partial = self.path.with_name(f"{self.path.name}.partial")
        self._note = self.path.with_name(f"{self.path.name}.partial.json")
        found = resume and self._partial.exists() and self._note.exists()
        self.done, self._size = self._earlier() if found else (0, 0)

    def __enter__(self):
        self.file = open(self._partial, "a", encoding="utf-8", newline="")
        _lock(self.file, self._partial)
        self.file.truncate(self._size)
        self.reached(self.done)
        return self

    def __exit__(self, kind, error, traceback):
        keep = kind is not None and not issubclass(kind, Exception) and self._resumable
        try:
            if kind is None:
                self._sync()
                with atomic_files.replacing(self.path) as temporary:
                    self._finish(self._partial, temporary)
        finally:
            self.file.close()
            if not keep:
                for path in (self._partial, self._note):
                    path.unlink(missing_ok=True)

    def reached(self, documents):
        """Notes that the file holds the answers for this number of documents."""
        self._sync()
        size = os.fstat(self.file.fileno()).st_size
        note = {"run": self._run, "documents": documents, "bytes": size}
        atomic_files.write_text(self._note, json.dumps(note))

    def _sync(self):
        self.file.flush()
        os.fsync(self.file.fileno())

    def _earlier(self):
        note = json.loads(self._note.read_text(encoding="utf-8"))
        old, new = note["run"], json.loads(json.dumps(self._run))
        changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        if changed:
            raise UsageError(
                f"--resume needs the run that wrote {self._partial}: {', '.join(changed)} changed "
                "since. Leave out --resume to start anew"
            )
        if self._partial.stat().st_size < note["bytes"]:
            raise UsageError(f"{self._partial} is damaged: leave out --resume to start anew")
        return note["documents"], note["bytes"]


def _lock(file, path):
    """Held by the process until it ends, however it does."""
    with contextlib.suppress(ImportError):  # Windows
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise UsageError(f"another run is writing {path}") from None
