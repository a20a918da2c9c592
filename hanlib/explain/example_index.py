"""The labeled documents that are nearest to a document in the classifier's own space.

Two documents are compared by the cosine of their document vectors (`DocumentClassifier.embed`),
which the head turns into logits; n-grams have no vectors and take no part. The search is exact. An
index is one `.npz` file without pickled objects.
"""

import dataclasses
import hashlib
import json

import numpy as np

from hanlib.atomic_files import replacing
from hanlib.checks import check_integer

_FORMAT = 1
# Similarities that are held in memory at once.
_MOST = 16_000_000


@dataclasses.dataclass(frozen=True)
class Example:
    """A labeled document that is near to another document.

    Attributes:
        text: the document.
        label: its label; a tuple of labels for a multi-label classifier.
        similarity: the cosine of the two document vectors, at most 1.
        index: its index among the documents of the `ExampleIndex`.

    >>> print(Example("A superb film.", "pos", 0.98, 3))
    0.980  'pos'  A superb film.
    """

    text: str
    label: object
    similarity: float
    index: int

    def __str__(self):
        return f"{self.similarity:.3f}  {self.label!r}  {' '.join(self.text.split())}"


class ExampleIndex:
    """Labeled documents with their vectors, to find the nearest ones to a document.

    Args:
        texts: a list of `str`.
        labels: a list of labels, one for each text; tuples for several labels per document.
        vectors: `<float32>[texts, features]`, the document vectors.
        digest: the digest of the encoder that made the vectors (`encoder_digest`).

    Raises:
        ValueError: the arguments have different lengths.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN, DocumentClassifier
    >>> vectorizer = DocumentVectorizer(vocabulary=["good", "bad", "film"])
    >>> classifier = DocumentClassifier(vectorizer, HAN(5), classes=["neg", "pos"])
    >>> index = ExampleIndex.of(classifier, ["A good film.", "Bad!"], ["pos", "neg"])
    >>> [(e.label, round(e.similarity, 3)) for e in index.nearest(classifier, ["Bad!"], 1)[0]]
    [('neg', 1.0)]
    """

    def __init__(self, texts, labels, vectors, digest):
        if not len(texts) == len(labels) == len(vectors):
            raise ValueError(
                "`texts`, `labels` and `vectors` must have the same length. Received: "
                f"{len(texts)}, {len(labels)} and {len(vectors)}"
            )
        self.texts, self.labels, self.digest = list(texts), list(labels), digest
        self.vectors = _normalized(vectors)

    def __len__(self):
        return len(self.texts)

    @classmethod
    def of(cls, classifier, texts, labels, batch_size=32):
        """The index of labeled documents.

        Args:
            classifier: a `DocumentClassifier`.
            texts: a list of strings.
            labels: their labels, by name.
            batch_size: documents that are embedded at once.
        """
        texts = list(texts)
        vectors = classifier.embed(texts, batch_size)
        return cls(texts, labels, vectors, encoder_digest(classifier))

    def nearest(self, classifier, documents, count=5):
        """The examples that are nearest to each document.

        Args:
            classifier: the `DocumentClassifier` of the index.
            documents: a list of strings, or ids.
            count: examples per document, fewer if the index is smaller.

        Returns:
            For each document a list of `Example`s, the nearest first.

        Raises:
            ValueError: the index was made by a classifier with other weights, or `count` is not a
                positive integer.
        """
        check_integer("count", count)
        if encoder_digest(classifier) != self.digest:
            raise ValueError(
                "`classifier` must be the one that the index was made with. Received: a classifier "
                "with other weights"
            )
        vectors = _normalized(classifier.embed(documents))
        size = max(_MOST // max(len(self), 1), 1)
        return [
            [self._example(index, similarities[index]) for index in _largest(similarities, count)]
            for start in range(0, len(vectors), size)
            for similarities in vectors[start : start + size] @ self.vectors.T
        ]

    def _example(self, index, similarity):
        return Example(self.texts[index], self.labels[index], float(similarity), int(index))

    def save(self, path):
        """Writes the index to a file; its name must end with ".npz"."""
        if not str(path).endswith(".npz"):
            raise ValueError(f'`path` must end with ".npz". Received: {str(path)!r}')
        listed = {
            "format": _FORMAT,
            "digest": self.digest,
            "labels": [list(x) if isinstance(x, tuple) else x for x in self.labels],
            "texts": self.texts,
        }
        encoded = json.dumps(listed, default=_plain).encode()
        with replacing(path) as temporary:
            np.savez_compressed(
                temporary, vectors=self.vectors, listed=np.frombuffer(encoded, np.uint8)
            )

    @classmethod
    def load(cls, path):
        """Reads an index that `save` wrote.

        Raises:
            ValueError: the file is not an index.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                listed = json.loads(arrays["listed"].tobytes())
                vectors = arrays["vectors"]
            if listed["format"] != _FORMAT:
                raise ValueError("another format")
            labels = [tuple(x) if isinstance(x, list) else x for x in listed["labels"]]
            return cls(listed["texts"], labels, vectors, listed["digest"])
        except (ValueError, KeyError, TypeError, EOFError) as error:
            raise ValueError(f"{path} is not an index of examples: {error}") from None


def encoder_digest(classifier):
    """A digest of the weights of a classifier's encoder, which decide the document vectors.

    >>> from hanlib.models import BagOfWords, DocumentClassifier
    >>> len(encoder_digest(DocumentClassifier(None, BagOfWords(9), classes=2)))
    64
    """
    if not classifier.built:
        classifier.build()
    digest = hashlib.sha256()
    for weight in classifier.encoder.weights:
        digest.update(np.ascontiguousarray(weight.numpy()).tobytes())
    return digest.hexdigest()


def _normalized(vectors):
    """`<float32>[docs, features]` of length 1; a zero vector stays zero."""
    flat = np.asarray(vectors, np.float32).reshape([len(vectors), -1])
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.divide(flat, length, out=np.zeros_like(flat), where=length > 0)


def _largest(values, count):
    """The indices of the largest values, in falling order; of equal ones the first."""
    count = min(count, len(values))
    if not count:
        return []
    threshold = np.partition(values, -count)[-count]
    chosen = np.flatnonzero(values >= threshold)
    return chosen[np.argsort(-values[chosen], kind="stable")][:count]


def _plain(value):
    return value.item() if hasattr(value, "item") else str(value)
