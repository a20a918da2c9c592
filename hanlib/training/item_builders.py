"""Makes the models of split documents that a recipe describes."""

import dataclasses

from hanlib.losses import SingleLabelCrossentropy
from hanlib.metrics import ChunkF1, ItemAccuracy
from hanlib.models import FlatRecurrent, SentenceClassifier, TokenClassifier
from hanlib.training.builders import (
    build_classifier,
    build_encoder,
    build_optimizer,
    build_vectorizer,
    compile_classifier,
)
from hanlib.training.errors import TrainingError


def build_item_classifier(recipe, corpus):
    """A built model with the vocabulary of the training documents and initial weights.

    Args:
        recipe: A `Recipe` with the task of the corpus.
        corpus: A `hanlib.data.ItemCorpus`.
    """
    documents = [document for document, _ in corpus.splits["train"]]
    try:
        model = _BUILDERS[recipe.task](recipe, documents, corpus)
    except ValueError as error:
        raise TrainingError(f"the model cannot be built: {error}") from error
    if not model.built:
        model.build()
    return model


def _document_classifier(recipe, documents, corpus):
    vectorizer = build_vectorizer(recipe, corpus.columns)
    vectorizer.adapt_words(_words(s, corpus) for document in documents for s in document)
    return build_classifier(recipe, vectorizer, list(corpus.classes), multi_label=False)


def _words(sentence, corpus):
    return [word for word, *_ in sentence] if corpus.columns else sentence


def _row_vectorizer(recipe):
    """A vectorizer for which each sentence is one row."""
    return build_vectorizer(dataclasses.replace(recipe, max_sentence_words=None))


def _sentence_classifier(recipe, documents, corpus):
    vectorizer = _row_vectorizer(recipe)
    vectorizer.adapt(sentence for document in documents for sentence in document)
    classes = list(corpus.classes)
    encoder = build_encoder(
        recipe, vectorizer.vocabulary_size, len(classes), vectorizer.feature_sizes
    )
    dropout = 0.3 if recipe.dropout is None else recipe.dropout
    return SentenceClassifier(vectorizer, encoder, classes, _crf(recipe), dropout)


def _token_classifier(recipe, documents, corpus):
    vectorizer = _row_vectorizer(recipe)
    vectorizer.adapt_words(_words(document, corpus) for document in documents)
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


_BUILDERS = {
    "documents": _document_classifier,
    "sentences": _sentence_classifier,
    "tokens": _token_classifier,
}


def compile_item_classifier(model, recipe, steps, bio):
    """Compiles a model as a recipe says, for a run of `steps` steps.

    Args:
        bio: Whether F1 of chunks is measured too.
    """
    if recipe.task == "documents":
        compile_classifier(model, recipe, steps)
        return
    loss = None if model.crf is not None else SingleLabelCrossentropy(recipe.label_smoothing)
    model.compile(
        build_optimizer(recipe, steps),
        loss,
        metrics=[ItemAccuracy(), *([ChunkF1(model.classes)] if bio else [])],
        adversarial_norm=recipe.adversarial_norm,
    )
