"""The file of a report: what it embeds, and that it is there whole or not at all."""

import dataclasses
import json
import re
import weakref

import evidence_records
import pytest

from hanlib.evaluation import EvaluationSummary, Predictions, write_report
from hanlib.evaluation.report_index import ReportIndex
from hanlib.evidence import Explanation
from hanlib.evidence.assets import json_for_html

NASTY = '</script><script>x</script> <!--<script> \u2028\u2029 "\\ \x00 \ud800 & 好 שלום'


def blocks(path):
    page = path.read_text(encoding="utf-8")
    found = re.findall(
        r'<script type="application/json" id="(\w+)">(.*?)</script>', page, re.DOTALL
    )
    return {name: json.loads(text) for name, text in found}


def test_what_is_embedded_ends_no_script_and_comes_back():
    text = json_for_html({"text": NASTY})
    assert not re.search("[<>&\u2028\u2029\x00]", text)
    text.encode("utf-8")
    assert json.loads(text)["text"] == NASTY


def test_every_document_is_in_the_file(tmp_path):
    texts = [NASTY, "", "A\n\nB.", "Good."]
    made = [evidence_records.explanation(text, seed=n) for n, text in enumerate(texts)]
    path = tmp_path / "report.html"
    assert write_report(iter(made), path, title=NASTY) == 4
    found = blocks(path)
    assert [row[-1][0][0] for row in found["index"]["rows"]] == [0, 1, 2, 3]
    assert found["index"]["names"][-1] == "shown"
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
    assert blocks(tmp_path / "report.html")["index"]["rows"] == []


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


def test_the_index_gives_faithfulness_by_level():
    faithfulness = {
        "word": evidence_records.faithfulness("word", 0.3),
        "sentence": evidence_records.faithfulness("sentence", -0.1),
    }
    assert index_row(faithfulness=faithfulness)["gains"] == {"word": 0.3, "sentence": -0.1}
    chance = {"word": evidence_records.faithfulness("word", -0.00001)}
    assert str(index_row(faithfulness=chance)["gains"]["word"]) == "0.0"  # Not "-0.0".
    assert index_row()["gains"] == {}
    assert index_row(probabilities={})["confidence"] is None


def test_words_that_were_not_returned_count():
    assert index_row(omitted={"words": 40, "sentences": 3})["words"] == 42


def test_a_document_without_its_text():
    index = ReportIndex()
    index.add(Explanation(None, 3, {3: 1.0}, 3, "attention"))
    assert (index.rows[0]["words"], index.rows[0]["label"]) == (0, "3")


def report_of(explanations, tmp_path, **options):
    path = tmp_path / "report.html"
    write_report(explanations, path, **options)
    page = path.read_text(encoding="utf-8")
    summary = page.partition('<section id="summary"')[2].partition('<h2 id="documents">')[0]
    return " ".join(re.sub("<[^>]*>", " ", summary).split()), summary


def labelled(count):
    """Every fourth prediction is wrong, and the errors are the least sure ones."""
    for n in range(count):
        sure = 0.6 if n % 4 == 0 else 0.9
        yield evidence_records.explanation(
            evidence_records.long_text(20 + n, n),
            target="positive",
            seed=n,
            label="positive",
            probabilities={"negative": 1 - sure, "positive": sure},
            true_label="negative" if n % 4 == 0 else "positive",
        )


def test_the_summary_says_how_good_the_model_is_and_where_it_errs(tmp_path):
    text, page = report_of(labelled(40), tmp_path, about={"Model": "<reviews>"})
    assert "Right in 75.0 % of 40 documents (95 % interval 59.8 to 85.8 %)." in text
    assert (
        "a model that always answers “positive” , the most frequent label, is right in 75.0 %"
        in text
    )
    assert "Model &lt;reviews&gt; Evidence by Leave one out" in text
    assert "true ↓ predicted → negative positive negative 0 10 positive 0 30" in text
    assert "negative 10 0.0 % –" in text  # Class, documents, recall, precision.
    assert "positive 30 100.0 % 75.0 %" in text
    assert "22 to 34 8 37.5 % 13.7 to 69.4 %" in text  # Words, documents, errors.
    assert "80 to 90 % 30 90.0 % 100.0 %" in text  # Confidence said and kept.
    assert "50 % 0.0 % 0.0 to 16.1 % 90.0 %" in text  # Half decided by the model.
    assert "For “positive” " in text
    evidence = text.partition("What speaks for each class")[2]
    for level in ("word", "phrase"):
        assert f"{level} mean score 95 % interval occurrences documents example" in evidence
    assert "sentence mean score occurrences" in evidence
    assert re.search(
        r"superb [+-][0-9.]+ [+-][0-9.]+ to [+-][0-9.]+ [0-9]+ [0-9]+ \w.*? Open", evidence
    )
    assert text.count("Show the document") == 2  # The least sure one is also the worst error.
    assert not re.search(r"[-\u2212]0[.]0+(?![0-9])", page)
    shown = EvaluationSummary(labelled(40), {"Model": "<reviews>"})._repr_html_()
    assert "Right in 75.0 %" in shown
    assert "href" not in shown
    assert "<script" not in shown


def test_the_summary_may_be_of_more_documents_than_the_list(tmp_path):
    everything = Predictions(("a", "b"), [[0.9, 0.1]] * 90 + [[0.2, 0.8]] * 10, ["a"] * 100)
    text, _ = report_of(labelled(3), tmp_path, predictions=everything)
    assert "Right in 90.0 % of 100 documents" in text
    assert "The list below contains 3 of these documents." in text


def test_the_summary_of_texts_without_labels_and_with_unknown_ones(tmp_path):
    made = [dataclasses.replace(one, true_label=None) for one in labelled(6)]
    text, _ = report_of(made, tmp_path)
    assert "6 documents. Predicted: “positive” 100.0 %. The true labels are not known." in text
    assert "Most confident prediction" in text
    # A label that the model does not know is an error, and no failure.
    made[0] = dataclasses.replace(made[0], true_label="mixed")
    assert "Right in 0.0 % of 1 document " in report_of(made, tmp_path)[0]
    several = [dataclasses.replace(one, label=("positive",), true_label=()) for one in labelled(4)]
    assert "All labels right in 0.0 % of 4 documents" in report_of(several, tmp_path)[0]


def test_1500_documents_are_less_than_5_megabytes(tmp_path):
    """235 words as in IMDB, of which a tenth matters; 150 documents, so a tenth of the size."""

    def explanations():
        for n in range(150):
            made = evidence_records.explanation(evidence_records.long_text(235, n), seed=n)
            sentences = tuple(
                dataclasses.replace(
                    sentence,
                    words=tuple(dataclasses.replace(w, score=w.score**5) for w in sentence.words),
                )
                for sentence in made.sentences
            )
            measured = {
                level: evidence_records.faithfulness(level) for level in ("word", "sentence")
            }
            yield dataclasses.replace(made, sentences=sentences, faithfulness=measured)

    path = tmp_path / "report.html"
    write_report(explanations(), path)
    records = blocks(path)
    parts = [part for n in range(150) for part in records[f"e{n}"]["passages"]]
    shaded = sum(isinstance(run, list) for part in parts if part != str(part) for run in part[3])
    assert shaded > 0.08 * 150 * 235
    # The summary does not grow with the number of documents.
    of_documents = re.findall(r'<script type="application/json".*?</script>', path.read_text())
    size = sum(len(block.encode()) for block in of_documents)
    assert size > 400_000
    assert path.stat().st_size + 9 * size < 5_000_000
