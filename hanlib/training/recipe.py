"""All hyperparameters of a training run, in one record that is saved beside the model."""

import dataclasses
import difflib
import json
import math
import typing
from dataclasses import dataclass

from hanlib.training.encoder_fields import (
    ENCODER_FIELDS,
    check_encoder_fields,
    encoder_arguments,
)
from hanlib.training.settings import (
    RecipeError,
    at_least,
    check_value,
    kinds_of,
    one_of,
    parse_value,
    setting,
    share,
)

# Defaults for particular data sets. The demo's 2,000 short reviews need a small model and more
# epochs.
DATASET_DEFAULTS = {
    "demo": {
        "preset": "han_small",
        "epochs": 10,
        "batch_size": 32,
        "learning_rate": 3e-3,
        "min_count": 1,
        "adversarial_norm": 0.0,
        "patience": 3,
    },
}
# The minimum number of training steps if `epochs` is not given; IMDB's 22,500 documents make 1,408.
LEAST_STEPS = 1_400
# If `batch_size` is not given, it is halved from 64, at most to 16, until an epoch has this many
# steps. With fewer steps, and a perturbation that is large beside the initial word vectors, the
# first epochs learn little. To compare, run `python benchmarks/small_data.py imdb reuters8
# --variant default: --variant as-for-many:batch_size=64,adversarial_norm=1`.
LEAST_STEPS_PER_EPOCH = 60


