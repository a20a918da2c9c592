"""`hanlib explain`, as scripts and people use it."""

import csv
import json
from pathlib import Path

import pytest

from hanlib.cli import main
from hanlib.evidence import methods as described
from hanlib.explain import METHODS
from hanlib.serving.client import answers

MODEL = str(Path(__file__).parents[1] / "saved_models" / "demo-golden")
TEXT = "The hotel was not superb. The last one was nice. We left on Monday."


pytestmark = pytest.mark.usefixtures("models_stay_loaded")


@pytest.fixture
def run(capsys):
    def explain(*arguments):
        capsys.readouterr()
        code = main(["explain", *map(str, arguments)])
        return (code, *capsys.readouterr())

    return explain


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "stars"])
        writer.writerows([["a", TEXT, "negative"], ["b", "<script>1</script> Nice.", "positive"]])
        writer.writerow(["c", "", "negative"])
    return path


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def test_the_described_methods_are_those_that_can_be_computed():
    assert list(METHODS) == list(described.METHODS)
    assert set(answers.METHODS) <= set(METHODS)


def test_a_text_is_shown_for_people(run):
    code, out, _ = run(MODEL, TEXT)
    assert code == 0
    for shown in ("negative", "superb", "Gradient", "The last one was nice"):
        assert shown in out


def test_json_is_one_object_a_document(run, reviews):
    code, out, _ = run(MODEL, "--input", reviews, "--json", "--label-column", "stars")
    found = objects(out)
    assert code == 0
    assert [record["id"] for record in found] == ["a", "b", "c"]
    assert [record["true_label"] for record in found] == ["negative", "positive", "negative"]
    assert found[0]["text"] == TEXT
    assert found[0]["sentences"][1]["start"] == 26
    assert found[2]["sentences"] == []


def test_targets_and_methods_may_be_chosen(run):
    options = ["--json", "--target", "positive", "--target", "negative"]
    found = objects(run(MODEL, TEXT, "--method", "leave_one_out", *options)[1])
    assert [record["target"] for record in found] == ["positive", "negative"]
    assert {record["method"] for record in found} == {"leave_one_out"}
    every = objects(run(MODEL, TEXT, "--json", "--target", "all")[1])
    assert [record["target"] for record in every] == ["negative", "positive"]


def test_a_class_is_compared_with_another(run):
    options = ["--target", "positive", "--against", "negative"]
    (found,) = objects(run(MODEL, TEXT, "--json", *options)[1])
    assert (found["target"], found["against"]) == ("positive", "negative")
    assert "for class positive rather than negative" in run(MODEL, TEXT, *options)[1]


def test_faithfulness_is_measured_when_asked_for(run):
    found = objects(run(MODEL, TEXT, "--json", "--faithfulness")[1])[0]
    assert set(found["faithfulness"]) == {"word", "sentence"}


def test_two_methods_stand_side_by_side(run):
    code, out, _ = run(MODEL, TEXT, "--compare", "attention")
    assert code == 0
    assert "Attention" in out
    assert "Gradient" in out


def test_counterfactuals_are_printed(run):
    code, out, _ = run(MODEL, TEXT, "--counterfactual", "word")
    assert code == 0
    assert "'positive'" in out
    assert "'negative'" in out
    assert "model calls" in out
    (found,) = objects(run(MODEL, TEXT, "--counterfactual", "sentence", "--json")[1])
    assert found["found"]
    assert found["text"] == TEXT
    assert TEXT[found["units"][0]["start"] :].startswith(found["units"][0]["text"][:5])
    options = ["--counterfactual", "both", "--replace", "--against", "negative", "--json"]
    found = objects(run(MODEL, TEXT, *options)[1])
    assert [record["level"] for record in found] == ["sentence", "word"]
    assert [record["change"] for record in found] == ["replace", "replace"]
    assert {record["other"] for record in found} <= {"negative", None}


