"""The base class of the clients, which splits documents into requests of bounded size."""

import abc
import functools

import numpy as np

from hanlib.checks import check_choice, check_integer
from hanlib.serving.client.answers import METHODS, explanations, predictions
from hanlib.serving.client.errors import ServingError
from hanlib.serving.client.retries import with_retries
from hanlib.serving.signature_inputs import request_inputs

# Fits into the 4 MiB that `hanlib serve` accepts by default.
MOST_BYTES = 3_500_000


class ServingClient(abc.ABC):
    """A client of a served model; subclasses send the requests by REST or gRPC.

    Args:
        model: Name of the model on the server.
        version, label: Number of a version, or a label of the server's configuration. By default
            the newest version is used.
        timeout: Maximum seconds for a single attempt.
        retries: Maximum number of retries if the server is down, overloaded or too slow.
        batch_size: Maximum number of documents per request. A request also contains at most 3.5 MB
            of text, unless a single document is larger.

    Raises:
        ValueError: If an argument is out of range, or both version and label are given.
    """

    def __init__(self, model, version=None, label=None, *, timeout=60.0, retries=4, batch_size=32):
        if not isinstance(model, str) or not model or "/" in model:
            raise ValueError(f"`model` must be the name of a served model. Received: {model!r}")
        if version is not None and label is not None:
            raise ValueError(
                "Only one of `version` and `label` may be given. "
                f"Received: version={version!r}, label={label!r}"
            )
        if not timeout > 0:
            raise ValueError(f"`timeout` must be greater than 0. Received: timeout={timeout}")
        self.model, self.version, self.label, self.timeout = model, version, label, timeout
        self.retries = check_integer("retries", retries, 0)
        self.batch_size = check_integer("batch_size", batch_size)

    def predict(self, texts):
        """Classifies texts.

        Returns:
            A list with the `Prediction` of each text.

        Raises:
            TypeError: If `texts` is not a list of strings.
            ServingError: If the server rejects the request or cannot be reached.
        """
        asked = self._asked("serving_default", texts)
        return [record for _, outputs in asked for record in predictions(outputs)]

    def explain(self, texts, method="gradient_x_attention", target=None, against=None):
        """Explains the classification of texts: why the most probable class, or why A and not B.

        Args:
            texts: List of documents.
            method: `"attention"`, `"combined_attention"`, `"gradient_x_attention"`, or for a model
                with a rationale head `"rationale"`.
            target: Name of the class A, which needs `against`. None selects the most probable class
                of each text.
            against: Name of the class B that A is compared with, or `"runner-up"` for the most
                probable class other than A. None: A is compared with all other classes. A text
                whose most probable class is B itself is explained without a comparison if `target`
                is None.

        Returns:
            A list with the `hanlib.evidence.Explanation` of each text.

        Raises:
            TypeError: See `predict`.
            ServingError: See `predict`. The server also rejects an unknown class, and a class that
                is compared with itself.
            ValueError: If there is no such method, or `target` is given without `against`.
        """
        check_choice("method", method, METHODS)
        if against is not None:
            against = "" if against == "runner-up" else str(against)
            classes = {"target": "" if target is None else str(target), "against": against}
            asked = self._asked("contrast", texts, **classes)
        elif target is None:
            asked = self._asked("explain", texts)
        else:
            raise ValueError(
                "`target` needs `against`, such as 'runner-up': the server explains the most "
                f"probable class, or compares two. Received: target={target!r}"
            )
        return [r for batch, outputs in asked for r in explanations(batch, outputs, method)]

    def embed(self, texts):
        """The document vectors, `<float32>[docs, features]`.

        Raises:
            TypeError, ServingError: See `predict`.
        """
        rows = [np.asarray(o["vectors"], "float32") for _, o in self._asked("embed", texts)]
        return np.concatenate(rows) if rows else np.zeros((0, 0), "float32")

    def status(self):
        """The versions of the model and their states, in the form of the REST API."""
        return with_retries(self._status, self.retries)

    def metadata(self):
        """The signatures of the model, in the form of the REST API."""
        return with_retries(self._metadata, self.retries)

    def _asked(self, signature, texts, **further):
        """Yields `(texts, outputs)` for each request; outputs are lists by name."""
        if isinstance(texts, str | bytes):
            raise TypeError(f"`texts` must be a list of strings. Received: {texts!r:.80}")
        texts = list(texts)
        for text in texts:
            if not isinstance(text, str):
                raise TypeError(f"`texts` must be a list of strings. Received: {text!r:.80}")
        for batch in batches(texts, self.batch_size):
            inputs = request_inputs(signature, batch, **further)
            # Lone surrogates cannot be encoded.
            sent = {
                name: [string.encode("utf-8", "replace").decode() for string in strings]
                for name, strings in inputs.items()
            }
            yield batch, self._answered(signature, sent)

    def _answered(self, signature, inputs):
        try:
            return with_retries(functools.partial(self._outputs, signature, inputs), self.retries)
        except ServingError as error:
            if "not found in signature def" not in error.message:
                raise
            raise ServingError(
                f"{error.message}. The model {self.model!r} was exported without {signature!r}: "
                "export it again with this version of hanlib",
                error.code,
            ) from error

    @abc.abstractmethod
    def _outputs(self, signature, inputs):
        """Sends one request with lists by input; returns a `dict` from output to nested lists."""

    @abc.abstractmethod
    def _status(self):
        """Requests the status."""

    @abc.abstractmethod
    def _metadata(self):
        """Requests the metadata."""


def batches(texts, size):
    """Lists of at most `size` texts and 3.5 MB, in order; a larger text is a list by itself.

    >>> list(batches(["a", "b", "c"], 2))
    [['a', 'b'], ['c']]
    """
    batch, weight = [], 0
    for text in texts:
        if batch and (len(batch) == size or weight + 4 * len(text) > MOST_BYTES):
            yield batch
            batch, weight = [], 0
        batch.append(text)
        weight += 4 * len(text)
    if batch:
        yield batch
