"""What a run needs before its first step: vocabulary, tokenized splits, classifier."""

import itertools
import shutil

import numpy as np

from hanlib.data import TokenCache, TokenShards
from hanlib.layers.text_functions import TEXT_FUNCTIONS
from hanlib.layers.vocabulary_words import add_counts
from hanlib.models.marked_evidence import marks_of_texts
from hanlib.training import pretraining, regions, starting_model, word_vectors
from hanlib.training.builders import build_classifier, build_vectorizer, ids_of
from hanlib.training.errors import TrainingError
from hanlib.training.evaluation import label_encoder
from hanlib.training.sharded_corpus import ShardedCorpus

# The tokens of a corpus with more training documents are on disk.
DOCUMENTS_IN_MEMORY = 200_000


def prepare(
    corpus,
    recipe,
    checkpoint,
    progress,
    fingerprint,
    start=None,
    soft_labels=None,
    check=None,
    cache=None,
    jobs=1,
):
    """The classifier at its beginning, the tokenized splits, and the records of both.

    Args:
        corpus, recipe, progress, start, cache, jobs: see `hanlib.training.train`.
        checkpoint: a `Checkpoint` that was started.
        fingerprint: the `Fingerprint` that the documents go through.
        soft_labels: `<float32>[unlabelled texts, classes]`: the unlabelled texts become training
            documents with these labels; None: they do not.
        check: function that is called before the classifier is built, when all documents have gone
            through the fingerprint; or None.

    Returns:
        A `DocumentClassifier`; a dict of `TokenCache`s or `TokenShards` by split, with those of
        texts without labels as "unlabelled" if the run reads them; a dict that may hold the records
        `vectors` and `pretraining`.
    """
    sharded = None
    if soft_labels is None and _is_sharded(corpus, start, cache):
        cache = cache or checkpoint.cache
        with_marks = learns_evidence(corpus, recipe)
        sharded = ShardedCorpus(corpus, cache, jobs, progress, with_marks)
    vectorizer = _adapted(corpus, recipe, progress, fingerprint, sharded)
    if start is not None:
        vectorizer = starting_model.grown_vectorizer(start, vectorizer)
    vectorize = ids_of(vectorizer)

    def tokenize(name, examples, size, encode_label, mark=None):
        directory = _directory(name, size, checkpoint)
        tokens = TokenCache.build(
            examples,
            vectorize,
            encode_label=encode_label,
            mark=mark,
            directory=directory,
            progress=lambda done: progress(f"tokenizing {name}", done, size),
        )
        return tokens if directory is None else TokenShards.open([directory])

    if sharded is not None:
        caches = sharded.tokenize(vectorizer)
    else:
        # The training documents went through the fingerprint for the vocabulary.
        caches = {
            "train": _training_cache(corpus, recipe, soft_labels, vectorizer, tokenize, fingerprint)
        }
        if "validation" in corpus.splits:
            split = corpus.splits["validation"]
            encode, examples = (
                label_encoder(corpus.classes, corpus.multi_label),
                fingerprint.watch(split),
            )
            caches["validation"] = tokenize("validation", examples, split.size, encode)
    if check is not None:
        check()
    classifier = build_classifier(
        *(recipe, vectorizer, list(corpus.classes), corpus.multi_label),
        rationale=caches["train"].has_marks,
    )
    if start is not None:
        starting_model.copy_weights(start, classifier)
    if soft_labels is None and _reads_unlabelled(corpus, recipe):
        examples, size = ((text, 0) for text in corpus.unlabelled), corpus.unlabelled.size
        caches["unlabelled"] = tokenize("unlabelled", examples, size, int)
    texts, found = [caches[name] for name in ("train", "unlabelled") if name in caches], {}
    if recipe.vectors is not None:
        found["vectors"] = _assign_vectors(classifier, recipe, texts, checkpoint, progress)
    if recipe.region_dim and start is None:
        encoder = classifier.encoder
        encoder.set_regions(
            regions.find_regions(recipe, encoder.vocabulary_size, texts, checkpoint, progress)
        )
    if recipe.pretrain_epochs:
        found["pretraining"] = pretraining.pretrain(
            *(classifier.encoder, recipe, texts, checkpoint, progress, fingerprint.hexdigest())
        )
    return classifier, caches, found


