"""Evidence that people marked: in files, in `fit`, in the head that learns it, and in an export."""

import json
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from eager import eagerly

from hanlib import data
from hanlib.data import TokenCache
from hanlib.data.evidence import as_spans
from hanlib.evidence.marks import marks_of_words
from hanlib.explain import plausibility
from hanlib.layers import DocumentVectorizer, RationaleHead
from hanlib.layers.rationale_head import evidence_loss
from hanlib.models import HAN, BagOfWords, DocumentClassifier, FlatRecurrent
from hanlib.models.marked_evidence import checked_evidence, marks_of_texts
from hanlib.ops.token_batch import from_ragged
from hanlib.serving.export_check import check
from hanlib.training import Recipe, train
from hanlib.training.builders import build_classifier
from hanlib.training.starting_model import copy_weights

# The word after "was" is the evidence.
DOCUMENTS = [
    (f"The {thing} is here. It was {word} for {thing} and me.", label)
    for thing in ("room", "food", "staff", "bar", "bath", "view")
    for word, label in (("superb", "pos"), ("awful", "neg"), ("lovely", "pos"), ("dirty", "neg"))
]
TEXTS, LABELS = zip(*DOCUMENTS, strict=True)
SPANS = [[(text.index("was ") + 4, text.index(" for"))] for text in TEXTS]


@pytest.fixture(scope="module")
def taught():
    """A classifier that learned from the marks of all documents but every third."""
    keras.utils.set_random_seed(0)
    vectorizer = DocumentVectorizer(max_sentence_words=6)
    vectorizer.adapt(TEXTS)
    encoder = HAN(vectorizer.vocabulary_size, embedding_dim=8, units=8, bidirectional=False)
    head = RationaleHead(units=8, attention_weight=1.0)
    classifier = DocumentClassifier(vectorizer, encoder, ["neg", "pos"], rationale=head)
    classifier.compile(keras.optimizers.Adam(0.1))
    evidence = [spans if index % 3 else None for index, spans in enumerate(SPANS)]
    # With so few steps, tracing would take most of the time.
    with eagerly():
        classifier.fit(list(TEXTS), list(LABELS), 24, epochs=12, verbose=0, evidence=evidence)
    return classifier


def test_the_head_finds_what_people_mark_also_where_nobody_did(taught):
    found = taught.explain(list(TEXTS), "rationale")
    for explanation, spans in list(zip(found, SPANS, strict=True))[::3]:
        assert plausibility(explanation, spans, share=0.1).auprc > 0.9
        second, first = explanation.sentences[1].score, explanation.sentences[0].score
        assert 0 <= first < 0.5 < second <= 1
    assert taught.predict_label(list(TEXTS)) == list(LABELS)


def test_its_faithfulness_is_measured(taught):
    (found,) = taught.explain(TEXTS[:1], "rationale", faithfulness=True, rankings=5)
    assert set(found.faithfulness) == {"word", "sentence"}


def test_a_saved_model_keeps_the_head(taught, tmp_path):
    taught.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    one, other = (model.explain(TEXTS[:2], "rationale") for model in (taught, loaded))
    for a, b in zip(one, other, strict=True):
        assert [w.score for w in a.words] == pytest.approx([w.score for w in b.words], abs=1e-6)


@pytest.mark.long  # By default: the signatures in test_encoder_contract.py.
@pytest.mark.usefixtures("check_here")
def test_an_export_answers_with_the_scores(taught, tmp_path):
    taught.export(tmp_path / "1")
    report = check(tmp_path / "1", taught, [*TEXTS[:4], ""])
    compared = {difference.figure for difference in report.differences}
    assert {"explain: word rationale", "explain: sentence rationale"} <= compared
    assert report.passed


def test_evaluate_compares_the_methods_with_the_marks(taught, tmp_path, run, monkeypatch):
    # A loaded copy would trace the graphs again, as would further methods.
    monkeypatch.setattr("hanlib.cli.model_file.load_classifier", lambda model: taught)
    methods = ["rationale", "attention", "gradients_by_level"]
    table = sys.modules["hanlib.explain.plausibility_table"]
    monkeypatch.setattr(table, "available_methods", lambda classifier: methods)
    taught.save(tmp_path / "model.keras")
    rows = [
        {"text": text, "label": label, "evidence": spans}
        for text, label, spans in list(zip(TEXTS, LABELS, SPANS, strict=True))[:2]
    ]
    file = tmp_path / "marked.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code, output, _ = run("evaluate", tmp_path / "model.keras", file, "--rationales", "--json")
    assert code == 0
    found = {row["method"]: row for row in json.loads(output)["rationales"]}
    assert [*found] == methods
    assert found["rationale"]["documents"] == 2
    assert found["rationale"]["auprc"][0] > 0.9
    without = file.with_name("unmarked.jsonl")
    for row in rows:
        del row["evidence"]
    without.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    code, _, message = run("evaluate", tmp_path / "model.keras", without, "--rationales")
    assert code == 2
    assert "--rationales needs documents with a column of evidence" in message


