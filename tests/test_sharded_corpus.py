"""A corpus from files is split once: its tokens are those of `TokenCache.build`, bit for bit."""

import json

import numpy as np
import pytest

from hanlib.data import TokenCache, load
from hanlib.data.splitting import TRAIN, VALIDATION
from hanlib.layers import DocumentVectorizer
from hanlib.models.marked_evidence import marks_of_texts
from hanlib.training.builders import ids_of
from hanlib.training.evaluation import label_encoder
from hanlib.training.fingerprint import Fingerprint
from hanlib.training.sharded_corpus import ShardedCorpus

TEXTS = [
    "A good film. A GOOD film, with a very long sentence of many words in it!",
    "Bad: don’t see it at http://example.com/a?b=1 - 3.14 stars…",
    "这部电影很好看。我喜欢！",
    "B2B &amp; NASA<br />McCoy didn't. ?!",
    "...",
    "\u200b\x00 only spaces",
]
# The documents of validation have words of their own.
UNSEEN = ["Unseen zebra films. 新電影"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Three files, of which the last one has no training documents."""
    folder = tmp_path_factory.mktemp("files")
    for part, (documents, splits) in enumerate([(37, "ttv"), (12, "tvx"), (3, "v")]):
        with (folder / f"part-{part}.jsonl").open("w") as file:
            for number in range(documents):
                split = {"t": "train", "v": "validation", "x": "test"}[splits[number % len(splits)]]
                texts = UNSEEN + TEXTS if split == "validation" else TEXTS
                text = f"{texts[number % len(texts)]} {number % 7}"
                evidence = [[1, 4]] if number % 3 else None
                row = {"text": text, "label": "ab"[number % 2], "split": split}
                file.write(json.dumps({**row, "evidence": evidence}) + "\n")
    return load(str(folder / "part-*.jsonl"))


@pytest.fixture(autouse=True)
def few_together(monkeypatch):
    """A file is split in several calls of the graph."""
    monkeypatch.setattr("hanlib.training.split_file._TOGETHER", 5)


def silent(*_):
    pass


def documents(corpus, split):
    """`(text, label, evidence)` of a split, in the order of the files."""
    return [rest for shard in corpus.shards for code, *rest in shard if code == split]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize(
    ("settings", "with_marks"),
    [
        ({}, False),
        ({"oov_buckets": 3, "max_tokens": 12, "max_sentence_words": 4}, True),
        ({"word_case": True, "lowercase": False, "max_sentence_words": None}, False),
        pytest.param({"word_case": True}, False, marks=pytest.mark.long),
        ({"vocabulary": ["film", "zebra", "好"]}, True),
    ],
)
def test_tokens_are_those_of_the_graph(corpus, cache, settings, with_marks):
    vectorizer = DocumentVectorizer(**settings)
    sharded = ShardedCorpus(corpus, cache, 1, silent, with_marks)
    fingerprint, expected = Fingerprint([]), Fingerprint([])
    counts = sharded.count_words(vectorizer, fingerprint)
    assert counts == vectorizer.count_words([text for text, *_ in documents(corpus, TRAIN)])
    for shard in corpus.shards:
        of_shard = Fingerprint([])
        for code, text, label, evidence in shard:
            if code in (TRAIN, VALIDATION):
                of_shard.add(text, (code, label, evidence))
        expected.add_digest(of_shard.hexdigest())
    assert fingerprint.hexdigest() == expected.hexdigest()
    if "vocabulary" not in settings:
        vectorizer.adapt_counts(counts)
    found = sharded.tokenize(vectorizer)
    for code, name in ((TRAIN, "train"), (VALIDATION, "validation")):
        marked = with_marks and code == TRAIN
        assert_equal(found[name].load(), built(corpus, code, vectorizer, marked))


def built(corpus, code, vectorizer, marked):
    """The documents of a split, tokenized by the graph."""
    examples = documents(corpus, code)
    return TokenCache.build(
        examples if marked else [example[:2] for example in examples],
        ids_of(vectorizer),
        encode_label=label_encoder(corpus.classes, False),
        mark=(lambda *texts: marks_of_texts(vectorizer, *texts)) if marked else None,
    )


def assert_equal(found, expected):
    everything = np.arange(expected.documents)
    for one, other in zip(found.flat(everything), expected.flat(everything), strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert found.has_marks == expected.has_marks
    padded, wanted = found.padded(everything), expected.padded(everything)
    for name in wanted:
        np.testing.assert_array_equal(padded[name], wanted[name])


def test_another_vocabulary_splits_nothing_again(corpus, tmp_path):
    for vocabulary in (["film"], ["good"]):
        sharded = ShardedCorpus(corpus, tmp_path, 1, silent)
        vectorizer = DocumentVectorizer(vocabulary=vocabulary)
        tokens = sharded.tokenize(vectorizer)["train"].load()
        assert_equal(tokens, built(corpus, TRAIN, vectorizer, False))
    assert len(list(tmp_path.glob("words-*"))) == 1
    assert len(list(tmp_path.glob("ids-*"))) == 2


@pytest.mark.long
def test_processes_change_nothing(corpus, tmp_path):
    written = []
    for jobs in (1, 2):
        folder = tmp_path / str(jobs)
        sharded = ShardedCorpus(corpus, folder, jobs, silent, with_marks=True)
        vectorizer = DocumentVectorizer()
        vectorizer.adapt_counts(sharded.count_words(vectorizer, Fingerprint([])))
        sharded.tokenize(vectorizer)
        # Blocks are as large as the calls, which are small in this process only.
        files = (path for path in folder.rglob("*.*") if path.name != "blocks.npy")
        written.append({path.relative_to(folder): path.read_bytes() for path in files})
    assert written[0] == written[1]
