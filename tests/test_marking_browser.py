"""The page that marks evidence, in a real browser: by mouse and by keyboard, up to the file."""

import json
import re

import browser
import pytest

from hanlib import data
from hanlib.data.evidence import read_marked

if not browser.is_there():
    pytest.skip(browser.NEEDED, allow_module_level=True)
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

TEXTS = [
    # Characters outside the BMP, two code points for one sign, line ends, and U+0085.
    "😀😀 e\u0301te\u0301: A superb cast.\r\nA dull\x85 plot, <b>though</b> & so on.",
    "</script><script>window.ran=1</script> <img src=x onerror='window.ran=1'> Awful!",
    "这部电影很好看。 And it is good.",
    "שלום עולם. A long, slow and lovely film.",
]
LABELS = ["pos", "neg", "pos", None]


@pytest.fixture(scope="module")
def page(tmp_path_factory, driver):
    folder = tmp_path_factory.mktemp("marking")
    rows = [
        {"id": n, "text": text, "label": label}
        for n, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True))
    ]
    rows[2]["evidence"] = [[2, 4]]
    (folder / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    from hanlib.cli import main

    assert main(["mark", str(folder / "reviews.jsonl"), "--title", "<Reviews>"]) == 0
    parameters = {"behavior": "allow", "downloadPath": str(folder)}
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", parameters)
    return Marking(driver, folder)


class Marking:
    def __init__(self, driver, folder):
        self.driver, self.folder = driver, folder
        self.address = (folder / "reviews-marks.html").as_uri()

    def open(self, width=1200, height=900):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get(self.address)
        return self

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def word(self, text):
        return next(n for n in self.all("[data-unit]") if n.get_attribute("textContent") == text)

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def click(self, name):
        self.driver.find_element("id", name).click()

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def drag(self, first, last):
        steps = webdriver.ActionChains(self.driver).click_and_hold(self.word(first))
        steps.move_to_element(self.word(last)).release().perform()

    @property
    def marks(self):
        return self.run(
            "return [...document.querySelectorAll('#text mark')].map(node => node.textContent)"
        )

    def said(self, name="said"):
        return self.driver.find_element("id", name).get_attribute("textContent")

    def downloaded(self):
        for path in self.folder.glob("*Ada*"):
            path.unlink()
        self.click("download")
        path = self.folder / "reviews-Ada-L.jsonl"
        WebDriverWait(self.driver, 30).until(lambda _: path.exists())
        return path


def test_marks_by_mouse_and_keyboard_reach_training(page):
    page.open()
    assert page.driver.title == "<Reviews>"
    page.driver.find_element("id", "marker").send_keys("Ada L")
    # The mouse: a range of words, joined with a second that overlaps it, and one that is removed.
    page.drag("superb", "cast")
    assert page.marks == ["superb cast"]
    page.drag("A", "superb")
    assert page.marks == ["A superb cast"]
    page.drag("dull", "plot")
    assert page.marks == ["A superb cast", "dull\x85 plot"]
    page.all("mark")[1].click()
    assert page.marks == ["A superb cast"]
    page.click("undo")
    assert page.marks == ["A superb cast", "dull\x85 plot"]
    assert page.said("progress") == "2 of 4 documents are marked"
    # The keyboard alone: the second document, whose text is shown and does not run.
    page.press("n")
    assert page.said("position") == "2 of 4"
    assert page.run("return document.getElementById('text').textContent") == TEXTS[1]
    page.run("document.getElementById('text').focus()")
    page.press(Keys.END, Keys.ARROW_LEFT)
    assert page.said() == "Awful"
    page.press(Keys.ENTER)
    assert page.marks == ["Awful"]
    page.press(Keys.ENTER)
    assert page.marks == []
    webdriver.ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(Keys.ARROW_RIGHT).key_up(
        Keys.SHIFT
    ).perform()
    assert page.said() == "Awful!"
    page.press(" ")
    assert page.marks == ["Awful!"]
    webdriver.ActionChains(page.driver).key_down(Keys.CONTROL).send_keys("z").key_up(
        Keys.CONTROL
    ).perform()
    assert page.marks == []
    page.press("0")
    assert page.said("marks") == "Nothing in this document is evidence."
    # Marks that the file had; Chinese words are found without spaces.
    page.press("n")
    assert page.marks == ["电影"]
    page.press(Keys.HOME, Keys.DELETE)
    assert page.said() == "There is no mark here."
    # A document without a label gets one.
    page.press("n", "2")
    page.run("document.getElementById('text').focus()")
    page.press(Keys.HOME, Keys.ENTER)
    assert page.marks == ["שלום"]
    assert page.run("return window.ran") is None

    path = page.downloaded()
    found = list(read_marked(path))
    assert [document.text for document in found] == TEXTS
    assert [document.id for document in found] == [0, 1, 2, 3]
    assert [document.label for document in found] == ["pos", "neg", "pos", "pos"]
    spans = [[d.text[start:end] for start, end in d.evidence] for d in found]
    assert spans == [["A superb cast", "dull\x85 plot"], [], ["电影"], ["שלום"]]
    split = data.load(path, validation_split=0).splits["train"]
    assert list(split.evidence()) == [document.evidence for document in found]
    assert [text for text, _ in split] == TEXTS

    # Closed and opened again, the page goes on where it was; undo does not reach back. Chromium
    # writes its storage in another process, which may take a moment.
    WebDriverWait(page.driver, 30).until(lambda _: page.open().said("position") == "4 of 4")
    assert page.marks == ["שלום"]
    assert page.driver.find_element("id", "marker").get_attribute("value") == "Ada L"
    assert not page.driver.find_element("id", "undo").is_enabled()
    page.click("previous")
    page.click("unmarked")
    assert page.said() == "All documents are marked."
    assert page.driver.get_log("browser") == []


def test_arrow_keys_go_by_line_and_a_phone_has_a_button(page):
    page.open(width=390, height=800)
    page.run("localStorage.clear()")
    page.open(width=390, height=800)
    assert page.run("return document.documentElement.scrollWidth") == 390
    page.run("document.getElementById('text').focus()")
    page.press(Keys.HOME, Keys.ARROW_DOWN)
    (below,) = page.all(".current")
    assert below.rect["y"] > page.word("superb").rect["y"]
    page.press(Keys.ARROW_UP)
    assert page.all(".current")[0].rect["y"] == page.word("superb").rect["y"]
    # A finger selects without a mouse: the selection waits for the button.
    page.run(
        "getSelection().setBaseAndExtent(arguments[0].firstChild, 1, arguments[0].firstChild, 3)",
        page.word("superb"),
    )
    page.click("mark")
    assert page.marks == ["superb"]
    assert page.all("#marks button")[0].accessible_name == "Remove: superb"
    page.all("#marks button")[0].click()
    assert page.marks == []
    policy = page.all("meta[http-equiv]")[0].get_attribute("content")
    assert re.match(r"default-src 'none'; script-src 'sha256-", policy)


def test_a_file_of_marks_is_opened_again(page):
    def until(condition):
        WebDriverWait(page.driver, 30).until(lambda _: condition())

    def opened(*records):
        path = page.folder / "other.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        page.driver.find_element("id", "file").send_keys(str(path))

    def start_again():
        page.open().run("localStorage.clear()")
        return page.open()

    start_again().driver.find_element("id", "marker").send_keys("Ada L")
    page.drag("dull", "plot")
    path = page.downloaded()
    assert start_again().marks == []
    page.driver.find_element("id", "file").send_keys(str(path))
    until(lambda: page.marks == ["dull\x85 plot"])
    assert page.said() == "Marks of 3 documents were read from reviews-Ada-L.jsonl."
    # Marks that overlap are joined; other documents are counted; all of it is one step.
    first = {"text": TEXTS[0], "label": "neg", "evidence": [[19, 23], [12, 20]]}
    opened(first, {"text": "Another one."}, {"text": TEXTS[3], "evidence": []})
    until(lambda: page.marks == ["superb cast"])
    assert page.said("problem") == "other.jsonl: 1 further lines belong to other documents."
    assert page.all("#labels input:checked")[0].get_attribute("value") == "neg"
    assert page.said("progress") == "3 of 4 documents are marked; 1 of them have no label"
    page.click("undo")
    assert page.marks == ["dull\x85 plot"]
    assert page.said("progress") == "2 of 4 documents are marked"
    for record, message in [
        ({**first, "evidence": [[12, 900]]}, "in line 1, the evidence is not a list of spans"),
        ({**first, "label": "good"}, 'line 1 has the label "good"; the labels of this page are'),
        ({"text": "Another one."}, "no line has the text of one of these documents."),
    ]:
        opened(record)
        until(lambda message=message: message in page.said("problem"))
        assert page.marks == ["dull\x85 plot"]