def test_the_scores_are_the_equations(taught):
    """Done again in NumPy, from the states that the encoder pools."""
    head, encoder = taught.rationale, taught.encoder
    ids = taught.vectorizer(tf.constant(TEXTS[:2]))
    levels = []

    def pool(pooling, states, rows, count, training=None):
        levels.append((states.numpy(), rows.numpy()))
        return pooling.pool(states, rows, count)[0]

    found = encoder.hierarchy(ids)
    values, index = encoder.embed(found.words)
    encoder.encode(values, found.lengths, index, pool=pool)
    (words, rows), (sentences, _) = levels
    inputs = np.concatenate([words, sentences[rows]], axis=1)
    for level, x in enumerate((inputs, sentences)):
        kernel, bias, context, offset = (
            weights[level].numpy()
            for weights in (head.kernels, head.biases, head.contexts, head.offsets)
        )
        expected = (np.tanh(x @ kernel + bias) @ context + offset)[:, 0]
        scores = head.scores([(tf.constant(s), tf.constant(r)) for s, r in levels])[level]
        np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_the_loss_counts_known_words_and_their_rows():
    rows, documents = np.array([0, 0, 1, 2]), np.array([0, 0, 1])
    marks = np.array([1, 0, 0, -1])
    words, sentences = np.array([0.5, -1.0, 2.0, 3.0]), np.array([0.3, -0.2, 9.0])

    def entropy(score, truth):
        p = 1 / (1 + np.exp(-score))
        return -np.log(p if truth else 1 - p)

    expected = np.mean([entropy(words[0], 1), entropy(words[1], 0), entropy(words[2], 0)])
    expected += np.mean([entropy(sentences[0], 1), entropy(sentences[1], 0)]) / 2
    levels = [(None, tf.constant(rows)), (None, tf.constant(documents))]
    scores = [tf.constant(values, tf.float32) for values in (words, sentences)]
    assert float(evidence_loss(scores, levels, tf.constant(marks))) == pytest.approx(expected)
    assert float(evidence_loss(scores, levels, tf.constant(0 * marks - 1))) == 0


@pytest.fixture(scope="module")
def sufficient():
    """A classifier that learns the label from the marked words alone, and not the rationale."""
    keras.utils.set_random_seed(1)
    vectorizer = DocumentVectorizer(vocabulary=["superb", "awful", "was", "it"])
    encoder = HAN(vectorizer.vocabulary_size, embedding_dim=8, units=4, bidirectional=False)
    head = RationaleHead(4, weight=0.0, sufficiency_weight=2.0)
    classifier = DocumentClassifier(vectorizer, encoder, ["neg", "pos"], rationale=head)
    classifier.compile(keras.optimizers.Adam(0.05))
    return classifier


def test_the_loss_of_the_marked_words_is_that_of_documents_without_the_others(sufficient):
    texts, labels = (
        ["It was superb. It was.", "Awful it was.", "It was it."],
        tf.constant([1, 0, 1]),
    )
    marks = marks_of_texts(sufficient.vectorizer, texts, [((7, 13),), ((0, 5),), None])
    batch = from_ragged(sufficient.vectorizer(tf.constant(texts)))
    inside = tf.sequence_mask([7, 4, 4], 7)
    batch["marks"] = tf.scatter_nd(tf.where(inside), tf.constant(marks), [3, 7])
    whole = sufficient(texts).numpy()
    alone = sufficient(["superb", "awful", ""]).numpy()
    expected = -np.log([row[[0, 1, 2], labels] for row in (whole, alone)])
    found = sufficient.compute_loss(batch, labels, tf.constant(whole))
    assert float(found) == pytest.approx(expected[0].mean() + 2 * expected[1][:2].sum() / 3, 1e-5)
    weighted = sufficient.compute_loss(batch, labels, tf.constant(whole), tf.constant([1.0, 0, 0]))
    assert float(weighted) == pytest.approx((expected[0][0] + 2 * expected[1][0]) / 3, 1e-5)
    evaluated = sufficient.compute_loss(batch, labels, tf.constant(whole), training=False)
    assert float(evaluated) == pytest.approx(expected[0].mean(), 1e-5)


