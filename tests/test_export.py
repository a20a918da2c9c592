"""The SavedModel: string in, decision and evidence out, in a process with TensorFlow alone."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tiny_classifier import build

from hanlib.explain.attention_evidence import attention_evidence
from hanlib.layers import DocumentVectorizer
from hanlib.models import HAN, DocumentClassifier
from hanlib.serving import check, export_check, export_saved_model
from hanlib.serving import signatures as all_signatures
from hanlib.serving.edge_cases import edge_case_documents
from hanlib.serving.export_check import TOLERANCE
from hanlib.serving.returned_rows import ReturnedRows, texts_of_rows

SHARED = Path(__file__).parents[2] / "shared" / "data"
DOCUMENTS = [
    "The room was good. I did not like the food, though!",
    "",
    "nice " * 50 + "end.",
    "\U0001f600",
    b"\xff\xfe broken \xc3( bytes \x00",
    "酒店很好，" * 9 + "早餐不错！",
]


@pytest.fixture(scope="module")
def classifier():
    return build()


@pytest.fixture(scope="module")
def exported(exported_classifier):
    return exported_classifier / "1"


@pytest.fixture(scope="module")
def signatures(exported):
    return tf.saved_model.load(exported).signatures


@pytest.fixture(scope="module")
def explained(signatures):
    return {k: v.numpy() for k, v in signatures["explain"](tf.constant(DOCUMENTS)).items()}


@pytest.mark.parametrize("words", [["a"], [".", "was"], ["!", "?"]])
def test_edge_cases_have_no_more_sentences_than_an_export_takes(words):
    assert max(text.count(b".") for text in edge_case_documents(words)) <= 5_000


@pytest.mark.parametrize(
    "longest", [2_000, pytest.param(None, marks=pytest.mark.long)], ids=["short", "all"]
)
def test_edge_cases_in_a_process_without_hanlib(
    classifier, exported, longest, request, monkeypatch
):
    documents, names = None, {"serving_default", "explain", "contrast", "embed"}
    if longest:
        words = classifier.vectorizer.get_vocabulary()[2:]
        documents = [text for text in edge_case_documents(words) if len(text) <= longest]
        # `contrast` in a session: test_export_session.py.
        request.getfixturevalue("without_contrast")
        names.remove("contrast")
    asked = []
    run = export_check._run
    monkeypatch.setattr(export_check, "_run", lambda *args: asked.append(run(*args)) or asked[-1])
    report = check(exported, classifier, documents)
    assert report.passed, str(report)
    assert set(report.documents_a_second) == names
    if not longest:
        (row,) = [row for row in str(report).splitlines() if row.startswith("contrast: classes")]
        assert row.split()[2:] == ["0.0e+00", "0e+00"]  # In one of the three ways.
    # The check sees that the model is another.
    monkeypatch.setattr(export_check, "_run", lambda *args: asked[0])
    table = classifier.encoder.embedding.embeddings
    before = table.numpy()
    table.assign(before + 0.1)
    report = check(exported, classifier, documents)
    table.assign(before)
    assert not report.passed
    assert "DIFFERS" in str(report)


@pytest.mark.usefixtures("check_here")
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
@pytest.mark.long
@pytest.mark.parametrize("number", [30, 200])
def test_real_reviews(classifier, exported, monkeypatch, number):
    from hanlib.data import load

    monkeypatch.setenv("TFDS_DATA_DIR", str(SHARED / "tfds"))
    texts = list(itertools.islice(load("imdb_reviews").splits["train"].texts(), number))
    assert len(texts) == number
    report = check(exported, classifier, texts)
    assert report.passed, str(report)


DECISION = {
    "label": ("string", [None]),
    "probabilities": ("float32", [None, 2]),
    "classes": ("string", [None, 2]),
}
EVIDENCE = {
    "target": ("string", [None]),
    "sentences": ("string", [None, None]),
    "sentence_attention": ("float32", [None, None]),
    "sentence_gradient_x_attention": ("float32", [None, None]),
    "words": ("string", [None, None]),
    "word_attention": ("float32", [None, None]),
    "word_gradient_x_attention": ("float32", [None, None]),
    "word_counts": ("int32", [None, None]),
    "sentence_counts": ("int32", [None]),
    "omitted_sentences": ("int32", [None]),
    "omitted_words": ("int32", [None]),
}


@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("serving_default", DECISION),
        ("explain", {**DECISION, **EVIDENCE}),
        ("embed", {"vectors": ("float32", [None, 32])}),
    ],
)
def test_signature(signatures, name, outputs):
    (text,) = signatures[name].structured_input_signature[1].values()
    assert (text.name, text.dtype, text.shape.as_list()) == ("text", tf.string, [None])
    found = signatures[name].structured_outputs
    assert {k: (v.dtype.name, v.shape.as_list()) for k, v in found.items()} == outputs
    assert not [output for output in found if output.endswith("_bytes")]


def test_the_evidence_of_each_document_is_trimmed_by_its_counts(classifier, explained):
    tokens = classifier.vectorizer.tokenize(tf.constant(DOCUMENTS))
    words = tokens.ragged(tokens.words).to_list()
    for place, document in enumerate(words):
        sentences = explained["sentence_counts"][place]
        counts = explained["word_counts"][place]
        assert counts[:sentences].tolist() == [len(row) for row in document]
        assert not counts[sentences:].any()
        flat = list(itertools.chain(*document))
        assert explained["words"][place].tolist()[: len(flat)] == flat
        for name in ("words", "word_attention", "word_gradient_x_attention"):
            assert not any(explained[name][place][len(flat) :])
        for name in ("sentences", "sentence_attention", "sentence_gradient_x_attention"):
            assert not any(explained[name][place][sentences:])
        ends = np.cumsum(counts[:sentences])[:-1]
        for row in np.split(explained["word_attention"][place][: len(flat)], ends):
            assert not len(row) or row.sum() == pytest.approx(1, abs=1e-5)
        total = explained["sentence_attention"][place].sum()
        assert total == pytest.approx(1 if document else 0, abs=1e-5)
    assert not explained["omitted_words"].any()
    assert explained["target"].tolist() == explained["label"].tolist()


def test_sentences_are_cut_where_their_rows_end(explained):
    sentences = [[text.decode() for text in row if text] for row in explained["sentences"]]
    assert sentences[0] == ["The room was good.", "I did not like the food, though!"]
    assert sentences[1] == []
    assert sentences[2] == [" ".join(["nice"] * 20)] * 2 + [" ".join(["nice"] * 10) + " end."]
    assert "".join(sentences[5]) == DOCUMENTS[5]
    assert all(len(sentence) <= 20 for sentence in sentences[5])


def test_texts_of_rows_among_each_other():
    rows = tf.ragged.constant([["é", "é"], ["é"], ["a"], ["b", "c"], ["d"]])
    texts = texts_of_rows(tf.constant(["éé é", "a", "b\tc \n d"]), tf.constant([2, 1, 2]), rows)
    assert [text.decode() for text in texts.numpy()] == ["éé", "é", "a", "b\tc", "d"]


def test_returned_rows_by_hand(rng):
    lengths = [rng.integers(0, 6, rng.integers(0, 6)).tolist() for _ in range(40)]
    numbers = iter(range(1, 10_000))
    documents = [[[next(numbers) for _ in range(n)] for n in rows] for rows in lengths]
    words = tf.ragged.constant(documents, ragged_rank=2, dtype=tf.int32)
    sizes = tf.constant([n for rows in lengths for n in rows])
    for most_rows, most_words in ((2, 9), (9, 7), (3, 1), (99, 999)):
        returned = ReturnedRows(words, most_rows, most_words)
        of_words = returned.words(words.flat_values, 0).numpy().tolist()
        of_rows = returned.rows(sizes, 0).numpy().tolist()
        for place, document in enumerate(documents):
            rows = document[:1]
            for row in document[1:most_rows]:
                if sum(map(len, rows)) + len(row) > most_words:
                    break
                rows.append(row)
            flat = [word for row in rows for word in row][:most_words]
            assert [word for word in of_words[place] if word] == flat
            assert of_words[place][: len(flat)] == flat
            assert of_rows[place][: len(rows)] == list(map(len, rows))
            assert not any(of_rows[place][len(rows) :])
            assert returned.row_counts[place] == len(rows)
            assert returned.omitted_rows[place] == len(document) - len(rows)
            assert returned.omitted_words[place] == sum(map(len, document)) - len(flat)
            counts = returned.word_counts[place].numpy().tolist()
            assert sum(counts) == len(flat)


@pytest.fixture(scope="module")
def own_words():
    """A classifier of the user's own words, which are no text or hold the end of a line."""

    def normalize(text):
        return text

    def split_words(sentences):
        return tf.strings.split(sentences, "|")

    vectorizer = DocumentVectorizer(
        vocabulary=["a\nb", "c\r", b"\xff", "d", "One", "a"],
        normalize=normalize,
        split_sentences=lambda text: tf.strings.split(text, "#"),
        split_words=split_words,
        max_sentence_words=20,
    )
    return build(vectorizer=vectorizer)


