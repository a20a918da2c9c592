"""Beam's `ModelHandler` for a SavedModel that takes text."""

import re
from typing import Any, NamedTuple

from apache_beam.metrics import Metrics
from apache_beam.ml.inference.base import ModelHandler

from hanlib.beam.answers import answers_of
from hanlib.serving.batches import batches
from hanlib.serving.rejections import rejection

# RunInference hands over windows with these limits; within a window, documents are sorted.
WINDOW, WINDOW_BYTES = 512, 8_000_000
# Limits of a batch; a document that exceeds them is a batch by itself.
BATCH, BATCH_WORDS = 64, 50_000
# A Chinese or Japanese character, a run of other letters and digits, or a punctuation mark.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|[^\w\s]")


class Failure(NamedTuple):
    """A document that the model rejected."""

    reason: str


class SavedModelHandler(ModelHandler[tuple[Any, Any], tuple[Any, Any], Any]):
    """Runs `(key, text)` through a signature; gives `(key, answer)` or `(key, Failure)`.

    Args:
        path: Absolute path of a SavedModel.
        signature: The name of the signature.
        **further: Its further inputs, as `ServedModel.outputs` takes them.
    """

    def __init__(self, path, signature, **further):
        super().__init__(
            min_batch_size=WINDOW_BYTES, max_batch_size=WINDOW_BYTES, element_size_fn=_weight
        )
        self.path, self.signature, self.further = path, signature, further
        self.documents, self.words, self.failures = (
            Metrics.counter("hanlib", name) for name in ("documents", "words", "failures")
        )

    def load_model(self):
        """Loads the SavedModel; RunInference calls this once per process."""
        from hanlib.serving.item_scoring import load_export

        return load_export(self.path)

    def run_inference(self, batch, model, inference_args=None):
        """The answers of a window of documents, in order."""
        texts = [_bytes(text) for _, text in batch]
        sizes = [count_words(text) for text in texts]
        outcomes = [None] * len(texts)
        for indices in batches(sizes, BATCH, BATCH_WORDS):
            found = self._outcomes(model, [texts[index] for index in indices])
            for index, outcome in zip(indices, found, strict=True):
                outcomes[index] = outcome
        self.documents.inc(len(texts))
        self.words.inc(sum(sizes))
        return [(key, outcome) for (key, _), outcome in zip(batch, outcomes, strict=True)]

    def get_num_bytes(self, batch):
        """The bytes of the texts."""
        return sum(len(_bytes(text)) for _, text in batch)

    def get_metrics_namespace(self):
        """The namespace of RunInference's metrics."""
        return "hanlib"

    def _outcomes(self, model, texts):
        import tensorflow as tf

        try:
            return answers_of(model, self.signature, texts, **self.further)
        except tf.errors.InvalidArgumentError as error:
            if len(texts) > 1:
                # One document of the batch was rejected: find out which.
                return [outcome for text in texts for outcome in self._outcomes(model, [text])]
            self.failures.inc()
            return [Failure(" ".join(rejection(error).split())[:200])]


def count_words(text):
    """The approximate number of words of a document in bytes, to bound batches and for metrics.

    >>> count_words("Not bad, 好看!".encode())
    6
    """
    return len(_WORD.findall(text.decode("utf-8", "replace")))


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")


def _weight(document):
    """The part of a window that a document fills, so that neither limit is exceeded."""
    return max(len(_bytes(document[1])), WINDOW_BYTES // WINDOW)
