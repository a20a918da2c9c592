"""Features of words as outside knowledge of a `DocumentClassifier`."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_export_session import Session

from hanlib.explain import explain
from hanlib.layers import DocumentVectorizer, NGramLinear, column_values, with_columns
from hanlib.models import (
    HAN,
    BagOfWords,
    DocumentClassifier,
    FlatRecurrent,
    SentenceClassifier,
    TokenClassifier,
    Transformer,
)
from hanlib.ops import packed_ids

# Which class it is only the second column says.
LONG = [["It", "is", "x"], ["Rain", "falls"]]
WORDS = [LONG, LONG, ["Rain", "x"], ["Rain", "x"]] * 6
GOOD = [True, False] * 12


def mood(good):
    return lambda words: ["+" if word == "x" and good else "." for word in words]


def kind(words):
    return ["noun" if word == "Rain" else "other" for word in words]


DOCUMENTS = [
    with_columns([document], kind, mood(good))[0]
    for document, good in zip(WORDS, GOOD, strict=True)
]


def classifier(encoder=HAN, **options):
    keras.utils.set_random_seed(0)
    vectorizer = DocumentVectorizer(word_case=True, columns=column_values(DOCUMENTS))
    vectorizer.adapt_words([["It", "is", "x", "Rain", "falls"]])
    options = {"embedding_dim": 8, **options}
    network = encoder(vectorizer.vocabulary_size, feature_sizes=vectorizer.feature_sizes, **options)
    return DocumentClassifier(vectorizer, network, [False, True])


@pytest.fixture(scope="module")
def model():
    model = classifier(BagOfWords)
    model.compile(keras.optimizers.Adam(0.1))
    model.fit(DOCUMENTS, GOOD, epochs=10, verbose=0)
    return model


@pytest.fixture(scope="module")
def han():
    model = classifier(units=3, attention_units=3, bidirectional=False)
    model.build()
    return model


def test_it_learns_from_a_column(model):
    assert model.vectorizer.columns == [["noun", "other"], ["+", "."]]
    assert model.evaluate(DOCUMENTS, GOOD, verbose=0)[1] == 1
    assert model.predict_label(DOCUMENTS) == GOOD
    unknown = model.predict([[[("It", "verb", "?")]]], verbose=0)
    assert np.isfinite(unknown).all()


@pytest.mark.usefixtures("eager_functions")
def test_a_saved_model_gives_the_same(han, tmp_path):
    han.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = han.predict(DOCUMENTS[:3], verbose=0)
    np.testing.assert_allclose(loaded.predict(DOCUMENTS[:3], verbose=0), expected, atol=1e-6)


def test_the_vector_of_a_word_has_those_of_its_features(han):
    encoder, vectorizer = han.encoder, han.vectorizer
    (ids,) = vectorizer.ids([[("Rain", "noun", "?"), ("falls", "other", "+")]]).flat_values.numpy()[
        np.newaxis
    ]
    values, index = encoder.embed(tf.constant(ids))
    words, table = encoder.embedding.embeddings.numpy(), encoder.feature_table.embeddings.numpy()
    vocabulary = vectorizer.get_vocabulary()
    # Eight kinds of case, then a column of 1 + 2 values and another one.
    rows = {"rain": [2, 8 + 1, 11 + 0], "falls": [1, 8 + 2, 11 + 1]}
    expected = [
        np.concatenate([words[vocabulary.index(word)], *table[features]])
        for word, features in rows.items()
    ]
    np.testing.assert_allclose(tf.gather(values, index), expected)
    assert vectorizer.words(ids) == ["rain", "falls"]


@pytest.mark.long
def test_an_export_takes_words_and_columns(han, tmp_path):
    session = Session(han.export(tmp_path / "1"))
    assert session.signatures == ["embed", "explain", "serving_default"]
    documents = [*DOCUMENTS[:3], []]
    padded = np.full([3, 4, 3, 3], b"", object)
    for d, document in enumerate(documents):
        nested = document if document and isinstance(document[0], list) else [document]
        for s, sentence in enumerate(nested):
            for w, word in enumerate(sentence):
                padded[:, d, s, w] = [part.encode() for part in word]
    inputs = dict(zip(("words", "column_1", "column_2"), padded, strict=True))
    answers = session.ask_all("explain", **inputs)
    expected = han.predict(documents, verbose=0)
    np.testing.assert_allclose(answers["probabilities"], expected, atol=1e-5)
    assert answers["words"][0].tolist() == [b"It", b"is", b"x", b"Rain", b"falls"]


def test_explanations_read_the_features(model, han):
    (found,) = explain(model, model.as_documents(DOCUMENTS[2:3]), "leave_one_out")
    words = [word for sentence in found.sentences for word in sentence.words]
    assert max(words, key=lambda word: word.score).text == "x"
    assert han.explain(DOCUMENTS[:1])[0].sentences


def test_case_in_raw_text():
    keras.utils.set_random_seed(0)
    vectorizer = DocumentVectorizer(word_case=True, vocabulary=["rain"])
    encoder = BagOfWords(3, 4, feature_sizes=vectorizer.feature_sizes)
    model = DocumentClassifier(vectorizer, encoder, 2)
    p = model.predict(["rain", "Rain", "RAIN", "rain"], verbose=0)
    assert len(np.unique(p[:, 0])) == 3
    np.testing.assert_array_equal(p[0], p[3])
    # The vocabulary may grow after the graph was traced.
    vectorizer.set_vocabulary(["snow", "rain"])
    ids = vectorizer(["Rain"]).flat_values
    assert packed_ids.word_ids(ids, 4).numpy().tolist() == [3]
    assert packed_ids.feature_indices(ids, 4, [8]).numpy().tolist() == [[2]]


def test_ngrams_read_the_words_alone():
    layer = NGramLinear(ngrams=2, classes=1, vocabulary_size=10, max_ngram=2)
    layer.assign(keys=[3, 43], kernel=[[1.0], [2.0]], bias=[0.5])
    plain = tf.ragged.constant([[[3, 4], [3]]], dtype=tf.int32)
    packed = plain.with_flat_values(plain.flat_values + tf.constant([10, 70, 20]))
    np.testing.assert_array_equal(layer(packed), layer(plain))


@pytest.mark.usefixtures("eager_functions")
def test_a_transformer_reads_features():
    model = classifier(Transformer, num_heads=2, depth=1, window=4)
    assert model.predict(DOCUMENTS[:2], verbose=0).shape == (2, 2)
    with pytest.raises(ValueError, match="a width of 35"):
        Transformer(9, 8, num_heads=2, feature_sizes=[2, 2, 2], feature_dim=9)


def test_missing_columns_are_explained(model):
    with pytest.raises(ValueError, match="words with values of 2 columns"):
        model.predict(["A text."])
    with pytest.raises(ValueError, match=r"tuples of a word and its 2 values.*\('Rain', 'noun'\)"):
        model.predict([[("Rain", "noun")]])
    with pytest.raises(ValueError, match=r"tuples of a word and its 2 values.*'Rain'"):
        model.fit([["Rain"]], [True], verbose=0)
    with pytest.raises(ValueError, match="one string per word"):
        with_columns([["Rain", "falls"]], lambda words: ["NN"])
    with pytest.raises(ValueError, match=r"`feature_sizes` of the vectorizer, \[8, 3, 3\]"):
        DocumentClassifier(model.vectorizer, BagOfWords(9, 4), 2)
    with pytest.raises(ValueError, match=r"less than 2 \*\* 31"):
        BagOfWords(100_000, 4, feature_sizes=[1_000, 1_000])
    plain = FlatRecurrent(None, None, units=2, pooling="mean")
    cased = DocumentVectorizer(vocabulary=["a"], max_sentence_words=None, word_case=True)
    with pytest.raises(ValueError, match="feature_sizes"):
        TokenClassifier(cased, plain, 2)


@pytest.mark.usefixtures("eager_functions")
def test_sentences_read_the_case():
    cased = DocumentVectorizer(vocabulary=["a"], max_sentence_words=None, word_case=True)
    encoder = HAN(3, 2, 2, 2, bidirectional=False, feature_sizes=cased.feature_sizes)
    model = SentenceClassifier(cased, encoder, 2)
    lower, upper = model.predict([["a a."], ["A A."]])
    assert np.abs(lower - upper).max() > 1e-6