@pytest.fixture(scope="module")
def bounded(own_words, tmp_path_factory):
    """The signature `explain` of its export, with narrow bounds."""
    bounds = {"most_sentences": 2, "most_words": 7, "max_sentences": 4, "max_words": 40}
    with pytest.MonkeyPatch.context() as patch:
        # The others take time to trace.
        patch.setattr(all_signatures, "signature_names", lambda classifier: ["explain"])
        path = export_saved_model(own_words, tmp_path_factory.mktemp("bounded") / "1", **bounds)
    return tf.saved_model.load(path).signatures["explain"]


def test_a_bound_is_on_what_is_returned_not_on_what_is_read(own_words, bounded):
    classifier, many = own_words, "|".join("a" * 30)
    texts = ["One|two|.#Three|four|.#Five|.", "A|b|c|d|.#E|f|g|h|.#I|.", many, "I|."]
    found = {name: value.numpy() for name, value in bounded(tf.constant(texts)).items()}
    np.testing.assert_allclose(found["probabilities"], classifier.predict(texts, verbose=0), 1e-5)
    assert found["sentence_counts"].tolist() == [2, 1, 1, 1]
    assert found["omitted_sentences"].tolist() == [1, 2, 1, 0]
    assert found["omitted_words"].tolist() == [2, 7, 23, 0]
    assert found["word_counts"].tolist() == [[3, 3], [5, 0], [7, 0], [2, 0]]
    assert found["words"].shape == (4, 7)
    ids = classifier.vectorizer(tf.constant(texts))
    attention = attention_evidence(classifier, ids).attention[1].to_tensor().numpy()
    np.testing.assert_allclose(found["sentence_attention"][0], attention[0, :2], 1e-5)
    for text, what in (("#".join("a" * 5), "4 sentences"), ("|".join("a" * 41), "40 words")):
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"more than {what}, the limit"):
            bounded(tf.constant(["I|.", text]))


