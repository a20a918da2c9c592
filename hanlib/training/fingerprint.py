"""A digest of the documents of a run, with which a resumed run checks that they are unchanged."""

import hashlib
import json


class Fingerprint:
    """A digest of the classes of a corpus and of its examples.

    >>> fingerprint = Fingerprint(["bad", "good"])
    >>> fingerprint.add("Good.", "good")
    >>> len(fingerprint.hexdigest())
    32
    """

    def __init__(self, classes):
        self._hash = hashlib.blake2b(digest_size=16)
        self._hash.update(json.dumps(list(classes)).encode())

    def add(self, text, label):
        """Adds one example."""
        self._hash.update(text.encode("utf-8", "replace"))
        self._hash.update(f"\0{label!r}\0".encode("utf-8", "replace"))

    def add_digest(self, hexdigest):
        """Adds the examples of another `Fingerprint`."""
        self._hash.update(hexdigest.encode())

    def watch(self, examples):
        """Yields the examples, and adds them."""
        for text, label in examples:
            self.add(text, label)
            yield text, label

    def hexdigest(self):
        return self._hash.hexdigest()