@dataclass(frozen=True)
class Recipe:
    """Every hyperparameter of a training run.

    None for a field of the encoder selects the value of the preset, or the default of the encoder
    if the preset has none. `hanlib.training.encoder_fields` lists the fields of each encoder.

    Raises:
        RecipeError: a value has the wrong type or is out of range, or the encoder does not take a
            field; the message names the field.

    >>> recipe = Recipe(epochs=2).with_overrides(["units=20", "cell=mgu"])
    >>> recipe.epochs, recipe.encoder_arguments(classes=2)
    (2, {'cell': 'mgu', 'units': 20})
    >>> Recipe.from_json(recipe.to_json()) == recipe
    True

    Fields:
    """

    # The encoder.
    encoder: str = setting(
        "han", "network from the words to the document vector", **one_of(*ENCODER_FIELDS)
    )
    preset: str = setting("han_base", "sizes of the encoder by name, see hanlib.models.PRESETS")
    cell: str | None = setting(None, "gated cell, such as gru, lstm, mgu")
    embedding_dim: int | None = setting(None, "size of a word vector", **at_least(1))
    units: int | None = setting(None, "size of a recurrent state in each direction", **at_least(1))
    attention_units: int | None = setting(
        None, "size of the hidden layer of the attention", **at_least(1)
    )
    depth: int | None = setting(None, "stacked recurrent layers per level", **at_least(1))
    bidirectional: bool | None = setting(None, "whether the recurrence runs in both directions")
    score: str | None = setting(
        None,
        "score function of the attention, such as additive, mean, max; flat_recurrent also takes "
        "last, the last state instead of attention",
    )
    normalizer: str | None = setting(
        None, "function from scores to weights", **one_of("softmax", "sparsemax")
    )
    hops: int | None = setting(None, "number of contexts of each attention", **at_least(1))
    per_label: bool = setting(False, "whether each class has its own context at the top level")
    self_attention_heads: int | None = setting(
        None,
        "heads of the self-attention before each recurrence (0: none), or of the Transformer",
        **at_least(0),
    )
    input_dropout: float | None = setting(
        None, "dropout rate of the features of the word vectors", **share()
    )
    embedding_dropout: float | None = setting(
        None, "dropout rate of whole words: of the distinct words of a batch", **share()
    )
    weight_dropout: float | None = setting(None, "dropout rate of the recurrent weights", **share())
    dropout: float | None = setting(None, "dropout rate of the vectors of each level", **share())
    # The vocabulary.
    max_tokens: int = setting(
        30_000, "maximum number of word ids, including padding and unknown words", **at_least(3)
    )
    min_count: int = setting(
        2, "minimum number of occurrences; rarer words are unknown", **at_least(1)
    )
    oov_buckets: int = setting(1, "number of ids for unknown words", **at_least(1))
    max_sentence_words: int | None = setting(
        60,
        "maximum number of words per row; longer sentences continue in the next row",
        **at_least(1),
    )
    lowercase: bool = setting(True, "whether words are converted to lower case")
    word_case: bool = setting(
        False, "whether the case of a word, and digits in it, are read beside its vector"
    )
    # The evidence that people marked.
    rationale_weight: float = setting(
        2.0,
        "weight of the loss that teaches marked evidence to a rationale head, if the documents "
        "have evidence; 0: no head",
        **at_least(0),
    )
    rationale_attention: float = setting(
        0.0, "weight of the same loss on the attention scores before the softmax", **at_least(0)
    )
    rationale_sufficiency: float = setting(
        0.0,
        "weight of the loss of the label that is predicted from the marked words alone",
        **at_least(0),
    )
    # Labels of sentences or tokens.
    task: str = setting(
        "documents", "what is labeled", **one_of("documents", "sentences", "tokens")
    )
    crf: bool | None = setting(
        None, "whether a CRF scores the labels of sentences or tokens together; none: yes"
    )
    shape_buckets: int | None = setting(
        None, "hash buckets per feature of a token's spelling; 0: not read", **at_least(0)
    )
    # The linear part.
    ngrams: int | None = setting(
        None,
        "words of the longest n-gram of a linear model whose logits are added; 0: no such model; "
        "none: 3, or 4 where words are characters, as in Chinese",
        **at_least(0),
    )
    # The initial word vectors.
    vectors: str | None = setting(
        None,
        "initial word vectors: own (learned from the labelled and unlabelled texts), or a file in "
        "the format of GloVe, word2vec or fastText; none: random",
    )
    vectors_method: str = setting(
        "svd", "method that learns own vectors", **one_of("svd", "word2vec")
    )
    vectors_epochs: int = setting(5, "epochs of word2vec", **at_least(1))
    vectors_std: float = setting(
        0.03,
        "standard deviation of the elements of initial word vectors that are not random",
        lambda value: value > 0,
        "greater than 0",
    )
    vectors_rate: float = setting(
        1.0, "factor of the learning rate of word vectors; 0: frozen", **at_least(0)
    )
    # Optimization.
    epochs: int | None = setting(
        None,
        "maximum number of epochs; none: 4, or up to 20 for few documents",
        **at_least(1),
    )
    steps_per_epoch: int | None = setting(
        None,
        "steps of an epoch, after which the model is validated; the next epoch continues with the "
        "following documents; none: all documents",
        **at_least(1),
    )
    minutes: float | None = setting(
        None,
        "maximum minutes of training, without validation; none: no limit",
        lambda value: value > 0,
        "greater than 0",
    )
    batch_size: int | None = setting(
        None, "documents per step; none: 64, or 32 or 16 for few documents", **at_least(1)
    )
    # Training takes about 8 KB per word: a batch of long documents would need too much memory.
    max_batch_words: int | None = setting(
        150_000,
        "maximum number of words per step; long documents come in smaller batches",
        **at_least(1),
    )
    learning_rate: float = setting(
        2e-3, "peak learning rate of Adam", lambda value: value > 0, "greater than 0"
    )
    warmup_share: float = setting(
        0.05, "share of the steps in which the learning rate rises from 0", **share()
    )
    decay: str = setting(
        "cosine", "schedule of the learning rate after that", **one_of("cosine", "constant")
    )
    weight_decay: float = setting(0.0, "weight decay of AdamW", **at_least(0))
    clip_norm: float = setting(5.0, "maximum norm of the gradient; 0: no limit", **at_least(0))
    adversarial_norm: float | None = setting(
        None,
        "length of an adversary's step on the word vectors of a batch; 0: none, twice as fast; "
        "none: 1 for 64 documents, in proportion to the square root of batch_size",
        **at_least(0),
    )
    label_smoothing: float = setting(
        0.0, "label smoothing: share of the target that is spread over all classes", **share()
    )
    class_weight: str | None = setting(
        None, "weights of the classes in the loss: balanced, or NAME=WEIGHT,...; none: equal"
    )
    weight_average: float = setting(
        0.99, "momentum of the moving average of the weights; 0: no average", **share()
    )
    # The run.
    patience: int | None = setting(
        None,
        "epochs without improvement on validation after which training stops; none: a quarter of "
        "the epochs, at least 2",
        **at_least(1),
    )
    self_train: bool = setting(
        False, "whether a teacher labels the unlabelled texts, from which the model learns too"
    )
    ensemble: int = setting(
        1, "teachers of different seeds, whose probabilities are averaged", **at_least(1)
    )
    calibrate: bool = setting(
        False, "whether to calibrate the probabilities on validation, by one temperature"
    )
    validation_split: int | float = setting(
        0.1,
        "training documents to hold out if there is no validation split: fraction or number",
        **at_least(0),
    )
    checkpoint_steps: int = setting(200, "steps between checkpoints", **at_least(1))
    seed: int = setting(
        0,
        "random seed of initial weights, dropout, order and split",
        lambda value: 0 <= value < 2**31,
        "from 0 to 2147483647",
    )

    def __post_init__(self):
        for field, kinds in _fields().values():
            value = check_value(field, kinds, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        if self.max_tokens < 2 + self.oov_buckets:
            raise RecipeError(
                "`max_tokens` must leave room for padding, `oov_buckets` and one word. "
                f"Received: max_tokens={self.max_tokens}, oov_buckets={self.oov_buckets}"
            )
        check_encoder_fields(self.encoder, self._given_to_encoder(), self.per_label)
        for name in ("crf", "shape_buckets"):
            if self.task == "documents" and getattr(self, name) is not None:
                raise RecipeError(
                    f"`{name}` must not be given for documents. Received: {getattr(self, name)}"
                )
        if self.task == "tokens" and self.word_case:
            raise RecipeError(
                "`word_case` must be false for tokens, whose spelling is read (`shape_buckets`). "
                "Received: true"
            )
        if self.ensemble > 1 and not self.self_train:
            raise RecipeError(
                f"`ensemble` must be 1 without `self_train`. Received: ensemble={self.ensemble}"
            )

    @classmethod
    def for_dataset(cls, name, **values):
        """The recipe for a data set: its entry in `DATASET_DEFAULTS`, updated by the given values.

        >>> Recipe.for_dataset("demo", epochs=1).preset
        'han_small'
        """
        return cls.from_dict({**DATASET_DEFAULTS.get(name, {}), **values})

    def for_documents(self, documents):
        """The recipe with numbers for the fields that depend on the number of documents.

        The batches hold 64 documents, or half or a quarter of that where an epoch would have fewer
        than `LEAST_STEPS_PER_EPOCH` steps. `adversarial_norm` is proportional to the square root of
        `batch_size`, so that the perturbation of a single word stays about the same. The number of
        epochs, from 4 to 20, is chosen to give at least `LEAST_STEPS` steps. None means that the
        number of documents is unknown, and is treated as a large number.

        >>> recipe = Recipe().for_documents(1_500)
        >>> recipe.batch_size, recipe.adversarial_norm, recipe.epochs, recipe.patience
        (16, 0.5, 15, 3)
        """
        batch_size = self.batch_size or _batch_size(documents)
        norm, epochs = self.adversarial_norm, self.epochs
        if norm is None:
            norm = math.sqrt(batch_size / 64)
        if epochs is None:
            steps = max(-(-(documents or LEAST_STEPS * batch_size) // batch_size), 1)
            steps = self.steps_per_epoch or steps
            epochs = min(max(-(-LEAST_STEPS // steps), 4), 20)
        patience = self.patience or max(epochs // 4, 2)
        return dataclasses.replace(
            self,
            batch_size=batch_size,
            adversarial_norm=norm,
            epochs=epochs,
            patience=patience,
        )

    def with_overrides(self, assignments):
        """A copy of the recipe with fields replaced by strings of the form `field=value`.

        Raises:
            RecipeError: a field does not exist, or a value is invalid.
        """
        values = {}
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            if not equals:
                raise RecipeError(f"`--set` takes field=value. Received: {assignment!r}")
            _check_names([name.strip()])
            values[name.strip()] = parse_value(*_fields()[name.strip()], text)
        return dataclasses.replace(self, **values)

    def encoder_arguments(self, classes):
        """The arguments of the encoder that differ from the preset."""
        arguments = encoder_arguments(self.encoder, self._given_to_encoder())
        return {**arguments, "labels": classes} if self.per_label else arguments

    def _given_to_encoder(self):
        """The fields of the encoder that are not None, without `per_label`."""
        given = {name: getattr(self, name) for name in ENCODER_FIELDS["han"]}
        return {name: value for name, value in given.items() if value is not None}

    def to_dict(self):
        """The fields by name."""
        return dataclasses.asdict(self)

    def to_json(self):
        """The fields as a JSON object."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    @classmethod
    def from_dict(cls, values):
        """The recipe with the given fields; other fields have their defaults.

        Raises:
            RecipeError: a field is unknown (the message suggests the closest one), or a value is
                invalid.
        """
        _check_names(values)
        return cls(**values)

    @classmethod
    def from_json(cls, text):
        """The recipe from a JSON object; see `from_dict`."""
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise RecipeError(f"a recipe must be a JSON object. Received: {error}") from None
        if not isinstance(values, dict):
            raise RecipeError(f"a recipe must be a JSON object. Received: {text.strip()[:40]!r}")
        if "word_dropout" in values:  # Written by hanlib 0.1.
            values["input_dropout"] = values.pop("embedding_dropout", None)
            values["embedding_dropout"] = values.pop("word_dropout")
        return cls.from_dict(values)

    @classmethod
    def describe(cls):
        """One line per field: name, default, meaning.

        >>> print(Recipe.describe().splitlines()[0])
        encoder               = han       network from the words to the document vector
        """
        return "\n".join(
            f"{field.name:<21} = {field.default!s:<8}  {field.metadata['meaning']}"
            for field in dataclasses.fields(cls)
        )


def _batch_size(documents):
    for batch_size in (64, 32):
        if documents is None or documents >= LEAST_STEPS_PER_EPOCH * batch_size:
            return batch_size
    return 16


def _fields():
    hints = typing.get_type_hints(Recipe)
    return {
        field.name: (field, kinds_of(hints[field.name])) for field in dataclasses.fields(Recipe)
    }


def _check_names(names):
    known = [field.name for field in dataclasses.fields(Recipe)]
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
            raise RecipeError(f"the recipe has no field {name!r}: {hint}")


if Recipe.__doc__:
    Recipe.__doc__ += "\n".join(f"    {line}" for line in Recipe.describe().splitlines())
