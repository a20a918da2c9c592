"""One explanation as HTML: the text as it was written, and nothing that runs."""

import re
from html.parser import HTMLParser

import evidence_records
import pytest

from hanlib.evidence import Explanation, Sentence, Word, compare_html
from hanlib.evidence.assets import read_asset
from hanlib.evidence.characters import printable
from hanlib.evidence.passages import passages
from hanlib.evidence.shading import LEVELS

NASTY = {
    "script": "A <script>alert(1)</script> & <b>bold</b>. <!-- no --> ]]>",
    "quotes": 'He said "yes" and \'no\'. " onmouseover="alert(1)" x=\'',
    "lines": "One.\n\nTwo, after a gap.\tTabbed.\r\nThree\nin two lines.  ",
    "right_to_left": "שלום עולם. זה סרט טוב! مرحبا بالعالم.",
    "chinese": "这部电影很好。非常无聊。",
    "controls": "A NUL \x00 here. An \x1b[31m escape. A \x85 and \ud800 alone.",
    "spaces": "   ",
}


class Page(HTMLParser):
    """Tags with their attributes, and the text of the element of class "text"."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.depth = [], "", 0
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        here = dict(attributes).get("class", "").startswith("text")
        self.depth += bool(self.depth or here) and tag not in ("meta", "link")

    def handle_endtag(self, tag):
        self.depth -= bool(self.depth)

    def handle_data(self, text):
        self.text += text if self.depth else ""


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
@pytest.mark.parametrize("method", ["leave_one_out", "attention"])
def test_the_page_holds_the_text_and_no_tag_of_it(text, method):
    page = Page(evidence_records.explanation(text, method=method).to_html())
    assert page.text == printable(text)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "b", "img", "link"}
    names = {name for _, attributes in page.tags for name in attributes}
    assert not any(name.startswith("on") for name in names)
    assert not names & {"href", "src"}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_the_passages_are_the_text(text):
    made = passages(evidence_records.explanation(text))
    assert "".join(passage.text for passage in made) == printable(text)
    assert len(printable(text)) == len(text)
    "".join(passage.text for passage in made).encode("utf-8")


def test_names_are_escaped_wherever_they_stand():
    nasty = '"><script>alert(1)</script>'
    made = Explanation(
        nasty,
        nasty,
        {nasty: 0.9, "b": 0.1},
        nasty,
        nasty,
        (Sentence(nasty, 0.5, (Word(nasty, 0.5),)),),
        faithfulness={nasty: evidence_records.faithfulness(nasty)},
        diagnostics={nasty: nasty, "more": {nasty: [nasty]}},
        true_label=nasty,
        omitted={nasty: 3},
    )
    for page in (made.to_html(title=nasty), made._repr_html_(), compare_html(made, made)):
        assert "<script" not in page
        assert page.count("&lt;script&gt;") > 8
        allowed = {"class", "dir", "title", "tabindex", "style"}
        allowed |= {"charset", "http-equiv", "name", "content", "lang"}
        assert {name for _, tag in Page(page).tags for name in tag} <= allowed


def test_a_page_fetches_nothing_and_a_cell_is_no_page():
    made = evidence_records.explanation("Good. Bad.")
    assert not re.search(r"https?:|@import|url\(", made.to_html())
    assert "default-src 'none'" in made.to_html()
    assert "<html" not in made._repr_html_()
    # The rest of a notebook keeps its looks: each rule begins at our class.
    style = re.search("<style>(.*?)</style>", made._repr_html_(), re.DOTALL).group(1)
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    heads = [re.sub(r"\([^()]*\)", "", h).strip() for h in re.findall(r"([^{}]+)\{", style)]
    selectors = [part for head in heads if head[0] != "@" for part in head.split(",")]
    assert len(selectors) > 40
    assert [part for part in selectors if ".hanlib" not in part] == []


def spans(page, kind):
    return [a for tag, a in Page(page).tags if tag == kind and "title" in a]


def test_shades_say_sign_and_strength_without_color_too():
    words = (Word("a", 1.0), Word("b", -0.5), Word("c", 0.15), Word("d", float("nan")))
    sentences = Sentence("a b c d", -2.0, words), Sentence("e", 0.3, (Word("e", -0.0001),))
    made = Explanation(None, "x", {"x": 1.0}, "x", "random", sentences)
    strong, *shaded, weak = spans(made.to_html(), "span")
    assert strong == {"class": "s against", "style": "--w:100", "title": "sentence -2.000"}
    # What is not far from zero has no shade.
    assert {tag["title"]: tag["class"] for tag in shaded} == {
        "a +1.000": "for n5",
        "b -0.500": "against n2",
    }
    assert weak == {"class": "s", "title": "sentence +0.300"}


def test_a_word_of_a_short_sentence_is_not_stronger_for_being_one_of_two():
    short = Sentence("So so.", 0.5, (Word("So", 0.5), Word("so", 0.5)))
    long = [Word(f"w{n}", 0.4 if n == 7 else 0.6 / 19) for n in range(20)]
    sentences = short, Sentence(" ".join(word.text for word in long), 0.5, tuple(long))
    for method, score in (("attention", "0.400"), ("combined_attention", "0.400")):
        page = Explanation(None, "x", {}, "x", method, sentences).to_html()
        shaded = {
            tag["title"]: tag["class"] for tag in spans(page, "span") if tag["class"] != "s look"
        }
        # Half of a sentence of two is an even share, 0.4 of one of twenty is eight times as much.
        assert shaded == {f"w7 {score}": "look n5"}


def luminance(color):
    """Of `(red, green, blue)`, as WCAG 2.1 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def colors_of(style, name):
    """`name` in a light and in a dark page, each as `(red, green, blue)`."""
    both = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\)", style)
    one = re.search(rf"--{name}: (#\w+)", style)
    found = both.groups() if both else one.groups() * 2
    return [[int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)] for color in found]


