"""All hyperparameters of a training run, in one record that is saved beside the model."""

import dataclasses
import difflib
import json

from hanlib.training.data_defaults import DATASET_DEFAULTS, numbers_for
from hanlib.training.encoder_fields import (
    ENCODER_FIELDS,
    check_encoder_fields,
    encoder_arguments,
)
from hanlib.training.recipe_fields import RecipeFields
from hanlib.training.settings import RecipeError, parse_value


@dataclasses.dataclass(frozen=True)
class Recipe(RecipeFields):
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

    def __post_init__(self):
        super().__post_init__()
        if self.max_tokens < 2 + self.oov_buckets:
            raise RecipeError(
                "`max_tokens` must leave room for padding, `oov_buckets` and one word. "
                f"Received: max_tokens={self.max_tokens}, oov_buckets={self.oov_buckets}"
            )
        check_encoder_fields(self.encoder, self._given_to_encoder(), self.per_label)
        if self.beside and self.per_label:
            raise RecipeError(
                f"`beside` must be none with `per_label`. Received: beside={self.beside}"
            )
        for name in ("crf", "shape_buckets"):
            if self.task == "documents" and getattr(self, name) is not None:
                raise RecipeError(
                    f"`{name}` must not be given for documents. Received: {getattr(self, name)}"
                )
        for name in ("pretrain_epochs", "region_dim"):
            if self.task != "documents" and getattr(self, name):
                raise RecipeError(
                    f"`{name}` must be 0 for the task {self.task}. Received: {getattr(self, name)}"
                )
        if self.region_dim and self.pretrain_epochs:
            raise RecipeError(
                f"`region_dim` must be 0 with `pretrain_epochs`. Received: {self.region_dim}"
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

    def for_documents(self, documents, further_texts=False, binary=False, characters=False):
        """The recipe with numbers for the fields that depend on the number of documents.

        The batches hold 64 documents, or half or a quarter of that where an epoch would have fewer
        than `LEAST_STEPS_PER_EPOCH` steps. `adversarial_norm` is proportional to the square root of
        `batch_size`, so that the perturbation of a single word stays about the same. The number of
        epochs, from 4 to 20, is chosen to give at least `LEAST_STEPS` steps, or
        `LEAST_STEPS_OF_TWO_CLASSES` where each document has one of two classes. With further texts
        without labels, a HAN whose word vectors are learned from them (`vectors="own"`) also reads
        region embeddings (`region_dim`), and so does any HAN where words are characters.

        Args:
            documents: Number of training documents. None means that it is unknown, and is treated
                as a large number.
            further_texts: Whether there are texts without labels.
            binary: Whether each document has one of two classes.
            characters: Whether words are characters, as in Chinese.

        >>> recipe = Recipe().for_documents(1_500)
        >>> recipe.batch_size, recipe.adversarial_norm, recipe.epochs, recipe.patience
        (16, 0.5, 15, 3)
        >>> Recipe().for_documents(1_500, binary=True).epochs
        7
        """
        numbers = numbers_for(self, documents, further_texts, binary, characters)
        return dataclasses.replace(self, **numbers)

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
            name = name.strip()
            _check_names([name])
            values[name] = parse_value(*self.typed_fields()[name], text)
        return dataclasses.replace(self, **values)

    @property
    def reads_unlabelled(self):
        """Whether anything but the n-grams learns from texts without labels."""
        learned = self.vectors == "own" or self.region_dim
        return bool(learned or self.self_train or self.pretrain_epochs)

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


def _check_names(names):
    known = [field.name for field in dataclasses.fields(Recipe)]
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
            raise RecipeError(f"the recipe has no field {name!r}: {hint}")


if Recipe.__doc__:
    Recipe.__doc__ += "\n".join(f"    {line}" for line in Recipe.describe().splitlines())
