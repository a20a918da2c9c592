"""The versions of a model: which are there, which are loaded, which answer.

As TensorFlow Serving does it, a new version is loaded before the old one is let go, and one that
fails to load changes nothing.
"""

import gc
import logging
import re
from pathlib import Path

from hanlib.serving.server.status import StatusError, invalid

_LOG = logging.getLogger("hanlib.serve")
_NUMBER = re.compile(r"[0-9]{1,19}")


class Versions:
    """The versions of one model.

    Args:
        name: The model's name in URLs.
        base: Folder that holds a folder for each version.
        load: Makes a servable of a version's folder; raises where it cannot.
        keep: How many of the highest versions answer.
        labels: `{label: version}`; versions with a label stay loaded as well.
        only: The one version that is served, where `base` is not watched.
    """

    def __init__(self, name, base, load, keep=1, labels=None, only=None):
        self.name, self.base, self._load = name, Path(base), load
        self._keep, self.labels, self._only = keep, labels or {}, only
        self._loaded, self._states, self._failed = {}, {}, {}

    @property
    def loaded(self):
        """The numbers of the versions that answer, the highest last."""
        return sorted(self._loaded)

    def servable(self, name, version=None, label=None):
        """`(version, servable)` for a request.

        Raises:
            StatusError: with TensorFlow Serving's message.
        """
        if label is not None:
            version = self._labelled(name, label)
        if name == self.name and self._loaded:
            number = self.loaded[-1] if version is None else version
            servable = self._loaded.get(number)
            if servable is not None:
                return number, servable
        asked = f"Latest({name})" if version is None else f"Specific({name}, {version})"
        raise StatusError("NOT_FOUND", f"Servable not found for request: {asked}")

    def _labelled(self, name, label):
        if name != self.name or label not in self.labels:
            raise invalid(f"Unrecognized servable version label: {label}")
        return self.labels[label]

    def status(self, name, version=None, label=None):
        """`[(version, state, error code, error message)]`, the highest version first.

        Raises:
            StatusError: with TensorFlow Serving's message.
        """
        if label is not None:
            version = self._labelled(name, label)
        states = self._states if name == self.name else {}
        if version is not None and version not in states:
            raise StatusError("NOT_FOUND", f"Could not find version {version} of model {name}")
        if not states:
            raise StatusError("NOT_FOUND", f"Could not find any versions of model {name}")
        numbers = sorted(states, reverse=True) if version is None else [version]
        return [(number, *states[number]) for number in numbers]

    def refresh(self):
        """Looks at the folder once: loads what is new, lets go what is old.

        It takes as long as loading takes; answers come from the versions before meanwhile.
        """
        found = self._found()
        while not all(self._have(number, found[number]) for number in self._wanted(found)):
            pass  # What failed is no longer wanted, and the next lower may be.
        wanted = set(self._wanted(found))
        for number in set(self._loaded) - wanted:
            if wanted & set(self._loaded) or not found:
                self._unload(number)

    def _found(self):
        """`{version: folder}` of the versions in place."""
        if self._only is not None:
            return {self._only: self.base}
        folders = {
            int(folder.name): folder
            for folder in self.base.iterdir()
            if _NUMBER.fullmatch(folder.name) and int(folder.name) < 2**63
        }
        return {number: folders[number] for number in sorted(folders)}

    def _wanted(self, found):
        """The highest versions that can be had, and those with a label."""
        good = [n for n in found if n not in self._failed or self._failed[n] != _stamp(found[n])]
        newest = good[-self._keep :]
        return [n for n in good if n in newest or n in self.labels.values()]

    def _have(self, number, folder):
        """Whether a version is loaded; tries to load it where it is not."""
        if number in self._loaded:
            return True
        stamp = _stamp(folder)
        self._states[number] = ("LOADING", "OK", "")
        try:
            servable = self._load(folder)
        # TensorFlow raises whatever its parts raise; the versions before go on answering.
        except Exception as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
            self._failed[number] = stamp
            self._states[number] = ("END", "UNKNOWN", reason)
            if self._loaded:
                _LOG.warning("version %d of %s cannot be loaded: %s", number, self.name, reason)
            return False
        self._failed.pop(number, None)
        self._loaded = {**self._loaded, number: servable}
        self._states[number] = ("AVAILABLE", "OK", "")
        _LOG.info("version %d of %s answers", number, self.name)
        return True

    def _unload(self, number):
        self._states[number] = ("UNLOADING", "OK", "")
        # Requests that run with it hold it until they are done.
        self._loaded = {n: servable for n, servable in self._loaded.items() if n != number}
        gc.collect()
        self._states[number] = ("END", "OK", "")
        _LOG.info("version %d of %s was let go", number, self.name)


def _stamp(folder):
    """Changes when something in a version's folder is written."""
    try:
        files = [path.stat() for path in Path(folder).rglob("*")]
    except OSError:  # It goes away meanwhile.
        return None
    return len(files), max((file.st_mtime_ns for file in files), default=0)
