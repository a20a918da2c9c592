"""`hanlib evaluate` on a labelled file, and its page."""

import json
import re
from pathlib import Path

import pytest

from hanlib.cli import main

MODEL = str(Path(__file__).parents[1] / "saved_models" / "demo-golden")
TEXTS = {
    "The hotel was superb. We left on Monday.": "positive",
    "This hotel was not bad.": "positive",
    "This hotel was bad.": "negative",
    "The last hotel was dreadful. <script>1</script>": "negative",
    "The camera was excellent.": "positive",
    "The waiter wore a green coat. It was miserable.": "positive",  # Labelled wrongly.
}


pytestmark = pytest.mark.usefixtures("models_stay_loaded")


@pytest.fixture
def run(capsys):
    def evaluate(*arguments):
        capsys.readouterr()
        code = main(["evaluate", MODEL, *map(str, arguments)])
        return (code, *capsys.readouterr())

    return evaluate


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "reviews.jsonl"
    rows = [json.dumps({"text": text, "label": label}) for text, label in TEXTS.items()]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def test_a_plain_file_is_no_split_and_has_a_baseline_beside_it(run, reviews, tmp_path):
    page = tmp_path / "page.html"
    explained = ["--html", page, "--explained", 3, "--method", "attention"]
    code, out, err = run(reviews, "--json", *explained)
    metrics = json.loads(out)
    assert code == 0
    assert (metrics["split"], metrics["documents"]) == ("all", 6)
    assert metrics["accuracy"] == pytest.approx(5 / 6)
    assert metrics["class_counts"] == {"positive": 4, "negative": 2}
    assert metrics["majority_baseline"] == {"label": "positive", "accuracy": pytest.approx(4 / 6)}
    assert f"3 documents in {page}" in err
    html = page.read_text(encoding="utf-8")
    assert "<script>1</script>" not in html
    text = " ".join(re.sub("<[^>]*>", " ", html.rpartition("</script>\n<header>")[2]).split())
    # The figures are those of all documents, of which three are explained: the error is among them.
    assert "Right in 83.3 % of 6 documents" in text
    assert "always answers “positive” , the most frequent label, is right in 66.7 %" in text
    assert "The list below contains 3 of these documents." in text
    assert f"Model {MODEL} Data reviews.jsonl, all Date" in text
    assert re.search(r"Versions hanlib [\d.]+, TensorFlow [\d.]+, Keras [\d.]+", text)
    assert re.search(r"By length words documents errors 95 % interval 5 to \d", text)


def test_the_baseline_is_printed_and_mistakes_are_one_line(run, reviews, tmp_path):
    code, out, _ = run(reviews)
    assert code == 0
    assert "reviews.jsonl, all: 6 documents" in out
    assert "majority class   0.6667 (always positive)" in out
    for arguments, message in (
        (["--html", tmp_path / "nowhere" / "page.html"], "its folder does not exist"),
        (["--html", tmp_path / "page.html", "--explained", "0"], "--explained must be at least 1"),
        (["--method", "magic"], "magic"),
    ):
        code, out, err = run(reviews, *arguments)
        assert (code, out) == (2, "")
        assert message in err.splitlines()[-1]
