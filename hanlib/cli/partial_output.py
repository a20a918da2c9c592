"""An output file that is written in parts, so that a killed run can be resumed."""

import contextlib
import json
import os
from pathlib import Path

from hanlib import atomic_files
from hanlib.cli.errors import UsageError


class PartialOutput:
    """A context that collects JSON lines beside an output file, and records its progress.

    At the end, `finish` converts the lines to the output file. An error removes the lines. If the
    process is killed or interrupted by Ctrl-C, or the disk is full, they stay, so that the run can
    be resumed.

    Args:
        path: The output file.
        finish: Function `(partial, temporary)` that converts the lines in the file `partial` to the
            output format and writes them to the path `temporary`.
        run: A JSON object that describes the run. Only the same run can be resumed.
        resume: Whether to continue an earlier run that was stopped.
        resumable: Whether the run can be resumed; otherwise the lines never stay.

    Attributes:
        file: The open file of lines.
        done: The number of documents in the file from the earlier run.

    Raises:
        UsageError: If the earlier run was different, or is still running.

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
        keep = False
        try:
            with atomic_files.naming(self._partial):
                if error is not None:
                    raise error
                self._sync()
                with atomic_files.replacing(self.path) as temporary:
                    self._finish(self._partial, temporary)
        except BaseException as failure:
            stopped = isinstance(failure, OSError) or not isinstance(failure, Exception)
            keep = stopped and self._resumable
            raise
        finally:
            # On a full disk, closing fails too.
            with contextlib.suppress(OSError):
                self.file.close()
            if not keep:
                for path in (self._partial, self._note):
                    path.unlink(missing_ok=True)

    def reached(self, documents):
        """Records that the file contains the answers for this number of documents."""
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
                f"--resume cannot continue {self._partial}: {', '.join(changed)} changed. "
                "Leave out --resume to start again"
            )
        if self._partial.stat().st_size < note["bytes"]:
            raise UsageError(f"{self._partial} is damaged: leave out --resume to start again")
        return note["documents"], note["bytes"]


def _lock(file, path):
    """Locks the file until the process ends."""
    with contextlib.suppress(ImportError):  # Windows
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise UsageError(f"another run is writing {path}") from None
