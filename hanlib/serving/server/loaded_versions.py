"""Loads and unloads the versions of a model when its folder changes.

As in TensorFlow Serving, a new version is loaded before the old one is unloaded. If it cannot be
loaded, the old one stays.
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
        name: The name of the model in URLs.
        base: Folder that contains a folder for each version.
        load: Function from the folder of a version to a servable; it raises an error on failure.
        keep: Number of the highest versions to load.
        labels: `{label: version}`; versions with a label are loaded as well.
        only: The number of the version if `base` is the folder of a single version, which is then
            not watched.
    """

    def __init__(self, name, base, load, keep=1, labels=None, only=None):
        self.name, self.base, self._load = name, Path(base), load
        self._keep, self.labels, self._only = keep, labels or {}, only
        self._loaded, self._states, self._failed = {}, {}, {}

    @property
    def loaded(self):
        """The numbers of the loaded versions, in ascending order."""
        return sorted(self._loaded)

    def servable(self, name, version=None, label=None):
        """`(version, servable)` for a request.

        Raises:
            StatusError: NOT_FOUND, or INVALID_ARGUMENT for an unknown label.
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
            StatusError: NOT_FOUND, or INVALID_ARGUMENT for an unknown label.
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
        """Checks the folder once: loads new versions and unloads old ones.

        The old versions answer until the new ones are loaded.
        """
        found = self._found()
        while not all(self._have(number, found[number]) for number in self._wanted(found)):
            pass  # If a version fails, the next lower one may be wanted.
        wanted = set(self._wanted(found))
        for number in set(self._loaded) - wanted:
            if wanted & set(self._loaded) or not found:
                self._unload(number)

    def _found(self):
        """`{version: folder}`, in ascending order."""
        if self._only is not None:
            return {self._only: self.base}
        folders = {
            int(folder.name): folder
            for folder in self.base.iterdir()
            if _NUMBER.fullmatch(folder.name) and int(folder.name) < 2**63
        }
        return {number: folders[number] for number in sorted(folders)}

    def _wanted(self, found):
        """The highest versions that did not fail to load, and those with a label."""
        good = [n for n in found if n not in self._failed or self._failed[n] != _stamp(found[n])]
        newest = good[-self._keep :]
        return [n for n in good if n in newest or n in self.labels.values()]

    def _have(self, number, folder):
        """Loads a version if necessary, and returns whether it is loaded."""
        if number in self._loaded:
            return True
        stamp = _stamp(folder)
        self._states[number] = ("LOADING", "OK", "")
        try:
            servable = self._load(folder)
        # TensorFlow raises errors of many types. The old versions continue to answer.
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
        # Running requests hold a reference to it until they are completed.
        self._loaded = {n: servable for n, servable in self._loaded.items() if n != number}
        gc.collect()
        self._states[number] = ("END", "OK", "")
        _LOG.info("version %d of %s was unloaded", number, self.name)


def _stamp(folder):
    """A value that changes when a file in the folder changes."""
    try:
        files = [path.stat() for path in Path(folder).rglob("*")]
    except OSError:  # A file was removed concurrently.
        return None
    return len(files), max((file.st_mtime_ns for file in files), default=0)
