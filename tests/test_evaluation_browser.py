"""Reports in a real browser: nothing of a text runs, and 1,000 documents stay usable."""

import dataclasses

import browser
import evidence_records
import pytest

from hanlib.evaluation import write_report
from hanlib.evidence.characters import printable

if not browser.is_there():
    pytest.skip(browser.NEEDED, allow_module_level=True)
NASTY = (
    "A <script>window.ran=1</script>.\n\n</script><script>window.ran=1</script> "
    "<img src=x onerror='window.ran=1'> \" onmouseover=\"window.ran=1. שלום עולם. 这部电影很好。"
    "\u2028 {{7*7}} \x00 \ud800 end."
)
READ = "return document.querySelector('.text').textContent"


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
def opened(driver, report):
    return loaded(driver, report)


def loaded(driver, address, width=1400):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get("about:blank")
    driver.get(address)
    return driver


def complaints(driver):
    return [entry["message"] for entry in driver.get_log("browser")]


def rows(driver):
    """What the list shows, in its order."""
    names = ["number", "label", "true", "wrong", "wrongness", "confidence", "words", "gains"]
    script = "return listed.map((row) => arguments[0].map((name) => row[name]))"
    return [dict(zip(names, row, strict=True)) for row in driver.execute_script(script, names)]


def choose(driver, name, value):
    driver.execute_script(
        "const s = document.getElementById(arguments[0]); s.value = arguments[1];"
        "s.dispatchEvent(new Event('change'));",
        name,
        value,
    )


def count(driver, selector):
    script = "return document.querySelectorAll(arguments[0]).length"
    return driver.execute_script(script, selector)


def test_it_opens_with_a_summary_and_the_first_document(opened):
    assert opened.title == "<Reviews>"
    lead = opened.find_element("css selector", ".lead")
    assert lead.text.startswith("Right in ")
    assert lead.rect["y"] < 200
    assert opened.execute_script(READ).startswith(evidence_records.long_text(250, 0)[:50])
    assert "Choose a document" not in opened.page_source
    snippet = opened.find_element("css selector", ".snippet")
    assert len(snippet.text) > 100
    assert snippet.rect["width"] > 300
    # A row at a time and few of the 250,000 words; one element of JSON an explanation.
    assert count(opened, "body *") < 6000
    assert count(opened, "#rows li") == 200
    opened.find_element("id", "more").click()
    assert count(opened, "#rows li") == 400
    assert "1000 of 1000" in opened.find_element("id", "count").text
    assert complaints(opened) == []


def test_the_list_sorts_filters_and_searches(opened):
    choose(opened, "order", "unfaithful-word")
    gains = [row["gains"]["word"] for row in rows(opened)]
    assert gains == sorted(gains)
    assert gains[0] == 0.0
    # No explanation has faithfulness of sentences.
    assert count(opened, "option[value=unfaithful-sentence]") == 0
    choose(opened, "order", "unsure")
    confidences = [row["confidence"] for row in rows(opened)]
    assert confidences == sorted(confidences)
    choose(opened, "order", "wrong")
    first = rows(opened)[:100]
    assert all(row["label"] != row["true"] and row["wrong"] for row in first)
    choose(opened, "order", "short")
    words = [row["words"] for row in rows(opened)]
    assert words == sorted(words)
    assert words[0] < 60
    choose(opened, "label", "negative")
    assert {row["label"] for row in rows(opened)} == {"negative"}
    choose(opened, "true", "positive")
    assert {row["true"] for row in rows(opened)} == {"positive"}
    choose(opened, "outcome", "right")
    assert rows(opened) == []
    assert "0 of 1000" in opened.find_element("id", "count").text
    for name in ("label", "true", "outcome"):
        choose(opened, name, "")
    opened.execute_script("document.getElementById('search').value = '这部电影'; list()")
    assert [row["number"] for row in rows(opened)] == [7]


def test_a_document_opens_and_nothing_of_it_runs(opened):
    opened.execute_script("document.querySelector('#rows li:nth-child(8) a').click()")
    wait_for(opened, "#rows li:nth-child(8)[aria-current]")
    assert opened.execute_script(READ) == printable(NASTY)
    assert opened.execute_script("return window.ran") is None
    assert count(opened, "#document img") == 0
    picked = opened.find_elements("css selector", ".choice a")
    assert [link.text for link in picked] == [
        "positive (Leave one out)",
        "negative (Leave one out)",
    ]
    picked[1].click()
    wait_for(opened, ".choice a:nth-of-type(2)[aria-current]")
    target = opened.find_element("css selector", "#document .verdict span.quiet:last-child").text
    assert target == "Evidence for class negative, by Leave one out"
    assert opened.execute_script(READ) == printable(NASTY)
    # The keys go from one shaded word to the next, as on the page of a server.
    opened.execute_script("document.querySelector('.text').focus()")
    from selenium.webdriver.common.keys import Keys

    opened.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert count(opened, ".text .current") == 1
    assert opened.find_element("id", "tooltip").is_displayed()
    choose(opened, "order", "unfaithful-word")
    second = opened.execute_script("return listed[1].number")
    opened.execute_script("document.querySelector('#rows li a').click()")
    wait_for(opened, "#rows li:first-child[aria-current]")
    opened.find_element("link text", "Next →").click()
    wait_for(opened, f"#rows li[data-number='{second}'][aria-current]")
    assert "2 of 1000" in opened.find_element("css selector", "#document nav").text
    assert complaints(opened) == []


def test_on_a_phone_a_document_takes_the_place_of_the_list(driver, report):
    loaded(driver, report, width=390)
    assert driver.execute_script("return document.documentElement.scrollWidth") == 390
    driver.execute_script("document.querySelector('#rows li a').click()")
    wait_for(driver, "body.reading")
    assert not driver.find_element("id", "summary").is_displayed()
    top = "return document.querySelector('.verdict').getBoundingClientRect().top"
    assert 0 <= driver.execute_script(top) < 450
    driver.find_element("link text", "All documents").click()
    wait_for(driver, "body:not(.reading)")
    assert driver.find_element("id", "rows").is_displayed()


def test_the_script_draws_what_python_draws(driver, report, tmp_path):
    """The same elements with the same classes, titles and text from the script and from Python."""
    outline = (
        "return [...document.querySelectorAll('article *')]"
        ".filter((e) => !e.closest('.strongest')).map((e) => [e.tagName, e.className, e.title,"
        "e.style.getPropertyValue('--w'), e.matches('aside, .body') ? '' : e.textContent])"
    )
    loaded(driver, f"{report}#d7.1")
    wait_for(driver, "#document article")
    assert driver.find_element("css selector", ".choice a[aria-current]").text == (
        "negative (Leave one out)"
    )
    drawn = driver.execute_script(outline)
    (made,) = [one for n, one in zip(range(16), explanations(), strict=False) if n == 15]
    (tmp_path / "one.html").write_text(made.to_html(), encoding="utf-8")
    loaded(driver, (tmp_path / "one.html").as_uri())
    assert drawn == driver.execute_script(outline)
    # The page of one explanation has no script, and keeps the line breaks of the text.
    assert driver.execute_script(READ) == printable(NASTY)
    assert driver.execute_script("return window.ran") is None
    assert count(driver, "script") == 0
    height = "return document.querySelector('.text').getBoundingClientRect().height"
    assert driver.execute_script(height) > 60
    assert complaints(driver) == []


def wait_for(driver, selector):
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(driver, 120).until(lambda b: b.find_elements("css selector", selector))