def _assign_vectors(classifier, recipe, texts, checkpoint, progress):
    """Gives the words their initial vectors, and returns the record of these."""
    embedding = classifier.encoder.embedding
    sampled = [word_vectors.bounded(tokens, recipe.seed, progress) for tokens in texts]
    found = word_vectors.find_vectors(
        *(recipe, classifier.vectorizer, embedding.output_dim, sampled, checkpoint, progress)
    )
    table = embedding.embeddings
    table.assign(found.embeddings(table.numpy(), recipe.vectors_std))
    return word_vectors.describe(found, recipe, sampled[0], progress)


def _is_sharded(corpus, start, cache):
    """Whether the files of a corpus are tokenized one by one, to a cache."""
    if corpus.shards is None or corpus.digest is None:
        return False
    # No digest covers text functions of the user.
    config = {} if start is None else start.vectorizer.get_config()
    if any(isinstance(config.get(name), dict) for name in TEXT_FUNCTIONS):
        return False
    return cache is not None or corpus.splits["train"].size > DOCUMENTS_IN_MEMORY


def learns_evidence(corpus, recipe):
    """Whether a run teaches a rationale head."""
    return corpus.splits["train"].has_evidence and recipe.rationale_weight > 0


def _training_cache(corpus, recipe, soft_labels, vectorizer, tokenize, fingerprint):
    """The training documents as a `TokenCache`, with the marks of the evidence if there is any."""
    examples, size, encode = _training_examples(corpus, soft_labels)
    if not learns_evidence(corpus, recipe):
        return tokenize("train", examples, size, encode)
    # Unlabelled texts come behind, and nobody marked them.
    watched = fingerprint.watch(("", spans) for spans in corpus.splits["train"].evidence())
    evidence = itertools.chain((spans for _, spans in watched), itertools.repeat(None))
    marked = ((*example, spans) for example, spans in zip(examples, evidence, strict=False))
    return tokenize(
        *("train", marked, size, encode),
        mark=lambda texts, spans: marks_of_texts(vectorizer, texts, spans),
    )


def _training_examples(corpus, soft_labels):
    """The training documents with their labels, their number, and the encoder of the labels."""
    split, encode = corpus.splits["train"], label_encoder(corpus.classes, corpus.multi_label)
    if soft_labels is None:
        return split, split.size, encode
    certain = np.eye(len(corpus.classes), dtype=np.float32)

    def encode_row(label):
        if isinstance(label, np.ndarray):
            return label
        return encode(label) if corpus.multi_label else certain[encode(label)]

    examples = itertools.chain(split, zip(corpus.unlabelled, soft_labels, strict=True))
    size = None if split.size is None else split.size + len(soft_labels)
    return examples, size, encode_row


def _reads_unlabelled(corpus, recipe):
    return recipe.reads_unlabelled and corpus.unlabelled is not None


def _adapted(corpus, recipe, progress, fingerprint, sharded=None):
    """The vectorizer with the vocabulary of all texts that the run learns from."""
    vectorizer, size = build_vectorizer(recipe), corpus.splits["train"].size
    counts, texts = {}, iter(())
    if sharded is not None:
        counts, size = sharded.count_words(vectorizer, fingerprint), 0
    else:
        texts = (text for text, _ in fingerprint.watch(corpus.splits["train"]))
    if _reads_unlabelled(corpus, recipe):
        unlabelled = fingerprint.watch((text, None) for text in corpus.unlabelled)
        texts = itertools.chain(texts, (text for text, _ in unlabelled))
        more = corpus.unlabelled.size
        size = None if size is None or more is None else size + more
    further = vectorizer.count_words(texts, lambda done: progress("vocabulary", done, size))
    add_counts(counts, further.items(), most=vectorizer.max_counted_words)
    try:
        vectorizer.adapt_counts(counts, "texts")
    except ValueError as error:
        raise TrainingError(f"no vocabulary can be learned: {error}") from error
    return vectorizer


def _directory(name, size, checkpoint):
    """The folder of a split's token cache; None: in memory."""
    if size is not None and size <= DOCUMENTS_IN_MEMORY:
        return None
    for leftover in checkpoint.directory.glob(f"tokens-{name}*"):
        shutil.rmtree(leftover)
    return checkpoint.directory / f"tokens-{name}"
