"""hanlib.text: what sentences and words are, that nothing is lost, that any bytes go through."""

import functools
import re

import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanlib import text
from hanlib.layers import DocumentVectorizer

# Several examples go through one call: TensorFlow's eager ops are slower than the text is long.
SETTINGS = settings(
    derandomize=True,
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def decoded(nested):
    if isinstance(nested, bytes):
        return nested.decode()
    return [decoded(item) for item in nested]


@functools.cache
def vectorizer(max_sentence_words):
    return DocumentVectorizer(vocabulary=["a"], max_sentence_words=max_sentence_words)


def rows_of(documents, max_sentence_words=None):
    tokens = vectorizer(max_sentence_words).tokenize(documents)
    return tokens.ragged(tokens.words)


def sentences_of(document):
    return decoded(text.split_sentences(text.normalize([document])).to_list()[0])


def words_of(sentence):
    return decoded(text.split_words([sentence]).to_list()[0])


NORMALIZED = {
    "plain": ("Nothing to do.", "Nothing to do."),
    "br": ("a<br>b<br/>c<br />d<BR>e", "a\nb\nc\nd\ne"),
    "p": ("<p>a</p><p class='x'>b</p>", "\na\n\nb\n"),
    "other tags stay": ("a <b>bold</b> <pre> 1 < 2 > 0", "a <b>bold</b> <pre> 1 < 2 > 0"),
    "named entities": ("&amp;&lt;&gt;&quot;&apos;&hellip;&mdash;&ndash;&eacute;", "&<>\"'…—–é"),
    "nbsp": ("a&nbsp;b\u00a0c", "a b c"),
    "numeric entities": ("&#39;&#233;&#xE9;&#x1F600;&#128512;", "'éé😀😀"),
    "entity of Windows-1252": ("it&#146;s", "it’s"),
    "invalid numbers": ("&#0;&#xD800;&#9999999;", "\ufffd\ufffd\ufffd"),
    "unknown entity": ("&bogus; &; AT&T; R&D", "&bogus; &; AT&T; R&D"),
    "entities once": ("&amp;lt; &amp;amp;", "&lt; &amp;"),
    "entity of a tag": ("a&lt;br /&gt;b", "a\nb"),
    "entity of a control": ("a&#1;b&#31;c", "a b c"),
    "C1 in disguise": ("it\u0092s \u0093so\u0094\u0085", "it’s “so”…"),
    "Yelp newline": (r"a\n\nb", "a\n\nb"),
    "Yelp quotes": (r'""good"" and \"bad\"', '"good" and "bad"'),
    "line ends": ("a\r\nb\rc\u2028d\u2029e\x0bf\x0cg", "a\nb\nc\nd\ne\nf\ng"),
    "spaces": ("a\u2009b\u3000c\u202fd\u200be", "a b c d e"),
    "tab stays": ("a\tb", "a\tb"),
    "controls": ("a\x00b\x1ec\x1fd\x7fe", "a b c d e"),
    "invisible": ("so\u00adft \ufeffmark\u200e", "soft mark"),
    "joiners stay": ("می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"),
}


@pytest.mark.parametrize(("raw", "expected"), NORMALIZED.values(), ids=NORMALIZED)
def test_normalize(raw, expected):
    assert text.normalize(raw).numpy().decode() == expected


def test_invalid_bytes_are_replaced():
    broken = [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"ok\x00\xf0\x9f", b"fine"]
    cleaned = [value.decode() for value in text.normalize(broken).numpy()]
    assert all("\ufffd" in value for value in cleaned[:5])
    assert cleaned[4].startswith("ok ")
    assert cleaned[5] == "fine"


# One sentence a string, in order: the document is what they say when read on.
SENTENCES = {
    "two": ("Good food. Bad mood!", ["Good food.", "Bad mood!"]),
    "lower case": ("it was bad. it was slow.", ["it was bad.", "it was slow."]),
    "empty": ("", []),
    "blank": (" \n\t<br /> ", []),
    "no full stop": ("no full stop at all", ["no full stop at all"]),
    "titles": (
        "Mr. and Mrs. Li saw Dr. No. Prof. X too.",
        ["Mr. and Mrs. Li saw Dr. No.", "Prof. X too."],
    ),
    "initials": ("J. R. R. Tolkien wrote. He did.", ["J. R. R. Tolkien wrote.", "He did."]),
    "country inside": ("The U.S. Senate met. It left.", ["The U.S. Senate met.", "It left."]),
    "country at the end": ("I like the U.S. The end.", ["I like the U.S.", "The end."]),
    "e.g.": ("Fruit, e.g. apples, i.e. Red ones.", ["Fruit, e.g. apples, i.e. Red ones."]),
    "vs.": ("Alien vs. Predator. Again.", ["Alien vs. Predator.", "Again."]),
    "a.m.": ("Open at 9 a.m. Monday. Good.", ["Open at 9 a.m. Monday.", "Good."]),
    "p.m. at the end": ("Left at 5 p.m. We were late.", ["Left at 5 p.m.", "We were late."]),
    "etc.": ("Cups etc. were old. Forks etc. Tom fled.", 3),
    "company": ("Apple Inc. shares rose. Buy!", ["Apple Inc. shares rose.", "Buy!"]),
    "number": ("See No. 5 here. No. Never.", ["See No. 5 here.", "No.", "Never."]),
    "vitamin": ("I take vitamin C. It helps.", ["I take vitamin C.", "It helps."]),
    "decimals": ("It is 3.14 or v2.0.1. Or 1,000.50!", ["It is 3.14 or v2.0.1.", "Or 1,000.50!"]),
    "rating": ("I give it a 10. Great.", ["I give it a 10.", "Great."]),
    "runs": ("What?!! No way!!! Yes...", ["What?!!", "No way!!!", "Yes..."]),
    "ellipsis goes on": ("Well... it was… fine.", ["Well... it was… fine."]),
    "ellipsis ends": ("I waited... Nothing came.", ["I waited...", "Nothing came."]),
    "spaced ellipsis": ("so . . . yes . No", ["so . . . yes .", "No"]),
    "quotes": ('He said "Go." She went.', ['He said "Go."', "She went."]),
    "curly quotes": ("“Go!” She went.", ["“Go!”", "She went."]),
    "quote goes on": ('"No!" he said. Why?', ['"No!" he said.', "Why?"]),
    "brackets": ("(It was late.) We left.", ["(It was late.)", "We left."]),
    "bracket goes on": ("It was (wow!) great.", ["It was (wow!) great."]),
    "no space": ("It was bad.The end was worse!I left.", 3),
    "url": (
        "See www.a.com/b.html?x=1. Mail a.b@c.org. Ok.",
        ["See www.a.com/b.html?x=1.", "Mail a.b@c.org.", "Ok."],
    ),
    "hard wrap": (
        "Showers continued throughout the week in\nthe Bahia cocoa zone since early\nyear.",
        ["Showers continued throughout the week in the Bahia cocoa zone since early year."],
    ),
    "hard wrap before a name": (
        "The report was made by the office of the City of New\nYork and by others.",
        ["The report was made by the office of the City of New York and by others."],
    ),
    "hard wrap after an abbreviation": (
        "All of the goods were brought to the harbour by the U.S.\nNavy in March\n13. So far.",
        ["All of the goods were brought to the harbour by the U.S. Navy in March 13.", "So far."],
    ),
    "indented paragraph": ("the end of one\n    the next one", ["the end of one", "the next one"]),
    "headline": ("BAHIA COCOA REVIEW\nshowers came", ["BAHIA COCOA REVIEW", "showers came"]),
    "title": ("My Trip\nWent there by train", ["My Trip", "Went there by train"]),
    "line that starts": (
        "We bought a lot of things in that shop last week\nThen we left",
        ["We bought a lot of things in that shop last week", "Then we left"],
    ),
    "tokenized lines": (
        "not really .\nwhat 's the deal ?\nplain lazy ! !\nokay . . .\nnever mind",
        ["not really .", "what 's the deal ?", "plain lazy ! !", "okay . . .", "never mind"],
    ),
    "lone full stop": ("too jumbled\n.\nit starts", ["too jumbled .", "it starts"]),
    "blank line": ("one line\n\nanother one", ["one line", "another one"]),
    "html break": ("so good<br /><br />so bad", ["so good", "so bad"]),
    "yelp break": (r"so good\n\n so bad", ["so good", "so bad"]),
    "bullets": ("Pros:\n- good food\n- good mood", ["Pros:", "- good food", "- good mood"]),
    "dots as bullets": ("• tea • milk\n• jam", ["• tea", "• milk", "• jam"]),
    "numbers as bullets": ("1. First do it\n2. Then rest", ["1. First do it", "2. Then rest"]),
    "chinese": ("好。他说：「走！」真的？是；吧", ["好。", "他说：「走！」", "真的？", "是；吧"]),
    "chinese, western mark": ("很好!下次再来", ["很好!", "下次再来"]),
    "chinese lines": ("很好\n不错", ["很好", "不错"]),
    "japanese": ("ペンです。「行く。」と言った。", ["ペンです。", "「行く。」と言った。"]),
    "hindi, arabic": ("हाँ। नहीं। لماذا؟ نعم.", ["हाँ।", "नहीं।", "لماذا؟", "نعم."]),
    "cyrillic": ("Ж. Верн писал. Да!", ["Ж. Верн писал.", "Да!"]),
    "accents": ("C'est idéal. Élan? Ñandú!", ["C'est idéal.", "Élan?", "Ñandú!"]),
    "emoji": ("Great 👍🏽! Yes 🎉", ["Great 👍🏽!", "Yes 🎉"]),
    "only marks": ("...", ["..."]),
}


@pytest.mark.parametrize(("document", "expected"), SENTENCES.values(), ids=SENTENCES)
def test_sentences(document, expected):
    found = sentences_of(document)
    assert (len(found) if isinstance(expected, int) else found) == expected


# The words, with `|` between them.
WORDS = {
    "plain": ("Good food, bad mood.", "Good|food|,|bad|mood|."),
    "contractions": ("don't it's I'd've l'eau", "don't|it's|I'd've|l'eau"),
    "curly": ("don’t it’s", "don’t|it’s"),
    "rock'n'roll": ("O'Brien's rock'n'roll", "O'Brien's|rock'n'roll"),
    "already tokenized": ("did n't it 's we 're", "didn't|it's|we're"),
    "tokenized, at the end": (
        "they wo n't. CA N'T ! the 1990 's",
        "they|won't|.|CAN'T|!|the|1990's",
    ),
    "quotation, not contraction": ("the 's' key, a 're-make'", "the|'s|'|key|,|a|'re|-|make|'"),
    "quoted": ("'so' “so” «so»", "'|so|'|“|so|”|«|so|»"),
    "plural possessive": ("the characters' eyes", "the|characters|'|eyes"),
    "decades": ("the '90s, the 1990's, 80s", "the|'90s|,|the|1990's|,|80s"),
    "hyphens": ("a well-made must-see -- not re-", "a|well-made|must-see|--|not|re|-"),
    "dashes": ("good--bad so—so 3–4", "good|--|bad|so|—|so|3|–|4"),
    "numbers": ("3.14 1,000.50 v2.0.1 8/10", "3.14|1,000.50|v2.0.1|8/10"),
    "more numbers": ("10:30 6-1/16 10-15 1st 3.5mm 7.", "10:30|6-1/16|10-15|1st|3.5mm|7|."),
    "money": ("$3.50 €5 50% £1m", "$|3.50|€|5|50|%|£|1m"),
    "url": ("at https://a.org/b?c=d&e=f.", "at|https://a.org/b?c=d&e=f|."),
    "url in brackets": ("(www.a.com/x_y)", "(|www.a.com/x_y|)"),
    "domain": ("amazon.com, bbc.co.uk/news!", "amazon.com|,|bbc.co.uk/news|!"),
    "no domain": ("bad.the end.community", "bad|.|the|end|.|community"),
    "email": ("to john.doe+x@mail.co.uk.", "to|john.doe+x@mail.co.uk|."),
    "social": ("#great @me_2 #", "#great|@me_2|#"),
    "abbreviations": ("Mr. X, U.S., e.g. Ph.D. etc.", "Mr.|X|,|U.S.|,|e.g.|Ph.D.|etc."),
    "initials": ("J. R. Smith and plan B.", "J.|R.|Smith|and|plan|B|."),
    "no abbreviation": ("un général. PAÍS. Ok", "un|général|.|PAÍS|.|Ok"),
    "runs": ("No!!! What?! so... *** ==", "No|!!!|What|?!|so|...|***|=="),
    "spaced": (". . . ! !", ".|.|.|!|!"),
    "joined": ("R&B AT&T f**k snake_case", "R&B|AT&T|f**k|snake_case"),
    "emphasis": ("_so_ *so* **so**", "_|so|_|*|so|*|**|so|**"),
    "emoticons": ("nice :) :-( ;-) :D <3 a: b", "nice|:)|:-(|;-)|:D|<3|a|:|b"),
    "emoji": ("👨‍👩‍👧‍👦👍🏽🇩🇪🇫🇷❤️1️⃣x", "👨‍👩‍👧‍👦|👍🏽|🇩🇪|🇫🇷|❤️|1️⃣|x"),
    "composed": ("Café naïve", "Café|naïve"),
    "decomposed": ("Cafe\u0301s na\u0131\u0308ve", "Cafe\u0301s|na\u0131\u0308ve"),
    "chinese": ("我爱，真的！", "我|爱|，|真|的|！"),
    "mixed": ("Apple手机15.4寸很好ok", "Apple|手|机|15.4|寸|很|好|ok"),
    "japanese": ("スーパーはいい。", "スーパー|は|い|い|。"),
    "korean": ("안녕하세요. 반갑습니다", "안녕하세요|.|반갑습니다"),
    "persian": ("می\u200cخواهم؟", "می\u200cخواهم|؟"),
    "hindi": ("हिन्दी है।", "हिन्दी|है|।"),
    "russian": ("кто-то не сказал…", "кто-то|не|сказал|…"),
    "replacement": ("a \ufffd b", "a|\ufffd|b"),
}


@pytest.mark.parametrize(("sentence", "expected"), WORDS.values(), ids=WORDS)
def test_words(sentence, expected):
    assert words_of(sentence) == expected.split("|")


# Bits of text that the rules look at, so that the examples meet the rules.
BITS = st.one_of(
    st.sampled_from(["Mr.", "U.S.", "etc.", "e.g.", "J.", "No.", "5", "3.14", "2.", "The", "the"]),
    st.sampled_from(
        [".", "...", "…", "!", "?!", ",;:", "'", "’", '"', "”", ")", "(", "-", "–", "•"]
    ),
    st.sampled_from(["*", "_", "#", "@", "&", "$", "http://a.b/c", "a@b.co", "x.com", "don't"]),
    st.sampled_from(
        ["été", "e\u0301", "\u0301", "我", "。", "」", "と", "カー", "한", "½", "A", "I"]
    ),
    st.sampled_from(
        ["👍", "🏽", "\u200d", "\ufe0f", "🇩", "<br>", "<p>", "&amp;", "&#8217;", "&x;"]
    ),
    st.sampled_from(["<", ">", "\\n", "\\", '\\"', '""', "\u0092", "\u00a0", "\u2028", "\u00ad"]),
    st.sampled_from(["\x00", "\x1d", "\x1e", "\x1f"]),
)
MESSY = st.lists(
    BITS | st.sampled_from([" ", " ", "\n", "\n\n", "\t", "  "]) | st.text(max_size=6), max_size=30
).map("".join)
# Nothing here is an escape, an entity, a tag or an odd space: it must come out as it went in.
CLEAN = st.text(
    st.sampled_from("abcXYZéñ我好カの한글0123.,!?;:'’()-—…*#@$%/ \n👍🏽\u0301"), max_size=60
)


def without_space(value):
    return re.sub(r"[ \t\n\r\v\f]", "", value)


@SETTINGS
@given(st.lists(MESSY, min_size=1, max_size=20))
def test_no_character_that_carries_meaning_is_lost(documents):
    normal = text.normalize(documents)
    words = text.split_words(text.split_sentences(normal)).to_list()
    for value, document in zip(normal.numpy(), words, strict=True):
        together = b"".join(word for sentence in document for word in sentence).decode()
        assert together == without_space(value.decode())
        assert all(sentence for sentence in document)


@SETTINGS
@given(st.lists(CLEAN, min_size=1, max_size=20))
def test_clean_text_comes_out_as_it_went_in(documents):
    for raw, document in zip(documents, rows_of(documents).to_list(), strict=True):
        together = b"".join(word for sentence in document for word in sentence).decode()
        assert together == without_space(raw)


@SETTINGS
@given(st.lists(st.binary(max_size=80), min_size=1, max_size=20))
def test_any_bytes_go_through(documents):
    for document in rows_of(documents, 3).to_list():
        for row in document:
            assert 1 <= len(row) <= 3
            assert all(word.decode("utf-8") for word in row)


@settings(SETTINGS, max_examples=15)
@given(st.lists(MESSY, min_size=1, max_size=6))
def test_eager_graph_alone_and_in_company_agree(documents):
    together = rows_of(documents, 5).to_list()
    assert IN_GRAPH(tf.constant(documents)).to_list() == together
    assert [rows_of([document], 5).to_list()[0] for document in documents] == together


IN_GRAPH = tf.function(
    lambda documents: rows_of(documents, 5),
    input_signature=[tf.TensorSpec([None], tf.string)],
)


def test_a_whole_line_without_full_stop_is_kept():
    document = "word " * 5000
    words = rows_of([document], 60)
    assert words.values.row_lengths().numpy().tolist() == [60] * 83 + [20]


def test_shapes():
    assert text.normalize("a").shape == ()
    assert text.normalize([["a", "b"]]).shape == (1, 2)
    assert text.split_words("a b").numpy().tolist() == [b"a", b"b"]
    assert text.split_sentences([["A. B!", "c"], ["", "d. e"]]).to_list() == [
        [[b"A. B!"], [b"c"]],
        [[], [b"d.", b"e"]],
    ]
    ragged = tf.ragged.constant([["a b. c"], [], ["d", "e"]])
    assert text.normalize(ragged).to_list() == ragged.to_list()
    assert text.split_words(text.split_sentences(ragged)).to_list() == [
        [[[b"a", b"b", b"."], [b"c"]]],
        [],
        [[[b"d"]], [[b"e"]]],
    ]
    nested = tf.ragged.constant([[["a", "b c"]], [[], ["d"]]])
    assert text.split_words(nested).to_list() == [[[[b"a"], [b"b", b"c"]]], [[], [[b"d"]]]]


def test_no_documents():
    assert rows_of(tf.constant([], tf.string), 5).to_list() == []
    assert rows_of(["", " "], 5).to_list() == [[], []]


def test_errors_say_what_came():
    with pytest.raises(TypeError, match=r"`text` must hold strings. Received: dtype=int32"):
        text.normalize([1])
    with pytest.raises(TypeError, match=r"`sentences` must hold strings"):
        text.split_words(tf.ragged.constant([[1.0]]))
    with pytest.raises(ValueError, match=r"`max_words` must be a positive .* max_words=0"):
        text.split_lengths([1], max_words=0)
