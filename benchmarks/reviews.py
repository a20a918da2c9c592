"""The training reviews of IMDB as test data; their word ids are cached."""

import tempfile
from pathlib import Path

import numpy as np
from documents import Documents, from_ragged

CACHE = Path(tempfile.gettempdir()) / "hanlib-benchmarks"


def add_arguments(parser):
    """The options of each benchmark that reads reviews."""
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for the word ids")
    parser.add_argument("--data-dir", help="folder of TensorFlow Datasets")


def review_ids(arguments, vocabulary):
    """The reviews as `Documents`, tokenized as by `hanlib train`."""
    path = arguments.cache / f"imdb-{vocabulary}.npz"
    if not path.exists():
        arguments.cache.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".partial.npz")
        np.savez(temporary, **_tokenized(arguments.data_dir, vocabulary)._asdict())
        temporary.replace(path)
    with np.load(path, allow_pickle=False) as arrays:
        return Documents(**{name: arrays[name] for name in Documents._fields})


def review_texts(data_dir=None):
    """The reviews as a list of `(text, label)`."""
    from hanlib.data import load

    return list(load("imdb_reviews", data_dir=data_dir).splits["train"])


def _tokenized(data_dir, vocabulary):
    import tensorflow as tf

    from hanlib.layers import DocumentVectorizer

    texts, labels = zip(*review_texts(data_dir), strict=True)
    vectorizer = DocumentVectorizer(max_tokens=vocabulary)
    vectorizer.adapt(texts)
    parts = [vectorizer(texts[start : start + 256]) for start in range(0, len(texts), 256)]
    classes = sorted(set(labels))
    return from_ragged(tf.concat(parts, axis=0), [classes.index(label) for label in labels])
