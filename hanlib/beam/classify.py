"""The transform that runs an exported SavedModel over documents, on Beam's own RunInference."""

from typing import NamedTuple

import apache_beam as beam
from apache_beam.ml.inference.base import RunInference

from hanlib.beam.answers import SIGNATURES
from hanlib.beam.model_handler import Failure, SavedModelHandler
from hanlib.checks import check_choice


class Classified(NamedTuple):
    """What `Classify` returns.

    Attributes:
        answers: PCollection of `(key, answer)`; an answer is a `dict` (see `Classify`).
        failures: PCollection of `(key, reason)`, the documents that the model rejected.
    """

    answers: beam.PCollection
    failures: beam.PCollection


class Classify(beam.PTransform):
    """Runs an export over a PCollection of `(key, text)`; a text is `str` or `bytes`.

    The model is loaded once per process. The documents of a bundle are batched by length, and a
    batch is bounded by documents and words. A document that the model rejects, because it is too
    long, does not fail the others of its batch. Metrics, in the namespace "hanlib": the counters
    `documents`, `words` (counted in Python, approximately) and `failures`; RunInference adds the
    time per batch. A retried bundle may be counted twice in the metrics of some runners.

    An answer has, for each signature,

    - "serving_default": `label` (or the list `labels`) and `probabilities` by class; of a model of
      sentences or words `spans`, as `hanlib predict` writes them;
    - "explain": also `target`, `sentences`, `omitted_sentences` and `omitted_words`. A sentence has
      `text`, `attention`, `gradient_x_attention` and `words`, and a word all but the last of these;
    - "contrast": the same for the class `target` and not `against`;
    - "embed": `vector`.

    Args:
        saved_model: The folder of an export, or of its versions, of which the highest is chosen
            when the pipeline is built. Each worker must be able to read it under this path.
        signature: "serving_default", "explain", "contrast" or "embed".
        **further: For "contrast", the names of the classes `target` and `against`, "" for the most
            probable class and for the most probable one beside the target.

    Raises:
        ValueError: If the signature is unknown.
        FileNotFoundError: If there is no SavedModel.

    >>> Classify("exported", signature="no")
    Traceback (most recent call last):
    ValueError: `signature` must be one of serving_default, explain, contrast, embed. Received:
    signature='no'
    """

    def __init__(self, saved_model, signature="serving_default", **further):
        super().__init__()
        check_choice("signature", signature, SIGNATURES)
        from hanlib.serving.scoring import served_path

        path = str(served_path(saved_model).absolute())
        self.handler = SavedModelHandler(path, signature, **further)

    def expand(self, documents):
        """Returns a `Classified`."""
        outcomes = documents | RunInference(self.handler)
        answers, failures = outcomes | "Part" >> beam.Partition(_is_failure, 2)
        reasons = failures | "Reason" >> beam.MapTuple(lambda key, failure: (key, failure.reason))
        return Classified(answers, reasons)


def _is_failure(outcome, _):
    return int(isinstance(outcome[1], Failure))
