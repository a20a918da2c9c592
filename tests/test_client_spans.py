"""Where the returned words stand in the text that was sent, with the real splitter."""

import html
import itertools
import random
import time

import pytest

from hanlib.serving.client.spans import word_spans
from hanlib.text import normalize, split_sentences, split_words


def returned(text):
    """`(sentence, words)` as an export gives them."""
    sentences = split_sentences(normalize([text]))
    words = split_words(sentences).to_list()[0]
    return [
        (sentence.decode(), [word.decode() for word in its])
        for sentence, its in zip(sentences.to_list()[0], words, strict=True)
    ]


def found(text):
    """`(word, what stands at its span or None)` for all words."""
    sentences = returned(text)
    for (_, words), spans in zip(sentences, word_spans(text, sentences), strict=True):
        for word, span in zip(words, spans, strict=True):
            yield word, text[slice(*span)] if span else None


@pytest.mark.parametrize(
    "text",
    [
        "A good film. So bad an end! It's $1,000.50... isn't it?",
        "Hard-wrapped text that goes\non in the next line, and\r\n  on.\n\n- a list\n- of two",
        "One.<br /><br />Two <BR>three.<p class='x'>Four</p> a < b",
        "a a a a a a. a a a! a? aa a",
        "酒店很好。早餐不错，服务员也很热情！",
        "مرحبا بالعالم. هذا فيلم جيد",
        "\ufeffMarks\u200b of no width\u00ad here \u202babc\u202c.",
        "\U0001f600\U0001f600 \U0001f468‍\U0001f469‍\U0001f467 :-)",
        r"Yelp's \n\n escapes. \nYes.",
    ],
)
def test_every_word_is_found_in_its_place(text):
    places = list(found(text))
    assert places
    assert all(word == place for word, place in places)
    assert ends_in_order(text)


def ends_in_order(text):
    spans = [span for row in word_spans(text, returned(text)) for span in row if span]
    return all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_the_span_of_a_word_covers_its_entities():
    text = 'The caf&eacute; &amp; a caf&#233; &unknown; said ""good"".&nbsp;&#x201C;Yes&rdquo;'
    places = list(found(text))
    assert all(html.unescape(place).replace('""', '"') == word for word, place in places)
    assert [place for word, place in places if word == "café"] == ["caf&eacute;", "caf&#233;"]
    assert ends_in_order(text)


def test_what_was_rewritten_is_not_found_and_the_rest_is():
    text = "The caf\xad\u00ade, na\u200dive a caf\xade was good. The end."
    places = list(found(text))
    assert "cafe" in [word for word, place in places if place is None]
    assert all(place in (word, None) for word, place in places)
    assert [place for _, place in places][-5:] == ["good", ".", "The", "end", "."]
    assert ends_in_order(text)


PIECES = [
    *("good", "a", "an", "Café", "caf&eacute;", "&amp;", "&", "amp;", "<br />", "<p>", "<b>"),
    *(
        "\n",
        "\n\n",
        "  ",
        ". ",
        "! ",
        ", ",
        "'",
        "don't",
        '""',
        '\\"',
        '"',
        "\\n",
        "\r\n",
        "酒店",
        "。",
    ),
    *("\U0001f600", "\u200b", "\x00", "&nbsp;", "&#8217;", "&bogus;", "1,000.50", "U.S. ", "- "),
    *("...", "http://x.com/a?b=c&d ", "مرحبا", "\ufeff", "é", "e\u0301", "x" * 30),
]


def test_no_place_is_wrong_and_few_are_missing():
    draw = random.Random(0)
    count = missing = 0
    for _ in range(15):
        text = "".join(draw.choice(PIECES) + draw.choice(["", " "]) for _ in range(80))
        assert ends_in_order(text)
        for word, place in found(text):
            count += 1
            missing += place is None
            meant = html.unescape(place or "").replace('\\"', '"').replace('""', '"')
            assert place is None or word in (meant, place)
    assert count > 800
    assert missing < 0.01 * count


def test_sentences_that_are_left_out_leave_the_others_in_place():
    text = "One is here. Two is left out. Three is here again."
    (_, _, last) = returned(text)
    ((start, end), *_) = word_spans(text, [last])[0]
    assert text[start:end] == "Three"
    assert start == text.index("Three")


def test_words_that_are_nowhere():
    assert word_spans("abc def", [("xyz", ["xyz"]), ("", [""]), ("def", ["def"])]) == [
        [None],
        [None],
        [(4, 7)],
    ]


def test_200_kilobytes_take_no_time():
    text = "It was\na good film, I say. " * 8000
    words = ["It", "was", "a", "good", "film", ",", "I", "say", "."]
    sentences = [("It was a good film, I say.", words)] * 8000
    start = time.perf_counter()
    spans = word_spans(text, sentences)
    assert all(span for row in spans for span in row)
    assert time.perf_counter() - start < 10
