"""The spans of words in the text that they come from, whatever normalisation did to it."""

import json
import time
from pathlib import Path

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from hanlib.evidence.spans import sentence_span, word_spans
from hanlib.text import normalize, split_sentences, split_words

DATA = Path(__file__).parents[2] / "shared" / "data"


@tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
def words_of_texts(texts):
    return split_words(split_sentences(normalize(texts))).flat_values


def words_of(text):
    words = words_of_texts(tf.constant([text.encode("utf-8", "replace")]))
    return [word.decode() for word in words.numpy()]


def slices(text):
    return [None if a is None else text[a:b] for a, b in word_spans(text, words_of(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fish &amp; chips", ["Fish", "&amp;", "chips"]),
        ("R&amp;B rocks", ["R&amp;B", "rocks"]),
        ("caf&eacute;&nbsp;bar", ["caf&eacute;", "bar"]),
        ("Loved it!<br /><br />Go.", ["Loved", "it", "!", "Go", "."]),
        ('He said ""no"" twice', ["He", "said", '""', "no", '""', "twice"]),
        ('a \\"b\\" c', ["a", '\\"', "b", '\\"', "c"]),
        ("one\\n\\ntwo", ["one", "two"]),
        ("don&#39;t", ["don&#39;t"]),
        ("co\u00adop \u200ebidi\u200f!", ["co\u00adop", "bidi", "!"]),
        ("cafe\u0301 now", ["cafe\u0301", "now"]),
        ("AT&T and &unknown; x", ["AT&T", "and", "&", "unknown", ";", "x"]),
        ("it\x92s 5\x80", ["it\x92s", "5", "\x80"]),
        ("a\x00b\x1fc", ["a", "b", "c"]),
        ("很好。不错", ["很", "好", "。", "不", "错"]),
        ("مرحبا بك.", ["مرحبا", "بك", "."]),
        ("half \ud83d pair", ["half", "\ud83d", "pair"]),
        # As the serving client and the explanations find them alike.
        ("wait\x85 then", ["wait", "\x85", "then"]),
        ("caf\xade na\u200dive so\xad.", ["caf\xade", "na\u200dive", "so", "."]),
        ("a&#8203;b&#xad;c &#133;", ["a", "b&#xad;c", "&#133;"]),
        ("&lt;br&gt;one &lbrace; two", ["one", "&", "lbrace", ";", "two"]),
        ("hate it.<br /><br />... and so", ["hate", "it", ".<br /><br />...", "and", "so"]),
        (r"Yelp's \n\n escapes. \nYes.", ["Yelp's", "escapes", ".", "Yes", "."]),
        ("&lt;b&gt; bold", ["&lt;", "b", "&gt;", "bold"]),
        ("wide\u3000space\xa0here", ["wide", "space", "here"]),
        ("👍🏽 ok", ["👍🏽", "ok"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_words_are_found_as_they_were_written(text, expected):
    assert slices(text) == expected


PIECES = st.sampled_from(
    [
        *(
            "word",
            "Don't",
            "don’t",
            "U.S.",
            "3.14",
            "é",
            "e\u0301",
            "很",
            "好",
            "。",
            "؟",
            "👍🏽",
            "a",
        ),
        *("&amp;", "&eacute;", "&#8217;", "&#x2019;", "&nbsp;", "&bogus;", "&", "&lt;br&gt;"),
        *("<br />", "</p>", "<b>", "<", ">", "\\n", '""', '\\"', '"', "\\", "\r\n", "\n\n", "\t"),
        *(
            " ",
            "  ",
            ".",
            "...",
            "!",
            "?!",
            ",",
            "\xad",
            "\u200b",
            "\ufeff",
            "\x00",
            "\x92",
            "\x1e",
        ),
        *("\u2028", "\ud800", "ﬁ", "Ａ", "İ", "ß", "x" * 70),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text(max_size=40)))
def test_spans_rise_and_hold_their_words(text):
    words = words_of(text)
    spans = word_spans(text, words)
    assert len(spans) == len(words)
    at = 0
    for word, (start, end) in zip(words, spans, strict=True):
        if start is None:
            continue
        assert at <= start < end <= len(text)
        written = text[start:end]
        if written != word:
            alone = normalize(tf.constant(written.encode("utf-8", "replace"))).numpy().decode()
            assert alone == word
        at = end


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=8), max_size=12))
def test_any_words_are_taken_without_an_error(text, words):
    at = 0
    for start, end in word_spans(text, words):
        if start is not None:
            assert at <= start < end <= len(text)
            at = end


def test_a_normalisation_of_ones_own_loses_few_words():
    text = "The Café was SUPERB, http://a.example/x said so. We will go again."
    words = "the cafe was superb , said so . we will go again .".split()  # noqa: SIM905
    found = [None if a is None else text[a:b] for a, b in word_spans(text, words)]
    assert found == ["The", "Café", "was", "SUPERB", ",", *text.replace(".", " .").split()[-8:]]


def test_the_words_of_a_later_sentence_alone():
    text = "One is here. Two is left out. Three is here again."
    (start, _), *_ = word_spans(text, ["Three", "is", "here", "again", "."])
    assert start == text.index("Three")


def test_200_kilobytes_take_no_time():
    text = "It was\na good film, I say &amp; say. " * 8000
    words = ["It", "was", "a", "good", "film", ",", "I", "say", "&", "say", "."] * 8000
    start = time.process_time()
    assert all(span[1] for span in word_spans(text, words))
    assert time.process_time() - start < 10


def test_a_word_that_is_nowhere_has_no_span_and_takes_no_other_words():
    assert word_spans("one two three", ["one", "deux", "three"]) == [(0, 3), (None, None), (8, 13)]
    assert sentence_span([(None, None)]) == (None, None)


@pytest.mark.parametrize("name", ["movies_rationales.jsonl", "reuters.jsonl"])
def test_all_words_of_real_texts_are_found(name):
    path = DATA / name
    if not path.exists():
        pytest.skip("../shared/data is not there")
    with path.open(encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for _, line in zip(range(60), file, strict=False)]
    for text in texts:
        assert None not in slices(text)