@pytest.mark.parametrize("shade", ["for", "against", "look"])
@pytest.mark.parametrize("page", ["light", "dark"])
def test_words_can_be_read_on_every_shade(shade, page):
    dark, style = page == "dark", read_asset("explanation.css")
    ink, paper, hue = (colors_of(style, name)[dark] for name in ("ink", "paper", shade))
    step = int(re.search(r"var\(--n\) \* (\d+)%", style).group(1)) / 100
    for strength in range(LEVELS + 1):
        part = strength * step
        ground = [part * h + (1 - part) * p for h, p in zip(hue, paper, strict=True)]
        lower, higher = sorted((luminance(ink), luminance(ground)))
        assert (higher + 0.05) / (lower + 0.05) >= 4.5  # WCAG 2.1, AA


def test_attention_is_said_not_to_be_importance():
    page = evidence_records.explanation("Good. Bad.", method="attention").to_html()
    assert "Attention is not importance" in page
    assert 'class="for' not in page
    signed = evidence_records.explanation("Good. Bad.").to_html()
    assert "Attention" not in signed
    assert "Orange, dashed line: against it" in signed


def test_faithfulness_stands_beside_it():
    faithfulness = {
        "word": evidence_records.faithfulness("word", 0.3),
        "sentence": evidence_records.faithfulness("sentence", 0.04),
    }
    page = evidence_records.explanation("Good.", faithfulness=faithfulness).to_html()
    assert "Words: better than chance, 50.0 against 20.0 points." in page
    # Within the interval of the random rankings.
    assert "Sentences: not better than chance, 24.0 against 20.0 points." in page
    assert "when the strongest 1, 5, 10, 20 and 50 % are removed" in page
    # The figures for specialists are folded away.
    figures = page.partition("<details>")[2]
    assert "<dt>Sentences</dt><dd>comprehensiveness 0.240, random 0.200 (0.150 to" in figures
    assert "60 passes" in figures
    unmeasured = evidence_records.explanation("Good.", diagnostics={"entropy": 0.5}).to_html()
    assert "How faithful the scores are was not measured." in unmeasured
    assert "<dt>Entropy</dt><dd>0.500</dd>" in unmeasured.partition("<details>")[2]


def test_right_and_wrong_also_with_several_labels():
    right = Explanation("A", ("x", "y"), {"x": 0.9, "y": 0.8}, "x", "random", true_label=("y", "x"))
    assert "right: true label is" in right.to_html()
    wrong = Explanation("A", (), {"x": 0.4, "y": 0.3}, "x", "random", true_label=("y",))
    assert "wrong: true label is" in wrong.to_html()
    assert "true label" not in Explanation("A", "x", {"x": 1.0}, "x", "random").to_html()


def test_many_classes_are_shown_in_short_with_the_true_one():
    probabilities = {f"class {n}": (90 - n) / 4095 for n in range(90)}
    page = Explanation(
        "A", "class 0", probabilities, "class 0", "random", true_label="class 80"
    ).to_html()
    assert "83 further classes" in page
    assert "class 80" in page
    assert "class 40" not in page


def test_without_places_words_are_found_in_their_sentence_or_joined():
    found = Sentence("Well, (good)!", 1.0, (Word("Well", 0.1), Word("good", 0.2)))
    lost = Sentence("Bad…", 1.0, (Word("b", 0.1), Word("ad", 0.2)))
    made = Explanation(None, "x", {"x": 1.0}, "x", "random", (found, lost))
    assert Page(made.to_html()).text == "Well, (good)! b ad"


@pytest.mark.parametrize("places", [(5, 2), (0, 99), (-4, 3)])
def test_places_that_do_not_fit_lose_no_word(places):
    sentence = Sentence("Good film.", 1.0, (Word("Good", 1.0, *places),), *places)
    made = Explanation("Good film.", "x", {"x": 1.0}, "x", "random", (sentence,))
    assert Page(made.to_html()).text == "Good film."


def test_a_document_without_sentences():
    page = Explanation("", "x", {}, "x", "attention").to_html()
    assert "The document has no text." in page


def test_a_comparison_says_how_far_the_two_agree():
    first = evidence_records.explanation("Good. Bad. So so.", method="attention")
    second = evidence_records.explanation("Good. Bad. So so.", target="negative")
    page = compare_html(first, second, names=("Old model", "<New>"))
    assert page.count("<article") == 2
    assert "Old model" in page
    assert "&lt;New&gt;" in page
    assert "The scores are for different classes" in page
    assert "The 3 strongest sentences of each have 3 in common" in page
    with pytest.raises(ValueError, match="`names` must be a pair"):
        compare_html(first, second, names="both")