@pytest.mark.long
def test_the_label_is_learned_from_the_marked_words_alone(sufficient):
    """The documents of both classes are equal but for the marks: they say nothing else."""
    texts = ["It was superb. It was awful."] * 2
    evidence = [[(7, 13)], [(22, 27)]]
    sufficient.fit(texts * 4, ["pos", "neg"] * 4, 8, 12, verbose=0, evidence=evidence * 4)
    found = sufficient.predict(["superb", "awful", *texts], verbose=0)[:, 1]
    assert found[0] > 0.9
    assert found[1] < 0.1
    assert RationaleHead.from_config(sufficient.rationale.get_config()).sufficiency_weight == 2.0


def test_attention_is_taught_too(taught):
    found = taught.explain(list(TEXTS), "attention")
    for explanation, spans in zip(found, SPANS, strict=True):
        strongest = max(explanation.sentences[1].words, key=lambda word: word.score)
        assert (strongest.start, strongest.end) == spans[0]


def test_a_copy_gets_a_head_and_keeps_its_weights():
    classifier = DocumentClassifier(None, HAN(9, embedding_dim=4, units=3), classes=2)
    classifier.build()
    copy = classifier.with_rationale(RationaleHead(units=4))
    ids = tf.ragged.constant([[[2, 3], [4]]], dtype=tf.int32)
    np.testing.assert_array_equal(classifier(ids), copy(ids))
    assert copy.rationale.units == 4
    assert classifier.rationale is None


# What is refused -----------------------------------------------------------------------------


def test_a_classifier_without_a_head_says_so():
    classifier = DocumentClassifier(None, HAN(9, embedding_dim=4, units=3), classes=2)
    with pytest.raises(ValueError, match=r"`method='rationale'` needs a classifier with a rati"):
        classifier.explain([[[2, 3]]], "rationale")
    classifier.compile()
    with pytest.raises(ValueError, match=r"`evidence` needs documents as strings"):
        classifier.fit([[[2, 3]]], [0], evidence=[None])
    vectorizer = DocumentVectorizer(vocabulary=["good"])
    built = DocumentClassifier(vectorizer, HAN(3, embedding_dim=4, units=3), classes=2)
    built.compile()
    built.build()
    with pytest.raises(ValueError, match=r"`classifier.with_rationale\(\)` gives a copy"):
        built.fit(["good"], [0], evidence=[[(0, 4)]])
    bag = DocumentClassifier(vectorizer, BagOfWords(3, 4), 2, rationale=RationaleHead())
    with pytest.raises(ValueError, match=r"a rationale head needs an encoder with attention"):
        bag.build()


@pytest.mark.parametrize(
    ("evidence", "message"),
    [
        ([[(0, 99)], None], r"0 <= start < end <= 10, the characters .*\[0, 99\] in document 0"),
        ([None, [(3, 3)]], r"Received: \[3, 3\] in document 1"),
        ([None, [(-1, 3)]], r"Received: \[-1, 3\] in document 1"),
        ([[(0.5, 3)], None], r"spans \[start, end\] of characters.*\(0.5, 3\) in document 0"),
        ([[(True, 3)], None], r"spans \[start, end\] of characters"),
        ([[3, 4], None], r"Received: 3 in document 0"),
        (["good", None], r"`evidence` must be a list of spans. Received: 'good'"),
        ([[(0, 1, 2)], None], r"spans \[start, end\] of characters"),
        ([[(0, 9, 0, 1)], None], r"0 <= start < end <= 2, the words .*\[0, 9\]"),
        ([None], r"one entry per document, 2. Received: 1 entries"),
        (7, r"one entry per document, 2. Received: 7"),
    ],
)
def test_wrong_evidence_is_named(evidence, message):
    with pytest.raises(ValueError, match=message):
        checked_evidence(["Good film.", "Bad."], evidence)


# Marks ----------------------------------------------------------------------------------------


def test_spans_of_words_are_those_of_eraser():
    text = "it was  a fine\nfilm ."
    assert as_spans([[3, 5, 0, 2]], text) == ((10, 19),)
    assert as_spans([], text) == ()
    assert as_spans(None, text) is None


