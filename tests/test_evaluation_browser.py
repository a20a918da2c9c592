"""The pages in a real browser: nothing of a text runs, and 1,000 documents stay usable."""

import dataclasses
import shutil

import evidence_records
import pytest

from hanlib.evidence import write_report
from hanlib.evidence.characters import shown

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver on the path"
)
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--window-size=1400,900",
)
NASTY = (
    "A <script>window.ran=1</script>.\n\n</script><script>window.ran=1</script> "
    "<img src=x onerror='window.ran=1'> \" onmouseover=\"window.ran=1. שלום עולם. 这部电影很好。"
    "\u2028 {{7*7}} \x00 \ud800 end."
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_page_load_timeout(240)
    driver.set_script_timeout(240)
    yield driver
    driver.quit()


def explanations():
    """1,000 documents from 50 texts (drawing more would take longer than the tests)."""
    drawn = [
        evidence_records.explanation(evidence_records.long_text(250, n), seed=n) for n in range(50)
    ]
    for n in range(1000):
        sure = 0.5 + (n * 53 % 499) / 1000
        label, other = evidence_records.CLASSES[:: -1 if n % 3 else 1]
        made = dataclasses.replace(
            drawn[n % 50] if n != 7 else evidence_records.explanation(NASTY),
            label=label,
            probabilities={other: 1 - sure, label: sure},
            true_label=NASTY[:20] if n == 7 else evidence_records.CLASSES[n % 2],
            faithfulness={"word": evidence_records.faithfulness("word", (n * 37 % 101) / 100)},
        )
        yield made
        if n < 9:
            yield dataclasses.replace(made, target="negative")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert write_report(explanations(), path, title="<Reviews>") == 1000
    return path.as_uri()


@pytest.fixture
def opened(browser, report):
    browser.get("about:blank")
    browser.get(report)
    return browser


def test_one_explanation_shows_its_text_and_runs_nothing(browser, tmp_path):
    made = evidence_records.explanation(NASTY)
    (tmp_path / "one.html").write_text(made.to_html(), encoding="utf-8")
    browser.get((tmp_path / "one.html").as_uri())
    text = browser.execute_script("return document.querySelector('.text').textContent")
    assert text == shown(NASTY)
    assert browser.execute_script("return window.ran") is None
    assert browser.execute_script("return document.scripts.length") == 0
    height = "return document.querySelector('.text').getBoundingClientRect().height"
    # Two lines and an empty one between them at the least: the breaks are kept.
    assert browser.execute_script(height) > 60
    assert complaints(browser) == []


def complaints(browser):
    return [entry["message"] for entry in browser.get_log("browser")]


def column(browser, place):
    cells = f"#rows tr td:nth-child({place})"
    script = f"return [...document.querySelectorAll('{cells}')].map((cell) => cell.textContent)"
    return browser.execute_script(script)


def choose(browser, name, value):
    browser.execute_script(
        "const s = document.getElementById(arguments[0]); s.value = arguments[1];"
        "s.dispatchEvent(new Event('change'));",
        name,
        value,
    )


def test_a_thousand_documents_are_few_elements(opened):
    assert opened.title == "<Reviews>"
    # A row at a time and none of the 250,000 words; one element of JSON an explanation.
    assert opened.execute_script("return document.querySelectorAll('body *').length") < 6000
    assert opened.execute_script("return document.querySelectorAll('#rows tr').length") == 200
    opened.find_element("id", "more").click()
    assert opened.execute_script("return document.querySelectorAll('#rows tr').length") == 400
    assert "1000 of 1000" in opened.find_element("id", "count").text
    assert complaints(opened) == []


def test_the_index_sorts(opened):
    choose(opened, "order", "unfaithful")
    gains = [float(value) for value in column(opened, 6)]
    assert gains == sorted(gains)
    assert gains[0] == 0.0
    choose(opened, "order", "unsure")
    confidences = [float(value) for value in column(opened, 5)]
    assert confidences == sorted(confidences)
    choose(opened, "order", "wrong")
    sides = list(zip(column(opened, 3), column(opened, 4), strict=True))
    assert all(label != true for label, true in sides)
    opened.find_element("css selector", "th[data-order=words] button").click()
    words = [int(value) for value in column(opened, 7)]
    assert words == sorted(words)
    assert words[0] < 60
    head = opened.find_element("css selector", "th[data-order=words]")
    assert head.get_attribute("aria-sort") == "ascending"


def test_the_index_filters(opened):
    choose(opened, "label", "negative")
    assert set(column(opened, 3)) == {"negative"}
    choose(opened, "true", "positive")
    assert set(column(opened, 4)) == {"positive"}
    choose(opened, "outcome", "right")
    assert column(opened, 3) == []
    assert "0 of 1000" in opened.find_element("id", "count").text


def test_the_index_finds_words_of_the_texts(opened):
    opened.execute_script("document.getElementById('search').value = '这部电影'; list()")
    assert column(opened, 1) == ["8"]


def test_a_document_opens_and_nothing_of_it_runs(opened):
    opened.execute_script("document.querySelector('#rows tr:nth-child(8) a').click()")
    wait_for(opened, "#document article")
    read = "return document.querySelector('#document .text').textContent"
    assert opened.execute_script(read) == shown(NASTY)
    assert opened.execute_script("return window.ran") is None
    assert opened.execute_script("return document.querySelectorAll('#document img').length") == 0
    picked = opened.find_elements("css selector", ".picker a")
    assert [link.text for link in picked] == [
        "positive (Leave one out)",
        "negative (Leave one out)",
    ]
    picked[1].click()
    wait_for(opened, ".picker a:nth-of-type(2)[aria-current]")
    target = opened.find_element("css selector", "#document .verdict span.quiet:last-child").text
    assert target == "Leave one out, for class negative"
    assert opened.execute_script(read) == shown(NASTY)
    assert complaints(opened) == []


def test_documents_follow_each_other_as_listed(opened):
    choose(opened, "order", "unfaithful")
    second = opened.execute_script("return listed[1].place")
    opened.execute_script("document.querySelector('#rows tr a').click()")
    wait_for(opened, "#document nav")
    opened.find_element("link text", "Next →").click()
    wait_for(opened, f"#rows tr[data-place='{second}'][aria-current]")
    assert "2 of 1000" in opened.find_element("css selector", "#document nav").text


def test_a_link_to_a_document_opens_it(browser, report):
    browser.get("about:blank")
    browser.get(f"{report}#d7.1")
    wait_for(browser, "#document article")
    target = browser.find_element("css selector", ".picker a[aria-current]").text
    assert target == "negative (Leave one out)"


def test_the_script_draws_what_python_draws(browser, report, tmp_path):
    """Two renderers, one look: the same elements with the same classes, titles and text."""
    outline = (
        "return [...document.querySelector('article').querySelectorAll('*')].map((e) =>"
        "[e.tagName, e.className, e.title, e.style.getPropertyValue('--w'), e.textContent])"
    )
    browser.get("about:blank")
    browser.get(f"{report}#d7")
    wait_for(browser, "#document article")
    drawn = browser.execute_script(outline)
    (made,) = [one for n, one in zip(range(16), explanations(), strict=False) if n == 14]
    (tmp_path / "one.html").write_text(made.to_html(), encoding="utf-8")
    browser.get((tmp_path / "one.html").as_uri())
    assert drawn == browser.execute_script(outline)


def wait_for(browser, selector):
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 120).until(lambda b: b.find_elements("css selector", selector))
