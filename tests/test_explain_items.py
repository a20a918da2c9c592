"""Explanations of the label of one sentence or word."""

import contextlib

import numpy as np
import pytest
from tiny_taggers import TAGGED, sentence_classifier, token_classifier

from hanlib.evidence import Explanation
from hanlib.layers import NGramLinear

pytestmark = pytest.mark.usefixtures("eager_module")

# No word occurs twice, so that the vector of a word is that of one occurrence.
DOCUMENT = ["We ask why.", "Rain falls!", "It rises"]
WORDS = ["we", "ask", "why", ".", "rain", "falls", "!", "it", "rises"]
SENTENCE = ["Rain", "falls", "in", "New", "York", "."]
TAGS = [".", "IN", "JJ", "NN", "NNP", "VB"]


# Without a CRF, the scores of labels are what is left out of its equations.
LONG = pytest.param(False, marks=pytest.mark.long)


@pytest.fixture(scope="module", params=[LONG, True], ids=["softmax", "crf"])
def sentences(request):
    """A model of sentences whose words and labels depend on each other."""
    return _with_large_weights(sentence_classifier(crf=request.param, fitted=False))


@pytest.fixture(scope="module")
def words():
    """A model of words with a CRF, which reads spelling and a column."""
    return _with_large_weights(token_classifier([TAGS]))


def _with_large_weights(model):
    model.build()
    rng = np.random.default_rng(3)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape, scale=0.5))
    return model


def log_odds(model, document, item, label):
    """m by the definition, from the probabilities of `predict`."""
    p = model.predict([document])[0][item].astype(np.float64)
    at = model.classes.index(label)
    return np.log(p[at]) - np.log(np.delete(p, at).sum())


@contextlib.contextmanager
def scaled(weight, factor, rows=slice(None)):
    """Scales some rows of a weight."""
    before = weight.numpy()
    after = before.copy()
    after[rows] *= factor
    weight.assign(after)
    yield
    weight.assign(before)


def test_gradient_x_input_is_the_change_of_the_log_odds_as_a_word_grows(sentences):
    """Of words of all three sentences."""
    found = sentences.explain(DOCUMENT, -2, "gradient_x_input", target="method")
    table = sentences.encoder.embedding.weights[0]
    vocabulary = sentences.vectorizer.get_vocabulary()
    assert [word.text.lower() for word in found.words] == WORDS
    step, differences = 1e-2, []
    chosen = ["why", "falls", "rises"]
    for word in chosen:
        values = []
        for factor in (1 + step, 1 - step):
            with scaled(table, factor, vocabulary.index(word)):
                values.append(log_odds(sentences, DOCUMENT, -2, "method"))
        differences.append((values[0] - values[1]) / (2 * step))
    scores = [found.words[WORDS.index(word)].score for word in chosen]
    assert np.abs(differences).max() > 0.01
    np.testing.assert_allclose(scores, differences, atol=2e-4, rtol=2e-2)


def test_integrated_gradients_sum_to_the_difference_to_no_words(sentences):
    at = sentences.explain(DOCUMENT, 1, target="aim")
    m = log_odds(sentences, DOCUMENT, 1, "aim")
    with scaled(sentences.encoder.embedding.weights[0], 0):
        at_zero = log_odds(sentences, DOCUMENT, 1, "aim")
    assert abs(m - at_zero) > 0.1
    assert sum(word.score for word in at.words) == pytest.approx(m - at_zero, rel=0.021)
    assert sum(s.score for s in at.sentences) == pytest.approx(sum(w.score for w in at.words))
    assert at.diagnostics["completeness_error"] < 0.02


@pytest.mark.long  # By default: the vectors of words, and the spans, in other tests.
def test_the_sum_contains_spelling_and_columns(words):
    sentence = TAGGED[2]
    found = words.explain(sentence, 1, target="O")
    m = log_odds(words, sentence, 1, "O")
    with contextlib.ExitStack() as stack:
        for weight in words.embedding.weights:
            stack.enter_context(scaled(weight, 0))
        at_zero = log_odds(words, sentence, 1, "O")
    assert abs(m - at_zero) > 0.1
    assert sum(word.score for word in found.words) == pytest.approx(m - at_zero, rel=0.021)


