"""A digest of the documents of a run, with which a resumed run checks that they are unchanged."""

import hashlib
import json


class Fingerprint:
    """A digest of the classes of a corpus and of the examples that are passed through `watch`."""

    def __init__(self, corpus):
        self._hash = hashlib.blake2b(digest_size=16)
        self._hash.update(json.dumps(list(corpus.classes)).encode())

    def watch(self, examples):
        for text, label in examples:
            self._hash.update(text.encode("utf-8", "replace"))
            self._hash.update(f"\0{label!r}\0".encode("utf-8", "replace"))
            yield text, label

    def hexdigest(self):
        return self._hash.hexdigest()
