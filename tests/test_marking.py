"""The page that marks evidence and the agreement of two markers, without a browser."""

import json

import numpy as np
import pytest
from command_line import assert_mistake
from sklearn.metrics import cohen_kappa_score, f1_score, jaccard_score

from hanlib.data import DataError
from hanlib.data.evidence import MarkedDocument, read_marked
from hanlib.evaluation import marker_agreement
from hanlib.evidence.marking_page import marking_page

NASTY = "A </script> & \x00\x85\u2028\ud800 <b>film</b>."


def embedded(page):
    start = page.index(">", page.index('id="documents"')) + 1
    return json.loads(page[start : page.index("</script>", start)])


def test_the_page_holds_the_documents_exactly():
    page = marking_page(
        [{"text": NASTY, "label": ["a", "<b>"]}, {"text": "Fine."}], title="<Films>", name="films"
    )
    found = embedded(page)
    assert [document["text"] for document in found["documents"]] == [NASTY, "Fine."]
    assert found["documents"][1] == {"label": None, "text": "Fine.", "evidence": None}
    assert (found["classNames"], found["multiple"]) == (["<b>", "a"], True)
    assert "<b>" not in page
    page.encode("utf-8")
    # The marks that a browser keeps belong to the texts.
    assert found["key"] != embedded(marking_page([{"text": "Fine."}]))["key"]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_read_marked_takes_what_is_not_labeled_or_marked(tmp_path):
    rows = [
        {"id": 7, "text": "A superb cast.", "label": 1, "evidence": [[2, 8]], "split": "train"},
        {"text": "Nothing of it.", "label": ["a", "b"], "evidence": []},
        {"text": "Not yet.", "label": None, "evidence": "see page 3"},
        {"text": " "},
    ]
    assert list(read_marked(write(tmp_path / "a.jsonl", rows))) == [
        MarkedDocument("A superb cast.", "1", ((2, 8),), 7, "train"),
        MarkedDocument("Nothing of it.", ("a", "b"), ()),
        MarkedDocument("Not yet.", None, None),
    ]
    wrong = write(tmp_path / "b.jsonl", [{"text": "Short.", "evidence": [[2, 80]]}])
    with pytest.raises(DataError, match=r"0 <= start < end <= 6.*in row 1"):
        list(read_marked(wrong))


@pytest.fixture(scope="module")
def marked():
    """Two markers of 20 documents of 30 words, who agree more often than by chance."""
    rng = np.random.default_rng(3)
    texts = [" ".join(f"{n}w{k}" for k in range(30)) for n in range(20)]
    truth = rng.random((20, 30)) < 0.3
    marks = [truth ^ (rng.random(truth.shape) < 0.15) for _ in range(2)]

    def spans(text, row):
        starts = np.cumsum([0, *(len(word) + 1 for word in text.split())])
        return [(int(starts[k]), int(starts[k + 1]) - 1) for k in np.flatnonzero(row)]

    files = [
        [(text, "ab"[n % (2 + marker) % 2], spans(text, rows[n])) for n, text in enumerate(texts)]
        for marker, rows in enumerate(marks)
    ]
    return files, marks


def test_agreement_at_words_is_that_of_scikit_learn(marked):
    (first, second), marks = marked
    found = marker_agreement([*first, ("Alone.", "a", [])], [*second[::-1], ("Else.", "a", None)])
    one, other = (rows.ravel() for rows in marks)
    assert len(found.texts) == 20
    assert found.kappa == pytest.approx(cohen_kappa_score(one, other))
    assert found.word_f1 == pytest.approx(f1_score(one, other))
    assert found.word_iou == pytest.approx(jaccard_score(one, other))
    # Every span is one word, so the spans agree as the words do.
    assert found.span_f1 == pytest.approx(found.word_f1)
    assert found.marked == pytest.approx((one.mean(), other.mean()))
    assert found.label_agreement == np.mean(
        [a[1] == b[1] for a, b in zip(first, second, strict=True)]
    )
    low, high = found.interval("kappa")
    assert low < found.kappa < high
    frame = found.to_frame()
    assert frame["both"].sum() == (one & other).sum()
    assert frame["word_iou"].is_monotonic_increasing
    assert "kappa" in found._repr_html_()


def test_spans_that_overlap_by_half_agree():
    text = "one two three four five six seven eight"
    pairs = [
        ([(0, 13)], [(4, 13)], 1.0),  # 2 of 3 words.
        ([(0, 13)], [(8, 18)], 0.0),  # 1 of 4 words.
        ([(0, 7), (19, 27)], [(0, 7)], 2 / 3),
        ([(0, 7)], [], 0.0),
    ]
    for first, second, expected in pairs:
        for one, other in ((first, second), (second, first)):
            found = marker_agreement([(text, None, one)], [(text, None, other)])
            assert found.span_f1 == pytest.approx(expected)
    nothing = marker_agreement([(text, None, [])], [(text, None, [])])
    assert np.isnan(
        [nothing.kappa, nothing.word_f1, nothing.span_f1, nothing.label_agreement]
    ).all()
    assert nothing.to_dict()["kappa"] is None
    with pytest.raises(ValueError, match="1 and 1 marked documents, of which none"):
        marker_agreement([("a", None, [])], [("b", None, [])])


def test_the_commands(marked, tmp_path, run):
    paths = [
        write(
            tmp_path / f"{name}.jsonl",
            [dict(zip(("text", "label", "evidence"), r, strict=True)) for r in rows],
        )
        for name, rows in zip(("ada", "bob"), marked[0], strict=True)
    ]
    code, out, _ = run("agreement", *paths)
    assert code == 0
    assert "20 documents that both have marked" in out
    assert "kappa, words" in out
    assert "least agreement" in out
    code, out, _ = run("agreement", *paths, "--json")
    found = marker_agreement(*marked[0])
    assert json.loads(out)["kappa"] == pytest.approx(found.kappa)
    code, out, _ = run("mark", paths[0], "--sample", 5, "--html", tmp_path / "page.html")
    assert (code, out.partition(":")[0]) == (0, f"5 documents in {tmp_path / 'page.html'}")
    page = embedded((tmp_path / "page.html").read_text())
    assert (len(page["documents"]), page["classNames"], page["stem"]) == (5, ["a", "b"], "ada")
    again = write(tmp_path / "none.jsonl", [{"text": "Other."}])
    assert_mistake(*run("agreement", paths[0], again), "documents that both have marked")
    assert_mistake(*run("mark", paths[0], "--sample", 0), "--sample must be at least 1")
    assert_mistake(*run("mark", tmp_path / "missing.jsonl"), "missing.jsonl")
