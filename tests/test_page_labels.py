"""The page with a model that labels words or sentences, in a real browser against the stub."""

import re

import browser
import pytest
from stub_server import CLASSES, StubServer, pad, split

from hanlib.serving.page import html

if not browser.is_there():
    pytest.skip(browser.NEEDED, allow_module_level=True)

TAGS = ["B-<b>", "B-VP", "I-<b>", "O"]
HOSTILE = "New York <script>window.ran=1</script> falls. York שלום."


def tag(texts):
    """Capitalized words are chunks, which begin anew with each sentence; `falls` is another."""
    documents = [[words for _, words in split(text)] for text in texts]
    words = [[word for sentence in document for word in sentence] for document in documents]
    labels = [[label for sentence in d for label in _tags(sentence)] for d in documents]
    sure = [[[0.7 if tag == label else 0.1 for tag in TAGS] for label in row] for row in labels]
    return {
        "items": pad(words, ""),
        "labels": pad(labels, ""),
        "probabilities": pad(sure, [0.0] * len(TAGS)),
        "counts": list(map(len, words)),
        "classes": [TAGS for _ in texts],
        "sentence_lengths": pad([list(map(len, document)) for document in documents], 0),
    }


def _tags(words):
    # Each begins with "I-": conlleval lets a chunk begin so too.
    return ["I-<b>" if word[0].isupper() else "B-VP" if word == "falls" else "O" for word in words]


def role(texts):
    """Every sentence has a label; those of one document are written differently in its text."""
    sentences = [[sentence for sentence, _ in split(text)] for text in texts]
    items = [[s.replace("&amp;", "&") for s in row] for row in sentences]
    return {
        "items": pad(items, ""),
        "labels": pad([[CLASSES["good" in s] for s in row] for row in items], ""),
        "probabilities": pad([[[0.75, 0.25] for _ in row] for row in items], [0.0, 0.0]),
        "counts": list(map(len, items)),
        "classes": [CLASSES for _ in texts],
    }


@pytest.fixture
def opened(driver, request):
    with StubServer(model={"serving_default": request.param}) as server:
        server.files["/"] = ("text/html; charset=utf-8", html().encode())
        server.files["/hanlib/models"] = ("application/json", b'{"models": ["reviews"]}')
        yield browser.Page(driver).open(f"{server.url}/", width=390)


@pytest.mark.parametrize("opened", [tag], indirect=True)
def test_words(opened):
    page = opened
    assert page("model-state").text == "Model reviews, version 1"
    assert not page("request").is_displayed()
    assert not page("contrast").is_displayed()
    page.paste(HOSTILE).ask()
    marks = page.run(
        "return [...document.querySelectorAll('.text mark')].map(m => [m.firstChild.data, m.title])"
    )
    chunk, verb = "<b> 70.0 %", "VP 70.0 %"
    assert marks == [["New York", chunk], ["falls", verb], ["York", chunk]]
    whole = page.run("return document.querySelector('.labeled .text').textContent")
    assert re.sub(r"(<b>|VP)(?= |\.)", "", whole) == HOSTILE
    assert page.texts(".legend li") == ["<b>", "VP"]
    assert page.run("return window.ran") is None
    colors = page.styles(".text mark", "backgroundColor")
    assert colors[0] == colors[2] != colors[1]
    page.all(".labeled summary")[0].click()
    assert page.texts("tbody tr")[0].split("\t") == ["New York", "<b>", "70.0 %"]
    # Nothing is wider than a phone.
    assert page.run("return document.documentElement.scrollWidth") <= 390
    assert not page.driver.get_log("browser")


@pytest.mark.parametrize("opened", [role], indirect=True)
def test_sentences(opened):
    page = opened
    page.paste("A good day. It rains.").ask()
    assert page.texts(".text mark") == ["A good day.pos", "It rains.neg"]
    page("compare").click()
    page.paste("Salt &amp; good. No.", side=1).ask()
    assert page.texts(".labeled h2") == ["First text", "Second text"]
    # What is not found in the text as it is written is displayed as the model reads it.
    assert page.texts(".labeled:nth-of-type(2) .text mark") == ["Salt & good.pos", "No.neg"]
