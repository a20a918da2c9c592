"""A classifier of documents: raw text in, class probabilities out."""

import keras
import numpy as np
import tensorflow as tf

from hanlib.checks import check_integer
from hanlib.explain import explain, extracts
from hanlib.layers.word_columns import is_split
from hanlib.models.calibration import fit_temperature
from hanlib.models.class_head import ClassHead
from hanlib.models.further_parts import FurtherParts
from hanlib.models.labels import Labels
from hanlib.models.text_model import TextModel, restored
from hanlib.models.word_features import check_features
from hanlib.ops.token_batch import has_marks, marks_of, to_ragged
from hanlib.serving.export import export_saved_model


@keras.saving.register_keras_serializable("hanlib")
class DocumentClassifier(ClassHead, FurtherParts, TextModel):
    """Vectorizer, encoder and head in one `keras.Model` that takes strings or ids.

        p = softmax(W v + b)      one class per document
        p = σ(W v + b)            `multi_label=True`, any number of classes per document

    v is the encoder's document vector. With `ngrams` the logits of a linear model of the word
    n-grams are added to W v + b. With an encoder that gives one vector a label, each label
    has its own row of W (Mullenbach et al. 2018).

    `fit`, `evaluate` and `predict` take lists of strings, string arrays, ragged or dense ids, or
    a `tf.data.Dataset` of them, batched or not; labels are class names or indexes (see `Labels`).
    They also take documents that are split into words, whose words may have values of further
    columns (see `DocumentVectorizer.ids`).
    Saved as `.keras` it keeps its vocabulary and labels, and loads without `custom_objects`.

    Args:
        vectorizer: A `DocumentVectorizer`, adapted to the training text; None: only ids come in.
        encoder: A layer from ids to `<float>[docs, features]`, such as `HAN`.
        classes: The class names, strings or integers; an integer n stands for 0 .. n-1.
        multi_label: Whether a document has any number of classes.
        thresholds: Probability from which a label is given, one for all or one per class; only
            used with `multi_label`.
        dropout: Share of the document vector's features dropped in training.
        ngrams: A `hanlib.layers.NGramLinear` of these classes and word ids, or None. It is fitted
            by itself (see `hanlib.training.fit_ngrams`) and joined to a trained classifier by
            `with_ngrams`.
        rationale: A `hanlib.layers.RationaleHead`, which learns the evidence that people marked
            (see `fit`), or None. It does not take part in the classification.

    Call arguments:
        inputs: `<string>[docs]`, or ids `<int>[docs, (sentences), (words)]`, ragged or dense.
        return_attention_scores: Whether the encoder's attention scores come too.
        training: Whether dropout is applied.

    Returns:
        `<float32>[docs, classes]`, the probabilities; with `return_attention_scores` also the
        scores of each level, words first.

    Raises:
        ValueError: If an argument is out of its range, or text comes and there is no vectorizer.

    >>> from hanlib.layers import DocumentVectorizer
    >>> from hanlib.models import HAN
    >>> texts, labels = ["Good film. I loved it.", "Bad film. I left."], ["pos", "neg"]
    >>> vectorizer = DocumentVectorizer()
    >>> vectorizer.adapt(texts)
    >>> encoder = HAN.from_preset("han_small", vectorizer.vocabulary_size, bidirectional=False)
    >>> classifier = DocumentClassifier(vectorizer, encoder, classes=["neg", "pos"])
    >>> classifier.compile("adam")
    >>> history = classifier.fit(texts, labels, epochs=1, verbose=0)
    >>> classifier.predict(["A good one."], verbose=0).shape
    (1, 2)
    """

    export_served = export_saved_model

    def __init__(
        self,
        vectorizer,
        encoder,
        classes,
        multi_label=False,
        thresholds=0.5,
        dropout=0.0,
        ngrams=None,
        rationale=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vectorizer = restored(vectorizer)
        self.encoder = restored(encoder)
        self.multi_label = bool(multi_label)
        check_features(self.vectorizer, self.encoder)
        self._labels = Labels(classes, self.multi_label)
        self.thresholds = self._checked_thresholds(thresholds)
        self.dropout = dropout
        self.drop = keras.layers.Dropout(dropout, dtype=self.dtype_policy)
        self.ngrams = self._checked_ngrams(restored(ngrams))
        self.rationale = restored(rationale)
        self.supports_jit = False

    def class_index(self, label):
        """The index of a class, by its name or index (see `Labels`)."""
        return self._labels.index(label)

    def _checked_thresholds(self, thresholds):
        values = np.broadcast_to(np.asarray(thresholds, "float64"), [len(self._labels)])
        if not ((values >= 0) & (values <= 1)).all():
            raise ValueError(f"`thresholds` must be in [0, 1]. Received: {thresholds!r}")
        return values.tolist()

    def _checked_ngrams(self, ngrams):
        if ngrams is None:
            return None
        expected = len(self._labels), self.encoder.vocabulary_size
        if (ngrams.classes, ngrams.vocabulary_size) != expected:
            raise ValueError(
                "`ngrams` must have the classes and the vocabulary size of the classifier: "
                f"{expected[0]} and {expected[1]}. Received: a layer with {ngrams.classes} and "
                f"{ngrams.vocabulary_size}"
            )
        return ngrams

    def build(self, input_shape=None):
        ids = (None, None, None)
        if not self.encoder.built:
            self.encoder.build(ids)
        if self.rationale is not None and not self.rationale.built:
            self.rationale.build_for(self.encoder)
        self.build_head(self.encoder.compute_output_shape(ids))
        self.built = True

    def call(self, inputs, return_attention_scores=False, training=None):
        ids = self._ids(inputs)
        ngrams = None if self.ngrams is None else self.ngrams(ids)
        if return_attention_scores:
            vectors, scores = self.encoder(ids, return_attention_scores=True, training=training)
            return self.classify(vectors, ngrams, training), scores
        if training and self.rationale is not None:
            marks = marks_of(inputs) if has_marks(inputs) else None
            vectors = self.rationale.encode(self.encoder, ids, marks, training)
        else:
            vectors = self.encoder(ids, training=training)
        return self.classify(vectors, ngrams, training)

    def _ids(self, inputs):
        if isinstance(inputs, dict):
            return to_ragged(inputs)
        if inputs.dtype != tf.string:
            return inputs
        if self.vectorizer is None:
            raise ValueError(
                "`inputs` must be ids: this classifier has no vectorizer. Received: strings"
            )
        return self.vectorizer(inputs)

    def ngram_logits(self, words, row_lengths, document_rows, gates=None):
        """The logits of the n-grams of words that lie end to end; None without `ngrams`.

        Arguments and result are those of `NGramLinear.logits`.
        """
        if self.ngrams is None:
            return None
        return self.ngrams.logits(words, row_lengths, document_rows, gates)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], len(self._labels))

    def labels_of(self, probabilities):
        """The label of each row of probabilities; a list of labels with `multi_label`."""
        probabilities = np.asarray(probabilities)
        if not self.multi_label:
            return self._labels.names(probabilities.argmax(axis=-1))
        given = probabilities >= np.asarray(self.thresholds)
        return [self._labels.names(np.flatnonzero(row)) for row in given]

    def predict_label(self, x, batch_size=None, verbose=0):
        """The label of each document, by name.

        With `multi_label` the list of those whose probability reaches their threshold, which may
        be empty.
        """
        return self.labels_of(self.predict(x, batch_size, verbose))

    def predict_proba(self, x, batch_size=None, verbose=0):
        """The probabilities `<float32>[docs, classes]`, in the order of `classes`: `predict`."""
        return self.predict(x, batch_size, verbose)

    def embed(self, x, batch_size=32):
        """The document vectors, before the head and without the n-grams.

        Args:
            x: Documents, strings or ids.
            batch_size: Documents that run at once.

        Returns:
            `<float32>[docs, features]` (NumPy), or `[docs, labels, features]` with one vector a
            label.
        """
        if not self.built:
            self.build()
        x = self.as_documents(x)
        found = [np.zeros(self._vectors_shape(0), "float32")]
        for start in range(0, int(x.shape[0]), check_integer("batch_size", batch_size)):
            ids = self._ids(x[start : start + batch_size])
            found.append(tf.cast(self.encoder(ids, training=False), tf.float32).numpy())
        return np.concatenate(found)

    def _vectors_shape(self, documents):
        return (documents, *self.encoder.compute_output_shape((None, None, None))[1:])

    def calibrate(self, x, y, batch_size=None):
        """Calibrates the probabilities on documents that training did not see.

        Fits one temperature T (see `hanlib.models.calibration.fit_temperature`) and divides the
        weights of the head and of the n-grams by it. The most probable class stays the same; with
        `multi_label` choose the thresholds anew.

        Args:
            x: Documents, strings or ids.
            y: Their labels.
            batch_size: Documents that run at once.

        Returns:
            T, a `float`.
        """
        # The smallest float keeps logarithms finite.
        tiny = np.finfo("float32").tiny
        p = self.predict(x, batch_size, verbose=0).astype("float64")
        logits = np.log(np.maximum(p, tiny))
        if self.multi_label:
            logits -= np.log(np.maximum(1 - p, tiny))
        temperature = fit_temperature(logits, self._labels.encode(y), self.multi_label)
        self._scale_head(1 / temperature)
        if self.ngrams is not None:
            self.ngrams.scale(1 / temperature)
        return temperature

    def explain(self, documents, method=None, target=None, against=None, **options):
        """Which sentences and words decided: `hanlib.explain.explain` of this classifier.

        Args:
            documents, method, target, against, **options: as there.

        Returns:
            A list of `hanlib.evidence.Explanation`.
        """
        if is_split(documents):
            documents = self.as_documents(documents)
        return explain(self, documents, method, target, against, **options)

    def extract(self, documents, sentences=None, epsilon=None, **options):
        """The few sentences that each class rests on: `hanlib.explain.extracts`.

        Args:
            documents, sentences, epsilon, **options: as there.

        Returns:
            A list of `hanlib.evidence.Extract`.
        """
        if is_split(documents):
            documents = self.as_documents(documents)
        return extracts(self, documents, sentences, epsilon, **options)

    def get_config(self):
        return {
            **super().get_config(),
            "multi_label": self.multi_label,
            "thresholds": list(self.thresholds),
            "ngrams": keras.saving.serialize_keras_object(self.ngrams),
            "rationale": keras.saving.serialize_keras_object(self.rationale),
        }
