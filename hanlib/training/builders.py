"""Makes the objects that a recipe describes: vectorizer, classifier, optimizer, loss."""

import keras
import tensorflow as tf

from hanlib.layers import DocumentVectorizer, RationaleHead
from hanlib.losses import MultiLabelCrossentropy, SingleLabelCrossentropy
from hanlib.metrics import BestThresholdF1, SingleLabelAccuracy
from hanlib.models import (
    HAN,
    PRESETS,
    BagOfWords,
    DocumentClassifier,
    FlatRecurrent,
    Transformer,
)
from hanlib.optimizers import LazyAdam
from hanlib.training.encoder_fields import encoder_arguments
from hanlib.training.settings import RecipeError

_ENCODERS = {
    "han": HAN,
    "flat_recurrent": FlatRecurrent,
    "bag_of_words": BagOfWords,
    "transformer": Transformer,
}


def build_vectorizer(recipe, columns=()):
    """The vectorizer of a recipe, without a vocabulary.

    Args:
        recipe: a `Recipe`.
        columns: the known values of each given column of the words.
    """
    return DocumentVectorizer(
        max_tokens=recipe.max_tokens,
        min_count=recipe.min_count,
        oov_buckets=recipe.oov_buckets,
        max_sentence_words=recipe.max_sentence_words,
        lowercase=recipe.lowercase,
        word_case=recipe.word_case,
        columns=columns,
    )


def ids_of(vectorizer):
    """The function from a list of texts to ragged ids, by one graph; see `TokenCache.build`."""
    graph = tf.function(
        vectorizer, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False
    )

    def vectorize(texts):
        # A lone surrogate cannot be encoded as UTF-8.
        return graph(
            tf.constant([t.encode("utf-8", "replace") if isinstance(t, str) else t for t in texts])
        )

    return vectorize


def build_classifier(recipe, vectorizer, classes, multi_label, rationale=False):
    """A built `DocumentClassifier` with the recipe's encoder and initial weights.

    Raises:
        RecipeError: a rationale head is wanted, and the encoder has no attention.
    """
    encoder = build_encoder(
        recipe, vectorizer.vocabulary_size, len(classes), vectorizer.feature_sizes
    )
    head = None
    if rationale:
        head = RationaleHead(
            weight=recipe.rationale_weight,
            attention_weight=recipe.rationale_attention,
            sufficiency_weight=recipe.rationale_sufficiency,
        )
        if not encoder.has_attention:
            raise RecipeError(
                "`rationale_weight` must be 0 for an encoder without attention. "
                f"Received: {recipe.rationale_weight} with encoder {recipe.encoder}"
            )
    classifier = DocumentClassifier(
        vectorizer, encoder, classes, multi_label=multi_label, rationale=head
    )
    classifier.build()
    return classifier


def build_encoder(recipe, vocabulary_size, classes, feature_sizes=()):
    """The encoder of a recipe, without weights: cheap enough to check a recipe with.

    Args:
        feature_sizes: see `DocumentVectorizer.feature_sizes`.

    Raises:
        RecipeError: the encoder does not take what the recipe says.
    """
    if recipe.preset not in PRESETS:
        raise RecipeError(
            f"`preset` must be one of {', '.join(PRESETS)}. Received: {recipe.preset!r}"
        )
    try:
        arguments = encoder_arguments(recipe.encoder, PRESETS[recipe.preset])
        arguments.update(recipe.encoder_arguments(classes))
        if feature_sizes:
            arguments["feature_sizes"] = feature_sizes
        return _ENCODERS[recipe.encoder](vocabulary_size, **arguments)
    except ValueError as error:
        raise RecipeError(f"the recipe's encoder cannot be built: {error}") from error


def compile_classifier(classifier, recipe, steps):
    """Compiles a classifier as a recipe says, for a run of `steps` steps."""
    if classifier.multi_label:
        loss, metric = MultiLabelCrossentropy(recipe.label_smoothing), BestThresholdF1("micro_f1")
    else:
        loss, metric = SingleLabelCrossentropy(recipe.label_smoothing), SingleLabelAccuracy()
    classifier.compile(
        build_optimizer(recipe, steps),
        loss,
        metrics=[metric],
        adversarial_norm=recipe.adversarial_norm,
    )


def build_optimizer(recipe, steps):
    """Adam (AdamW with weight decay) whose learning rate follows the recipe over `steps` steps."""
    warmup = int(recipe.warmup_share * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else recipe.learning_rate,
        warmup_target=recipe.learning_rate if warmup else None,
        warmup_steps=warmup,
        decay_steps=max(steps - warmup, 1),
        alpha=0.0 if recipe.decay == "cosine" else 1.0,
    )
    optimizer = LazyAdam(
        schedule,
        weight_decay=recipe.weight_decay or None,
        global_clipnorm=recipe.clip_norm or None,
        use_ema=bool(recipe.weight_average),
        ema_momentum=recipe.weight_average,
        row_rate=recipe.vectors_rate,
    )
    if recipe.weight_decay:
        # Biases and contexts are few, and small for good reasons.
        kept = ["bias", "context", *([] if recipe.vectors_rate else ["embeddings"])]
        optimizer.exclude_from_weight_decay(var_names=kept)
    return optimizer