def test_extracts_are_printed(run, reviews):
    code, out, _ = run(MODEL, TEXT, "--extract", "1")
    assert code == 0
    assert "by 1 of 3 sentences alone" in out
    found = objects(run(MODEL, "--input", reviews, "--epsilon", "0.1", "--json")[1])
    assert [record["id"] for record in found] == ["a", "b", "c"]
    assert found[0]["kept"]
    found = objects(run(MODEL, "--input", reviews, "--extract", "2", "--eraser")[1])
    assert [record["annotation_id"] for record in found] == ["a", "b", "c"]
    (rationale,) = found[0]["rationales"]
    assert rationale["docid"] == "a"
    assert rationale["hard_rationale_predictions"][0]["start_token"] >= 0


def test_the_nearest_labeled_documents_are_printed(run, reviews, tmp_path):
    path = tmp_path / "examples.npz"
    options = ["--label-column", "stars", "--validation-split", "0", "--output", path]
    assert main(["index", MODEL, str(reviews), *map(str, options)]) == 0
    code, out, _ = run(MODEL, TEXT, "--examples", path, "--nearest", "1")
    assert code == 0
    assert f"1.000  'negative'  {TEXT}" in out
    (found,) = objects(run(MODEL, TEXT, "--examples", path, "--json")[1])
    assert found["examples"][0]["label"] == "negative"


def test_a_file_is_summed_up_by_class_and_compared_with_another(run, reviews, tmp_path):
    code, out, _ = run(MODEL, "--input", reviews, "--by-class")
    assert code == 0
    assert "sentences" in out
    found = objects(run(MODEL, "--input", reviews, "--by-class", "--json")[1])
    assert {"class", "level", "text", "mean", "count", "low"} <= set(found[0])
    code, out, _ = run(MODEL, "--input", reviews, "--since", reviews)
    assert code == 0
    assert "3 documents before, 3 after" in out
    assert "none beyond chance" in out
    page = tmp_path / "changes.html"
    code, out, _ = run(MODEL, "--input", reviews, "--since", reviews, "--html", page)
    assert (code, out) == (0, "")
    assert "What changed in reviews" in page.read_text(encoding="utf-8")


def test_a_report_is_written_and_escapes_its_texts(run, reviews, tmp_path):
    page = tmp_path / "report.html"
    code, out, err = run(MODEL, "--input", reviews, "--html", page, "--label-column", "stars")
    assert (code, out) == (0, "")
    assert "3 documents" in err
    assert "<script>1</script>" not in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "magic"], "magic"),
        (["--target", "funny"], "--target must be one of the classes negative, positive"),
        (["--label-column", "stars"], "--label-column needs --input"),
        (["--json", "--compare", "attention"], "give either --compare or --json, not both"),
        (["--html", "nowhere/report.html"], "its folder does not exist"),
        (["--input", "absent.csv"], "give either TEXT or --input"),
        (["--method", "rationale"], "--method rationale needs a model with a rationale head"),
        (["--counterfactual", "word", "--html", "a.html"], "either --counterfactual or --html"),
        (["--most", "3"], "--most needs --counterfactual"),
        (["--replace"], "--replace needs --counterfactual"),
        (["--against", "funny"], "--against must be one of the classes negative, positive"),
        (["--eraser"], "--eraser needs --extract or --epsilon"),
        (["--extract", "1", "--compare", "attention"], "either --extract or --compare, not both"),
        (["--examples", "a.npz", "--method", "attention"], "either --examples or --method"),
        (["--by-class"], "--by-class needs --input"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(run, arguments, message):
    code, out, err = run(MODEL, TEXT, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_missing_column_is_named(run, reviews):
    code, _, err = run(MODEL, "--input", reviews, "--label-column", "label")
    assert code == 2
    assert "no column 'label'" in err


def test_a_missing_model_is_named(run):
    assert run("absent", TEXT)[0] == 2
