"""Makes the models of sentences and words that a recipe describes."""

from hanlib.layers import DocumentVectorizer
from hanlib.losses import SingleLabelCrossentropy
from hanlib.metrics import ChunkF1, ItemAccuracy
from hanlib.models import FlatRecurrent, SentenceClassifier, TokenClassifier
from hanlib.training.builders import build_encoder, build_optimizer
from hanlib.training.errors import TrainingError


def build_item_classifier(recipe, corpus):
    """A built model with the vocabulary of the training documents and initial weights.

    Args:
        recipe: A `Recipe` with the task "sentences" or "tokens".
        corpus: A `hanlib.data.ItemCorpus`.
    """
    vectorizer = DocumentVectorizer(
        max_tokens=recipe.max_tokens,
        min_count=recipe.min_count,
        oov_buckets=recipe.oov_buckets,
        max_sentence_words=None,
        lowercase=recipe.lowercase,
    )
    documents = [document for document, _ in corpus.splits["train"]]
    build = _sentence_classifier if recipe.task == "sentences" else _token_classifier
    try:
        model = build(recipe, vectorizer, documents, corpus)
    except ValueError as error:
        raise TrainingError(f"the model cannot be built: {error}") from error
    model.build()
    return model


def _sentence_classifier(recipe, vectorizer, documents, corpus):
    vectorizer.adapt(sentence for document in documents for sentence in document)
    classes = list(corpus.classes)
    encoder = build_encoder(recipe, vectorizer.vocabulary_size, len(classes))
    dropout = 0.3 if recipe.dropout is None else recipe.dropout
    return SentenceClassifier(vectorizer, encoder, classes, _crf(recipe), dropout)


def _token_classifier(recipe, vectorizer, documents, corpus):
    if corpus.columns:
        documents = [[word for word, *_ in document] for document in documents]
    vectorizer.adapt_words(documents)
    names = ("cell", "units", "depth", "bidirectional", "weight_dropout")
    given = {name: getattr(recipe, name) for name in names}
    given = {name: value for name, value in given.items() if value is not None}
    return TokenClassifier(
        vectorizer,
        # The pooled vector is not used, and a mean has no weights.
        FlatRecurrent(None, None, pooling="mean", **given),
        list(corpus.classes),
        crf=_crf(recipe),
        columns=corpus.columns,
        shape_buckets=8192 if recipe.shape_buckets is None else recipe.shape_buckets,
        embedding_dim=recipe.embedding_dim or 100,
        word_dropout=recipe.embedding_dropout or 0.0,
        input_dropout=recipe.input_dropout or 0.0,
        dropout=recipe.dropout or 0.0,
    )


def _crf(recipe):
    return True if recipe.crf is None else recipe.crf


def compile_item_classifier(model, recipe, steps, bio):
    """Compiles a model as a recipe says, for a run of `steps` steps.

    Args:
        bio: Whether F1 of chunks is measured too.
    """
    loss = None if model.crf is not None else SingleLabelCrossentropy(recipe.label_smoothing)
    model.compile(
        build_optimizer(recipe, steps),
        loss,
        metrics=[ItemAccuracy(), *([ChunkF1(model.classes)] if bio else [])],
        adversarial_norm=recipe.adversarial_norm,
    )
