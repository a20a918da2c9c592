"""Explanations in a terminal: readable at any width, steered by no text."""

import re

import evidence_records
import pytest

from hanlib.evidence import Explanation, Sentence, Word, compare_text
from hanlib.evidence.characters import columns

TEXTS = {
    "english": evidence_records.long_text(120),
    "chinese": "这部电影很好，" * 12 + "非常无聊。真的不好看！",
    "mixed": "A 很好 film. " + "x" * 150 + " an address. e\u0301te\u0301.",
    "nasty": "A \x1b[2J screen. \x00 \r\n\t \x9b31m \ud800 <b>.",
}
_STYLES = re.compile(r"\x1b\[[\d;]*m")


@pytest.mark.parametrize("width", [40, 60, 97])
@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_line_is_wider_than_asked_for(text, width, color):
    made = evidence_records.explanation(
        text, faithfulness={"word": evidence_records.faithfulness("word")}
    )
    # The line of the verdict holds names whole.
    for line in made.to_text(width, color).splitlines()[1:]:
        assert columns(_STYLES.sub("", line)) <= width, line


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_control_character_of_the_text_gets_through(text):
    plain = evidence_records.explanation(text).to_text(80)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", plain)
    plain.encode("utf-8")
    colored = evidence_records.explanation(text).to_text(80, color=True)
    assert set(re.findall(r"\x1b\[[^m]*m", colored)) <= {
        f"\x1b[{style}m" for style in ("0", "1", "2", "1;38;5;33", "1;38;5;208")
    }


def test_every_word_is_there_in_order():
    made = evidence_records.explanation(TEXTS["english"])
    text = made.to_text(80).split("\n\n")[-1]
    assert re.findall(r"[A-Za-z']+", text) == [word.text for word in made.words]


def signed():
    words = (Word("dull", -0.4), Word("but", 0.01), Word("superb", 0.5))
    sentence = Sentence("Dull? dull but superb", 0.7, words)
    return Explanation(None, "pos", {"pos": 0.9, "neg": 0.1}, "pos", "leave_one_out", (sentence,))


def test_marks_without_color_and_colors_without_marks():
    assert signed().to_text(80).endswith("+0.700 ++++++++++ Dull? [-dull] but [+superb]")
    colored = signed().to_text(80, color=True)
    assert "\x1b[1;38;5;208mdull\x1b[0m but \x1b[1;38;5;33msuperb\x1b[0m" in colored
    assert "[-" not in _STYLES.sub("", colored).splitlines()[-1]


def test_the_first_lines_say_what_was_decided():
    made = evidence_records.explanation("Good.", label="positive", true_label="negative")
    first = made.to_text(80).splitlines()
    assert first[0] == "positive  (wrong, true label: negative)  Leave one out, for class positive"
    assert re.match(r"  positive +\d\d\.\d % █+$", first[1])
    assert re.match(r"  negative +\d\d\.\d % █+ \(true\)$", first[2])


def test_attention_is_said_not_to_be_importance():
    text = evidence_records.explanation("Good. Bad.", method="attention").to_text(200)
    assert "Attention is not importance" in text
    assert "+" not in text


def test_two_explanations_side_by_side():
    first = evidence_records.explanation("Good. Bad. So so.", method="attention")
    second = evidence_records.explanation("Good. Bad. So so.")
    text = compare_text(first, second, names=("old", "new"), width=80)
    assert text.splitlines()[0].startswith("A: old, predicted")
    rows = text.split("\n\n")[-1].splitlines()
    assert len(rows) == 4
    assert all(columns(row) <= 80 for row in rows)
    assert rows[1].endswith("Good.")
    assert f"{second.sentences[0].score:+.3f}" in rows[1]


def test_different_sentences_follow_each_other():
    first = evidence_records.explanation("Good. Bad.")
    second = evidence_records.explanation("Good, bad.")
    text = compare_text(first, second, width=80)
    assert "into different sentences" in text
    assert "Good, bad." in _STYLES.sub("", text).replace("[+", "").replace("[-", "").replace(
        "]", ""
    )
