"""Training runs on documents that are split: from a corpus to a folder."""

import hashlib
import json
import time
from pathlib import Path

import keras
import tensorflow as tf

from hanlib.evidence.chunks import is_bio
from hanlib.training import open_run, results, word_vectors
from hanlib.training.checkpoint import Checkpoint
from hanlib.training.class_weights import parse
from hanlib.training.errors import TrainingError
from hanlib.training.evaluation import evaluate
from hanlib.training.fit_batches import fit_batches
from hanlib.training.item_builders import build_item_classifier, compile_item_classifier
from hanlib.training.item_metrics import evaluate_items
from hanlib.training.ngram_part import add_ngrams, longest_ngram
from hanlib.training.progress import silent
from hanlib.training.sentence_ngrams import add_sentence_ngrams

_ITEMS = {"documents": "document", "sentences": "sentence", "tokens": "word"}


def train_items(corpus, recipe, output, *, resume=False, progress=None, dataset=None, export=None):
    """Trains the model of a corpus of split documents and writes it to a folder.

    The model is a `SentenceClassifier`, a `TokenClassifier`, or, if the documents are labeled, a
    `DocumentClassifier` that reads the columns of the words.

    The folder has the files that `hanlib.training.train` writes, and a run that was stopped is
    resumed in the same way.

    Args:
        corpus: A `hanlib.data.ItemCorpus`.
        recipe: A `Recipe` with the task of the corpus; see `item_recipe`.
        output, resume, progress, dataset, export: See `hanlib.training.train`.

    Returns:
        A dict like that of `hanlib.training.train`; `validation` is what `evaluate_items` returns,
        or `evaluate` if documents are labeled.

    Raises:
        TrainingError: The corpus does not fit the task, or `resume` does not match the run.
        RecipeError: The model of the recipe cannot be built.

    >>> import tempfile
    >>> from hanlib.data import ItemCorpus
    >>> from hanlib.training import item_recipe
    >>> splits = {"train": [(["Rain", "falls"], ["B-NP", "B-VP"])] * 4}
    >>> corpus = ItemCorpus("chunks", "word", ("B-NP", "B-VP"), (), splits)
    >>> recipe = item_recipe("tokens", epochs=1, units=4, shape_buckets=50)
    >>> train_items(corpus, recipe, tempfile.mkdtemp())["documents"]
    {'train': 4}
    """
    progress, output = progress or silent, Path(output)
    if _ITEMS.get(recipe.task) != corpus.item:
        raise TrainingError(
            f"`task` must be that of a corpus of {corpus.item}s. Received: {recipe.task}"
        )
    if recipe.task != "documents" and recipe.class_weight and recipe.crf is not False:
        raise TrainingError(
            f"`class_weight` needs crf=false. Received: class_weight={recipe.class_weight}"
        )
    if not resume or recipe.embedding_dim is None:
        recipe = word_vectors.with_width(recipe)
    recipe = recipe.for_documents(len(corpus.splits["train"]))
    run = {"recipe": recipe.to_dict(), "dataset": _described(corpus, dataset)}
    checkpoint = Checkpoint(output)
    checkpoint.prepare()
    if resume and checkpoint.run() is None and (output / "model.keras").exists():
        return open_run.finished_run(output, run, progress)
    open_run.open_run(checkpoint, run, resume, progress)
    began = time.monotonic()
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(recipe.seed)
    model = build_item_classifier(recipe, corpus)
    batches = _all_batches(model, recipe, corpus)
    best = _fit(model, recipe, corpus, batches, checkpoint, progress)
    model, found = _with_ngrams(model, recipe, batches, progress)
    record = {**_measure(model, best, corpus), **found}
    record["seconds"] = round(time.monotonic() - began, 2)
    results.write(model, best.history, record, run, checkpoint, export, progress)
    return record


def _with_ngrams(model, recipe, batches, progress):
    """The model with n-grams, where the recipe says so, and a record of them."""
    longest = 0 if recipe.task == "tokens" else longest_ngram(recipe.ngrams, model.vectorizer)
    if not longest:
        return model, {}
    add = add_ngrams if recipe.task == "documents" else add_sentence_ngrams
    parts = longest, batches["train"], batches["validation"]
    if recipe.task == "documents":
        parts = longest, batches["train"].cache, batches["validation"]
    model, found = add(model, *parts, seed=recipe.seed, progress=progress)
    return model, {"ngrams": found}


def _all_batches(model, recipe, corpus):
    names = ("seed", "epochs", "steps_per_epoch")
    order = {name: getattr(recipe, name) for name in names}
    validation = "validation" in corpus.splits
    return {
        "train": _batches(model, recipe, corpus, "train", **order),
        "validation": _batches(model, recipe, corpus, "validation") if validation else None,
    }


def _fit(model, recipe, corpus, batches, checkpoint, progress):
    if recipe.vectors is not None:
        _start_from_vectors(model, recipe, batches["train"].cache, checkpoint, progress)
    bio = corpus.item == "word" and is_bio(corpus.classes)
    compile_item_classifier(model, recipe, batches["train"].steps * recipe.epochs, bio)
    return fit_batches(
        *(model, recipe, batches["train"], batches["validation"], checkpoint, progress),
        monitor="chunk_f1" if bio else "accuracy",
        fingerprint=_fingerprint(corpus),
    )


def _start_from_vectors(model, recipe, cache, checkpoint, progress):
    """Gives the words their initial vectors (see `recipe.vectors`)."""
    layer = model.embedding.words if recipe.task == "tokens" else model.encoder.embedding
    table = layer.embeddings
    found = word_vectors.find_vectors(
        recipe, model.vectorizer, table.shape[1], [cache], checkpoint, progress
    )
    table.assign(found.embeddings(table.numpy(), recipe.vectors_std))
    word_vectors.describe(found, recipe, cache, progress)


def _batches(model, recipe, corpus, split, **options):
    documents, labels = zip(*corpus.splits[split], strict=True)
    weights = recipe.class_weight if split == "train" else None
    return model.batches(
        list(documents),
        list(labels),
        recipe.batch_size,
        None if weights is None else parse(weights, corpus.classes),
        max_batch_words=recipe.max_batch_words,
        **options,
    )


def _measure(model, best, corpus):
    record = {
        **results.record_of(model, best, corpus),
        "task": next(task for task, item in _ITEMS.items() if item == corpus.item),
        "documents": _sizes(corpus),
    }
    if "validation" in corpus.splits:
        measured = evaluate if corpus.item == "document" else evaluate_items
        record["validation"] = measured(model, corpus.splits["validation"])
    return record


def _described(corpus, dataset):
    return {
        **(dataset or {}),
        "name": corpus.name,
        "classes": list(corpus.classes),
        "documents": _sizes(corpus),
    }


def _sizes(corpus):
    return {name: len(part) for name, part in corpus.splits.items()}


def _fingerprint(corpus):
    text = json.dumps([corpus.classes, corpus.splits], ensure_ascii=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