def test_marks_follow_the_words_through_markup():
    text = "Caf&eacute; was n't good.<br />Go"
    start = text.index("was")
    words = ["Café", "wasn't", "good", ".", "Go"]
    assert marks_of_words(text, words, [(start, start + 1)]).tolist() == [0, 1, 0, 0, 0]
    vectorizer = DocumentVectorizer(vocabulary=["good"], max_sentence_words=2)
    marks = marks_of_texts(vectorizer, [text, "", "x y"], [((start, start + 1),), None, None])
    assert marks.tolist() == [0, 1, 0, 0, 0, -1, -1]


def test_a_cache_keeps_marks_in_memory_and_on_disk(tmp_path):
    def vectorize(texts):
        return [len(text) for text in texts], [1] * len(texts), [1] * len(texts)

    examples = [("a", 0, (1,)), ("bb", 1, None), ("ccc", 0, ())]
    for directory in (None, tmp_path / "cache"):
        cache = TokenCache.build(
            examples,
            vectorize,
            encode_label=int,
            mark=lambda texts, evidence: [-1 if e is None else len(e) for e in evidence],
            directory=directory,
        )
        assert cache.has_marks
        assert cache.padded([2, 1, 0])["marks"].tolist() == [[0], [-1], [1]]
    assert not TokenCache.build([("a", 0)], vectorize, encode_label=int).has_marks


# Files and runs -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("marked") / "marked.jsonl"
    rows = zip(TEXTS, LABELS, SPANS, strict=True)
    lines = [{"text": t, "label": y, "evidence": s if i % 3 else None} for i, (t, y, s) in
             enumerate(rows)]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_files_hold_evidence(file):
    split = data.load(file, validation_split=0).splits["train"]
    assert split.has_evidence
    assert list(split.evidence()) == [
        None if i % 3 == 0 else (spans[0],) for i, spans in enumerate(SPANS)
    ]
    assert not data.load(file, evidence_column=False).splits["train"].has_evidence


def test_a_column_of_other_things_is_no_evidence(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [{"text": t, "label": y, "evidence": "page 3"} for t, y in DOCUMENTS]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert not data.load(path).splits["train"].has_evidence


def test_a_row_with_wrong_evidence_is_reported(file, tmp_path):
    path = tmp_path / "a.jsonl"
    wrong = {"text": "Too short.", "label": "pos", "evidence": [[0, 99]]}
    path.write_text(file.read_text() + json.dumps(wrong) + "\n")
    with pytest.warns(data.BadRowsWarning, match=r"0 <= start < end <= 10.*'evidence'"):
        assert data.load(path, validation_split=0).splits["train"].size == len(TEXTS)


@pytest.mark.usefixtures("eager_functions")
def test_a_run_learns_evidence_and_goes_on_from_a_model(file, tmp_path):
    corpus = data.load(file, validation_split=0)
    sizes = {"preset": "han_small", "units": 4, "bidirectional": False}
    options = {"epochs": 1, "min_count": 1, "ngrams": 0, "batch_size": 24, "adversarial_norm": 0.0}
    recipe = Recipe(**sizes, **options)
    vectorizer = DocumentVectorizer()
    vectorizer.adapt(TEXTS)
    start = build_classifier(recipe, vectorizer, ["neg", "pos"], multi_label=False)
    train(corpus, recipe, tmp_path, start=start)
    marked = keras.models.load_model(tmp_path / "model.keras")
    assert (start.rationale, marked.rationale.weight) == (None, recipe.rationale_weight)
    assert marked.explain(TEXTS[:1], "rationale")[0].words
    further = build_classifier(recipe, marked.vectorizer, ["neg", "pos"], False, rationale=True)
    copy_weights(marked, further)
    for old, new in zip(marked.rationale.weights, further.rationale.weights, strict=True):
        np.testing.assert_array_equal(old, new)


def test_an_encoder_without_sentences_scores_them_by_their_strongest_word():
    vectorizer = DocumentVectorizer(vocabulary=["here", "was", "it"])
    encoder = FlatRecurrent(vectorizer.vocabulary_size, embedding_dim=4, units=4)
    classifier = DocumentClassifier(vectorizer, encoder, 2, rationale=RationaleHead(4))
    (found,) = classifier.explain(TEXTS[:1], "rationale")
    for sentence in found.sentences:
        assert sentence.score == pytest.approx(max(word.score for word in sentence.words))
