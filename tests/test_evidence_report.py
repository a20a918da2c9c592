"""The file of a report: what it embeds, and that it is there whole or not at all."""

import json
import re
import weakref

import evidence_records
import pytest

from hanlib.evidence import Explanation, write_report
from hanlib.evidence.report import embedded
from hanlib.evidence.report_index import ReportIndex

NASTY = '</script><script>x</script> <!--<script> \u2028\u2029 "\\ \x00 \ud800 & 好 שלום'


def blocks(path):
    page = path.read_text(encoding="utf-8")
    found = re.findall(
        r'<script type="application/json" id="(\w+)">(.*?)</script>', page, re.DOTALL
    )
    return {name: json.loads(text) for name, text in found}


def test_what_is_embedded_ends_no_script_and_comes_back():
    text = embedded({"text": NASTY})
    assert not re.search("[<>&\u2028\u2029\x00]", text)
    text.encode("utf-8")
    assert json.loads(text)["text"] == NASTY.replace("\ud800", "\ufffd")


def test_every_document_is_in_the_file(tmp_path):
    texts = [NASTY, "", "A\n\nB.", "Good."]
    made = [evidence_records.explanation(text, seed=n) for n, text in enumerate(texts)]
    path = tmp_path / "report.html"
    assert write_report(iter(made), path, title=NASTY) == 4
    found = blocks(path)
    assert [row["place"] for row in found["index"]] == [0, 1, 2, 3]
    passages = [found[f"e{n}"]["passages"] for n in range(4)]
    read = [
        "".join(
            part
            if isinstance(part, str)
            else "".join(run if isinstance(run, str) else run[0] for run in part[3])
            for part in parts
        )
        for parts in passages
    ]
    assert read[1:] == texts[1:]
    assert read[0] == NASTY.replace("\ud800", "\ufffd").replace("\x00", "␀")
    page = path.read_text(encoding="utf-8")
    # Five blocks of JSON and our own script.
    assert page.count("<script") == page.count("</script>") == 6
    assert "<noscript>" in page


def test_a_report_of_nothing(tmp_path):
    assert write_report([], tmp_path / "report.html") == 0
    assert blocks(tmp_path / "report.html")["index"] == []


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("before")

    def failing():
        yield evidence_records.explanation("Good.")
        raise RuntimeError("the model is gone")

    with pytest.raises(RuntimeError, match="the model is gone"):
        write_report(failing(), path)
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_explanations_are_let_go_one_by_one(tmp_path):
    made_so_far, counts = [], []

    def many():
        for n in range(30):
            made = evidence_records.explanation(f"Good {n}.", seed=n)
            made_so_far.append(weakref.ref(made))
            yield made
            del made
            counts.append(sum(made() is not None for made in made_so_far))

    write_report(many(), tmp_path / "report.html")
    assert len(counts) == 30
    assert max(counts) <= 2


def test_explanations_of_one_document_share_a_row_in_any_order():
    texts = ["One.", "Two.", "One.", "Three."]
    by_target, by_document = ReportIndex(), ReportIndex()
    for target in ("positive", "negative"):
        for text in texts:
            by_target.add(evidence_records.explanation(text, target=target))
    for text in texts:
        for target in ("positive", "negative"):
            by_document.add(evidence_records.explanation(text, target=target))
    # "One." is in the corpus twice: two documents.
    for index in (by_target, by_document):
        targets = [[target for _, target, _ in row["shown"]] for row in index.rows]
        assert targets == [["positive", "negative"]] * 4
    assert [row["shown"][1][0] for row in by_target.rows] == [4, 5, 6, 7]
    assert [row["shown"][1][0] for row in by_document.rows] == [1, 3, 5, 7]


def index_row(**fields):
    index = ReportIndex()
    index.add(evidence_records.explanation("Good. Bad.", **fields))
    return index.rows[0]


def test_the_index_says_how_wrong_and_how_sure():
    probabilities = {"negative": 0.2, "positive": 0.8}
    row = index_row(label="positive", true_label="negative", probabilities=probabilities)
    assert (row["wrong"], row["confidence"], row["wrongness"]) == (True, 0.8, 0.6)
    row = index_row(label="positive", true_label="positive", probabilities=probabilities)
    assert (row["wrong"], row["wrongness"]) == (False, 0.0)
    row = index_row(label="positive", true_label=None, probabilities=probabilities)
    assert (row["wrong"], row["wrongness"], row["true"]) == (None, None, None)


def test_the_index_of_several_labels():
    probabilities = {"a": 0.9, "b": 0.6, "c": 0.1}
    row = index_row(label=("a", "b"), true_label=("a", "c"), probabilities=probabilities)
    assert (row["wrong"], row["confidence"], row["wrongness"]) == (True, 0.6, 0.9)
    assert (row["labels"], row["trues"]) == (["a", "b"], ["a", "c"])
    assert index_row(label=(), true_label=(), probabilities=probabilities)["wrong"] is False


def test_the_index_gives_the_least_faithful_level():
    faithfulness = {
        "word": evidence_records.faithfulness("word", 0.3),
        "sentence": evidence_records.faithfulness("sentence", -0.1),
    }
    assert index_row(faithfulness=faithfulness)["faithful"] == -0.1
    assert index_row()["faithful"] is None
    assert index_row(probabilities={})["confidence"] is None


def test_words_that_were_not_returned_count():
    assert index_row(omitted={"words": 40, "sentences": 3})["words"] == 42


def test_a_document_without_its_text():
    index = ReportIndex()
    index.add(Explanation(None, 3, {3: 1.0}, 3, "attention"))
    assert (index.rows[0]["text"], index.rows[0]["label"]) == ("", "3")
