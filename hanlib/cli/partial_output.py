"""An output file that is there when it is complete, and a run towards it that can be resumed."""

import contextlib
import json
import os
from pathlib import Path

from hanlib.cli.errors import UsageError


class PartialOutput:
    """A text file that is written beside its place, with a note of how far it is.

    As a context it opens the file. Without an error it then takes its place; an error removes it;
    a kill, or Ctrl-C, leaves it to be resumed.

    Args:
        path: The file to make.
        run: A JSON object that says what is written: another run cannot be resumed.
        resume: Whether to go on where an earlier run was stopped.
        resumable: Whether that can be done at all; else Ctrl-C leaves nothing.

    Attributes:
        file: The open text file.
        done: The number of documents that are in it from the earlier run.

    Raises:
        UsageError: If the earlier run was another, or is still going on.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "answers.jsonl")
    >>> with PartialOutput(path, {"input": "a.csv"}) as output:
    ...     written = output.file.write("one answer")
    ...     output.reached(1)
    ...     path.exists()
    False
    >>> path.read_text()
    'one answer'
    """

    def __init__(self, path, run, resume=False, resumable=True):
        self.path, self._run, self._resumable = Path(path), run, resumable
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
        if kind is None:
            self._sync()
        self.file.close()
        if kind is None:
            os.replace(self._partial, self.path)
        if kind is None or issubclass(kind, Exception) or not self._resumable:
            for path in (self._partial, self._note):
                path.unlink(missing_ok=True)

    def reached(self, documents):
        """Notes that the file holds the answers to so many documents."""
        self._sync()
        size = os.fstat(self.file.fileno()).st_size
        note = {"run": self._run, "documents": documents, "bytes": size}
        temporary = self._note.with_name(f".writing-{self._note.name}")
        try:
            temporary.write_text(json.dumps(note), encoding="utf-8")
            os.replace(temporary, self._note)
        finally:
            temporary.unlink(missing_ok=True)

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