def test_leave_one_out_is_the_change_without_the_word(sentences):
    found = sentences.explain(DOCUMENT, 1, "leave_one_out", target="aim")
    m = log_odds(sentences, DOCUMENT, 1, "aim")
    without = [["We why.", *DOCUMENT[1:]], [DOCUMENT[0], "falls!", DOCUMENT[2]]]
    expected = [m - log_odds(sentences, document, 1, "aim") for document in without]
    scores = [found.words[index].score for index in (1, 4)]
    np.testing.assert_allclose(scores, expected, atol=1e-4)
    assert np.abs(expected).min() > 1e-3
    # A sentence of one word, without which its words are none but the sentence stays.
    single = ["Why", "It rises."]
    found = sentences.explain(single, 0, "leave_one_out", target="aim")
    assert found.words[0].score == pytest.approx(found.sentences[0].score, abs=1e-6)


def test_ngrams_have_their_part_in_the_scores():
    """Without a network, the scores of a sentence are its n-grams, and the others have no part."""
    model = sentence_classifier(fitted=False)
    first = model.vectorizer.get_vocabulary().index("rain")
    layer = NGramLinear(1, 4, model.vectorizer.vocabulary_size, max_ngram=1)
    layer.assign([first], [[0.0, 1.0, 2.0, 3.0]], [0.5, 0.0, 0.0, 0.0])
    model.build()
    alone = model.with_ngrams(layer, network=0.0)
    for method in ("gradient_x_input", "leave_one_out"):
        found = alone.explain(DOCUMENT, 1, method, target="result", against="method")
        assert (found.target, found.against) == ("result", "method")
        expected = [0, 0, 0, 0, 2, 0, 0, 0, 0]
        np.testing.assert_allclose([w.score for w in found.words], expected, atol=1e-5)


@pytest.mark.parametrize("crf", [LONG, True])
def test_the_label_of_a_word_depends_on_its_sentence_alone(crf):
    model = _with_large_weights(token_classifier(crf=crf))
    text = "Rain &amp; hail! " + " ".join(SENTENCE) + " It is <b>new</b>."
    found = model.explain(text, 7, "gradient_x_input")
    assert (found.item.kind, found.item.index, found.item.text) == ("word", 7, "New")
    assert [s.score != 0 for s in found.sentences] == [False, True, False]
    assert not any(word.score for s in found.sentences[::2] for word in s.words)
    alone = model.explain(SENTENCE, 3, "gradient_x_input")
    assert alone.label == found.label == model.predict_label([SENTENCE])[0][3]
    given = [word.score for word in found.sentences[1].words]
    np.testing.assert_allclose(given, [word.score for word in alone.words], atol=1e-5)
    assert all(text[w.start : w.end] == w.text for w in found.words if w.text != "&")
    assert text[found.item.start : found.item.end] == "New"
    assert [alone.text[w.start : w.end] for w in alone.words] == SENTENCE


def test_the_record_is_that_of_the_item_and_is_displayed(sentences):
    text = "We ask <b>why</b>.  It rises."
    found = sentences.explain(text, -1, "gradient_x_input")
    assert found.item.index == 1
    assert text[found.item.start : found.item.end] == found.item.text == "It rises."
    assert found.label == found.target == sentences.predict_label([text])[0][1]
    expected = sentences.predict([text])[0][1]
    np.testing.assert_allclose(list(found.probabilities.values()), expected, atol=1e-6)
    for shown in (found.to_text(), found.to_html(), found._repr_html_()):
        assert "sentence with the index 1: “It rises.”" in shown
    assert Explanation.from_dict(found.to_dict()) == found
    empty = sentences.explain(["", "It rises."], 1, "gradient_x_input")
    assert [(s.start, s.end) for s in empty.sentences] == [(0, 0), (1, 10)]


def test_mistakes_are_explained(sentences, words):
    cases = [
        ({"item": 3}, r"`item` must be in \[-3, 3\): the document has 3 sentences"),
        ({"item": -4}, "item=-4"),
        ({"item": True}, "`item` must be the index of a sentence. Received: item=True"),
        ({"item": "It rises"}, "`item` must be the index of a sentence"),
        ({"item": 0, "method": "attention"}, "`method` must be one of .*method='attention'"),
        ({"item": 0, "target": "war"}, "`target` must be one of the classes aim"),
        ({"item": 0, "target": ["aim"]}, "`target` must be one of the classes aim"),
        ({"item": 0, "target": "aim", "against": "aim"}, "`against` must be another class"),
    ]
    for arguments, message in cases:
        with pytest.raises(ValueError, match=message):
            sentences.explain(DOCUMENT, **arguments)
    with pytest.raises(ValueError, match="the document has 0 sentences"):
        sentences.explain("", 0)
    with pytest.raises(ValueError, match="method='leave_one_out'"):
        words.explain(TAGGED[0], 0, "leave_one_out")
    with pytest.raises(ValueError, match="a word and its 1 values"):
        words.explain("A text.", 0)
