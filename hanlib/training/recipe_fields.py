"""The fields of a recipe: names, types, defaults, meanings and valid values."""

import typing
from dataclasses import dataclass, fields

from hanlib.training.encoder_fields import ENCODER_FIELDS
from hanlib.training.settings import at_least, check_value, kinds_of, one_of, setting, share


@dataclass(frozen=True)
class RecipeFields:
    """The fields of a `Recipe`; each value is checked by itself.

    Raises:
        RecipeError: a value has the wrong type or is out of range.
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
    beside: str | None = setting(
        None,
        "what follows the attention in the vector of each level: max, mean or mean+max of the "
        "states; none: nothing",
        **one_of("max", "mean", "mean+max"),
    )
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
    region_dim: int | None = setting(
        None,
        "size of region embeddings, learned from the labelled and unlabelled texts and read beside "
        "each word vector; 0: not read; none: 100 where words are characters, as in Chinese, and "
        "with further texts and own vectors",
        **at_least(0),
    )
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
        "initial word vectors: own (learned from the labelled and unlabelled texts, which the "
        "n-grams read too), or a file in the format of GloVe, word2vec or fastText; none: random",
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
    # Pretraining.
    pretrain_epochs: int = setting(
        0,
        "epochs in which the encoder first learns to predict the words of the labelled and "
        "unlabelled texts from their neighbors; 0: none",
        **at_least(0),
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
        for field, kinds in self.typed_fields().values():
            value = check_value(field, kinds, getattr(self, field.name))
            object.__setattr__(self, field.name, value)

    @classmethod
    def typed_fields(cls):
        """The field and the types of its values, by name."""
        hints = typing.get_type_hints(cls)
        return {field.name: (field, kinds_of(hints[field.name])) for field in fields(cls)}
