"""DocumentVectorizer: the ids, how it learns them, and that they survive saving and export."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from hanlib import text
from hanlib.layers.vectorizer import DocumentVectorizer

TEXTS = ["The food was good. Good prices!", "Bad food, bad mood.", "The bad bad end"]
WORDS = ["bad", "food", "good", "the"]


@pytest.fixture
def adapted():
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(TEXTS)
    return vectorizer


def test_ids_follow_frequency_then_the_alphabet(adapted):
    vocabulary = adapted.get_vocabulary()
    assert vocabulary[:8] == ["", "[UNK]", "bad", ".", "food", "good", "the", "!"]
    assert vocabulary[8:] == [",", "end", "mood", "prices", "was"]
    assert adapted.vocabulary_size == len(vocabulary)
    ids = adapted(["Good news. BAD!", ""])
    assert isinstance(ids, tf.RaggedTensor)
    assert ids.dtype == tf.int32
    assert ids.to_list() == [[[5, 1, 3], [2, 7]], []]
    assert adapted(["good Good news"]).to_list() == [[[5, 5, 1]]]
    assert adapted.words(ids) == [[["good", "[UNK]", "."], ["bad", "!"]], []]
    assert adapted.words([2, 0]) == ["bad", ""]


def test_learning_twice_gives_the_same(adapted):
    again = DocumentVectorizer()
    again.adapt(TEXTS)
    assert again.get_vocabulary() == adapted.get_vocabulary()


def test_min_count_and_max_tokens():
    frequent = DocumentVectorizer(min_count=2)
    frequent.adapt(TEXTS)
    assert frequent.get_vocabulary()[2:] == ["bad", ".", "food", "good", "the"]
    few = DocumentVectorizer(max_tokens=4)
    few.adapt(TEXTS)
    assert few.get_vocabulary() == ["", "[UNK]", "bad", "."]
    endless = DocumentVectorizer(max_tokens=None)
    endless.adapt([" ".join(f"w{i}" for i in range(40_000))])
    assert endless.vocabulary_size == 40_002


def test_buckets_keep_unknown_words_apart():
    vectorizer = DocumentVectorizer(oov_buckets=3, vocabulary=WORDS)
    assert vectorizer.get_vocabulary() == ["", "[UNK_1]", "[UNK_2]", "[UNK_3]", *WORDS]
    unknown = vectorizer([" ".join(f"unknown{i}" for i in range(50))]).flat_values.numpy()
    assert set(unknown) == {1, 2, 3}
    assert vectorizer(["unknown7 UNKNOWN7 bad"]).to_list() == [[[unknown[7], unknown[7], 4]]]


def test_case_and_the_shape_of_the_apostrophe():
    folded = DocumentVectorizer(vocabulary=["don't", "élan"])
    assert folded(["DON’T don't Élan"]).to_list() == [[[2, 2, 3]]]
    exact = DocumentVectorizer(vocabulary=["don't", "élan"], lowercase=False)
    assert exact(["DON’T don't Élan"]).to_list() == [[[1, 2, 1]]]


SOURCES = {
    "generator": lambda: (document for document in TEXTS),
    "array": lambda: np.array(TEXTS),
    "object array": lambda: np.array(TEXTS, dtype=object),
    "bytes": lambda: [document.encode() for document in TEXTS],
    "dataset": lambda: tf.data.Dataset.from_tensor_slices(TEXTS),
    "batches": lambda: tf.data.Dataset.from_tensor_slices(TEXTS).batch(2),
    "pairs": lambda: tf.data.Dataset.from_tensor_slices((TEXTS, [0, 1, 0])).batch(2),
    "column": lambda: tf.data.Dataset.from_tensor_slices(np.array(TEXTS)[:, None]).batch(2),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_adapt_takes_any_source(source, adapted):
    vectorizer = DocumentVectorizer()
    read = []
    vectorizer.adapt(source(), progress=read.append)
    assert vectorizer.get_vocabulary() == adapted.get_vocabulary()
    assert read[-1] == 3


def test_adapt_streams_and_forgets_the_rarest():
    drawn = 0

    def documents():
        nonlocal drawn
        for drawn in range(1, 2001):
            yield f"common common word{drawn}"

    seen = []
    vectorizer = DocumentVectorizer()
    vectorizer.max_counted_words = 100
    vectorizer.adapt(documents(), progress=lambda number: seen.append((number, drawn)))
    assert len(seen) > 1
    assert all(number == read for number, read in seen)
    assert vectorizer.get_vocabulary()[2] == "common"
    assert vectorizer.vocabulary_size <= 102


def test_a_new_vocabulary_reaches_functions_traced_before(adapted):
    function = tf.function(adapted.call, input_signature=[tf.TensorSpec([None], tf.string)])
    assert function(tf.constant(["bad"])).to_list() == [[[2]]]
    adapted.set_vocabulary(["worse", "bad"])
    assert function(tf.constant(["bad good"])).to_list() == [[[3, 1]]]
    other = DocumentVectorizer()
    other.set_vocabulary(adapted.get_vocabulary())
    assert other.get_vocabulary() == ["", "[UNK]", "worse", "bad"]


def test_rows_and_surface_are_those_of_the_ids(adapted):
    vectorizer = DocumentVectorizer(max_sentence_words=2, vocabulary=WORDS)
    documents = ["The GOOD food cost $5. Bad!", "", "Good"]
    ids, tokens = vectorizer(documents), vectorizer.tokenize(documents)
    surface = tokens.ragged(tokens.words)
    assert ids.to_list() == [[[5, 4], [3, 1], [1, 1], [1], [2, 1]], [], [[4]]]
    expected = [["The", "GOOD"], ["food", "cost"], ["$", "5"], ["."], ["Bad", "!"]]
    assert [[w.decode() for w in row] for row in surface[0].to_list()] == expected
    whole = DocumentVectorizer(max_sentence_words=None, vocabulary=WORDS)
    assert whole(["bad " * 500]).values.row_lengths().numpy().tolist() == [500]


def listed(tokens):
    return [part.numpy().tolist() for part in (*tokens, tokens.document_rows)]


def test_one_result_says_all_about_a_batch():
    vectorizer = DocumentVectorizer(max_sentence_words=2, vocabulary=WORDS)
    documents = tf.constant(["The GOOD food. Bad!", "", "Good Good. Good Good."])
    tokens = vectorizer.tokenize(documents)
    words, ids, row_lengths, sentence_rows, document_sentences, sentences, rows = listed(tokens)
    assert words == b"The GOOD food . Bad ! Good Good . Good Good .".split()
    assert ids == [5, 4, 3, 1, 2, 1, 4, 4, 1, 4, 4, 1]
    assert row_lengths == [2, 2, 2, 2, 1, 2, 1]
    assert sentence_rows == [2, 1, 2, 2]
    assert document_sentences == [2, 0, 2]
    assert rows == [3, 0, 4]
    assert sentences == [b"The GOOD food.", b"Bad!", b"Good Good.", b"Good Good."]
    assert {part.dtype for part in tokens[1:5]} == {tf.int32}
    assert tokens.ragged(tokens.ids).to_list() == vectorizer(documents).to_list()
    # In graphs and with another table as well.
    traced = tf.function(vectorizer.tokenize, input_signature=[tf.TensorSpec([None], tf.string)])
    (mapped,) = tf.data.Dataset.from_tensors(documents).map(vectorizer.tokenize)
    for other in (traced(documents), mapped, vectorizer.tokenize(documents, vectorizer._table)):
        assert listed(other) == listed(tokens)
    assert listed(vectorizer.tokenize(tf.constant([], tf.string))) == [[]] * 7


@keras.saving.register_keras_serializable("hanlib_test")
def letters_only(sentences):
    return tf.strings.split(tf.strings.regex_replace(sentences, r"[^a-zA-Z]+", " "))


def test_sentences_end_where_the_splitter_ends_them():
    # The words do not make up the sentences, and rows are as long as can be.
    vectorizer = DocumentVectorizer(
        max_sentence_words=2, vocabulary=WORDS, split_words=letters_only
    )
    tokens = vectorizer.tokenize(["Bad, food. Bad, food. ?! The good bad."])
    _, _, row_lengths, sentence_rows, document_sentences, sentences, _ = listed(tokens)
    assert row_lengths == [2, 2, 2, 1]
    assert sentence_rows == [1, 1, 2]
    # A sentence without words is none.
    assert document_sentences == [3]
    assert sentences == [b"Bad, food.", b"Bad, food. ?!", b"The good bad."]


def test_tokenizing_traces_once():
    calls = []

    def counting(sentences):
        calls.append(sentences.shape)
        return text.split_words(sentences)

    vectorizer = DocumentVectorizer(split_words=counting, vocabulary=WORDS)
    for size in (1, 3, 0, 17):
        assert vectorizer(["Bad food. " * size] * size).shape[0] == size
    assert len(calls) == 1
    vectorizer.set_vocabulary(["bad"])
    assert vectorizer(["bad food"]).to_list() == [[[2, 1]]]
    assert len(calls) == 1


def test_given_words_are_found_in_any_case():
    vectorizer = DocumentVectorizer(vocabulary=["Good", "DON’T", "É"])
    assert vectorizer(["good Good don't é"]).to_list() == [[[2, 2, 3, 4]]]
    assert vectorizer.get_vocabulary()[2:] == ["good", "don't", "é"]
    with pytest.raises(ValueError, match=r"different.*regardless of case.*'Good' and 'good'"):
        vectorizer.set_vocabulary(["Good", "bad", "good"])
    exact = DocumentVectorizer(vocabulary=["Good", "good"], lowercase=False)
    assert exact(["good Good"]).to_list() == [[[3, 2]]]
    # What was saved before keeps its ids.
    config = {**vectorizer.get_config(), "vocabulary": ["Good", "good"]}
    assert DocumentVectorizer.from_config(config)(["Good good"]).to_list() == [[[3, 3]]]


def test_a_data_frame_is_read_by_its_column(adapted):
    frame = pd.DataFrame({"text": TEXTS})
    vectorizer = DocumentVectorizer()
    for texts in (frame, frame["text"]):
        vectorizer.adapt(texts)
        assert vectorizer.get_vocabulary() == adapted.get_vocabulary()
        assert vectorizer(texts).to_list() == adapted(TEXTS).to_list()
    with pytest.raises(ValueError, match=r"one column.*`frame\[\"text\"\]`.*'text', 'label'"):
        vectorizer.adapt(frame.assign(label=1))


@pytest.mark.parametrize(
    "documents",
    [
        ["bad mood", "food"],
        ("bad mood", "food"),
        np.array(["bad mood", "food"]),
        np.array(["bad mood", "food"], dtype=object),
        tf.constant([["bad mood"], ["food"]]),
        np.array([["bad mood"], ["food"]], dtype=object),
    ],
)
def test_call_takes_what_users_have(documents):
    vectorizer = DocumentVectorizer(vocabulary=WORDS)
    assert vectorizer(documents).to_list() == [[[2, 1]], [[3]]]


def test_call_before_it_can_say_anything():
    vectorizer = DocumentVectorizer()
    with pytest.raises(RuntimeError, match=r"has no vocabulary yet: call `adapt"):
        vectorizer(["text"])
    with pytest.raises(RuntimeError, match=r"has no vocabulary yet"):
        vectorizer.get_vocabulary()
    function = tf.function(vectorizer.call)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"has no vocabulary yet"):
        function(tf.constant(["text"]))
    vectorizer.set_vocabulary(["text"])
    assert function(tf.constant(["text"])).to_list() == [[[2]]]


ARGUMENTS = [
    ({"max_tokens": 1}, r"`max_tokens` must be an integer of at least 3 or None.*max_tokens=1"),
    ({"max_tokens": 4, "oov_buckets": 3}, r"at least 5"),
    ({"min_count": 0}, r"`min_count` must be a positive integer. Received: min_count=0"),
    ({"oov_buckets": True}, r"`oov_buckets` must be a positive integer"),
    ({"max_sentence_words": 2.5}, r"`max_sentence_words` must be a positive integer or None"),
    ({"vocabulary": []}, r"`words` must hold at least one word"),
    ({"vocabulary": ["a", "a"]}, r"must be different"),
    ({"vocabulary": ["a", "b"], "max_tokens": 3}, r"`words` must hold at most 1 words"),
]


@pytest.mark.parametrize(("arguments", "message"), ARGUMENTS)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        DocumentVectorizer(**arguments)


def test_errors_say_what_came():
    vectorizer = DocumentVectorizer(vocabulary=WORDS)
    with pytest.raises(ValueError, match=r"put a single text in a list"):
        vectorizer("one text")
    with pytest.raises(TypeError, match=r"`text` must hold strings. Received: nan \(float\)"):
        vectorizer(np.array(["a", float("nan")], dtype=object))
    with pytest.raises(TypeError, match=r"`texts` must be a list or dataset"):
        vectorizer.adapt("one text")
    with pytest.raises(TypeError, match=r"Received: None"):
        vectorizer.adapt(["a", None])
    with pytest.raises(TypeError, match=r"`texts` must be a dataset of strings"):
        vectorizer.adapt(tf.data.Dataset.range(3))
    with pytest.raises(ValueError, match=r"`texts` must hold words.*Received: 2 texts with 0"):
        vectorizer.adapt(["", " "])
    with pytest.raises(TypeError, match=r"`words` must be a list of strings"):
        vectorizer.set_vocabulary("word")
    with pytest.raises(TypeError, match=r'`split_words` must be "default" or a function'):
        DocumentVectorizer(split_words="spaces")
    flat = DocumentVectorizer(vocabulary=WORDS, split_words=lambda sentences: sentences)
    with pytest.raises(ValueError, match=r"must each add one ragged level"):
        flat(["a b"])


def test_inside_tf_data_and_one_trace_for_all_shapes():
    traces = []

    def counting(sentences):
        traces.append(sentences.shape)
        return text.split_words(sentences)

    vectorizer = DocumentVectorizer(split_words=counting, vocabulary=WORDS)
    function = tf.function(vectorizer.call, input_signature=[tf.TensorSpec([None], tf.string)])
    for size in (1, 3, 0, 17):
        assert function(tf.constant(["Bad food. " * size] * size, tf.string)).shape[0] == size
    assert len(traces) == 1
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).batch(2).map(vectorizer)
    mapped = [ids for batch in dataset for ids in batch.to_list()]
    assert mapped == vectorizer(TEXTS).to_list()


@pytest.mark.long
def test_many_vectorizers_cause_no_warning_about_retracing(caplog, monkeypatch):
    monkeypatch.setattr(tf.get_logger(), "propagate", True)
    for _ in range(6):
        vectorizer = DocumentVectorizer()
        vectorizer.adapt(TEXTS)
        vectorizer.tokenize(TEXTS)
    assert "retracing" not in caplog.text