def test_no_documents(signatures):
    for signature in signatures.values():
        inputs = signature.structured_input_signature[1]
        outputs = signature(**dict.fromkeys(inputs, tf.constant([], tf.string)))
        assert {output.shape[0] for output in outputs.values()} == {0}


def test_words_of_the_users_own(own_words, bounded):
    texts = [b"a\nb|\xff|c\r#d", b"new", b"a\nb" + b"|\xff" * 20]
    found = {name: value.numpy() for name, value in bounded(tf.constant(texts)).items()}
    np.testing.assert_allclose(found["probabilities"], own_words.predict(texts, verbose=0), 1e-5)
    words = [word.decode() for word in found["words"][0] if word]
    assert words == ["a\nb", "\ufffd", "c\r", "d"]
    sentences = [sentence.decode() for sentence in found["sentences"][0]]
    assert sentences == ["a\nb|\ufffd|c\r", "d"]
    # A part of a sentence is its words.
    assert found["sentences"][2][0].decode() == " ".join(["a\nb", *["\ufffd"] * 19])


def test_what_is_in_the_folder(classifier, exported):
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel.FromString((exported / "saved_model.pb").read_bytes())
    (meta,) = saved.meta_graphs
    functions = meta.graph_def.library.function
    nodes = [*meta.graph_def.node, *(node for f in functions for node in f.node_def)]
    operations = {node.op for node in nodes} - {f.signature.name for f in functions}
    assert not {name for name in operations if "PyFunc" in name or name.startswith("Xla")}
    assert "MutableHashTableV2" not in operations
    assert not any(node.attr["_XlaMustCompile"].b for node in nodes)
    assert not any(f.attr["_XlaMustCompile"].b for f in functions)
    # The words are an asset, and each weight is there once.
    words = (exported / "assets" / "vocabulary.txt").read_text().splitlines()
    vocabulary = classifier.vectorizer.get_vocabulary()
    assert words == vocabulary[2:]
    stored = (exported / "variables" / "variables.data-00000-of-00001").stat().st_size
    assert stored < 4 * classifier.count_params() + 20_000
    assert b"wonderful" not in (exported / "saved_model.pb").read_bytes()


@pytest.mark.long
@pytest.mark.usefixtures("check_here")
def test_word_vectors_in_half_the_memory(classifier, exported, tmp_path):
    path = export_saved_model(classifier, tmp_path / "1", half_precision_tables=True)
    variables = "variables/variables.data-00000-of-00001"
    saved = (exported / variables).stat().st_size - (path / variables).stat().st_size
    table = classifier.encoder.embedding.embeddings
    assert saved == pytest.approx(2 * np.prod(table.shape), rel=0.05)
    report = check(path, classifier, DOCUMENTS, half_precision_tables=True)
    assert report.passed, str(report)
    assert "MB without --half" in str(report)
    # There is something to allow.
    assert max(difference.largest for difference in report.differences) > TOLERANCE


def test_ids_only_cannot_be_served(tmp_path):
    classifier = DocumentClassifier(None, HAN.from_preset("han_small", 10), 2)
    with pytest.raises(ValueError, match="must have a vectorizer"):
        export_saved_model(classifier, tmp_path / "1")


def test_bounds_are_checked(classifier, tmp_path):
    with pytest.raises(ValueError, match=r"`most_words` must be a positive integer.*most_words=0"):
        export_saved_model(classifier, tmp_path / "1", most_words=0)
    assert not list(tmp_path.iterdir())
