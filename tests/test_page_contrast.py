"""The page in a real browser, asked why one class and not another."""

import browser
import pytest
from browser import Page
from stub_server import contrast

if not browser.is_there():
    pytest.skip(browser.NEEDED, allow_module_level=True)
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

TEXT = "The hotel was good, and the view was great. But the bathroom was dirty!"


def choose(page, name, text):
    """Chooses in a list, by the text of the option."""
    Select(page(name)).select_by_visible_text(text)
    return page.answered()


def test_why_one_class_and_not_another(driver, server):
    server.model["contrast"] = contrast
    page = Page(driver).open(f"{server.url}/")
    assert page("target").text.split("\n") == ["the most probable class"]
    page.paste(TEXT).ask()
    assert server.requests[-1][2]["signature_name"] == "explain"
    for name, label in (("target", "Why"), ("against", "and not")):
        assert page.run("return arguments[0].labels[0].firstChild.textContent", page(name)) == label
        assert page(name).text.split("\n")[-2:] == ["neg", "pos"]
    # A class that is chosen is compared with another one.
    choose(page, "target", "neg")
    page.until(lambda: page.shaded()["good"] == "against n5")
    assert page("against").get_attribute("value") == "the second most probable"
    inputs = {"text": [TEXT], "target": ["neg"], "against": [""]}
    assert server.requests[-1][2] == {"signature_name": "contrast", "inputs": inputs}
    assert "Evidence for class neg rather than pos" in page.texts(".verdict")[0]
    assert page.texts(".classes .quiet") == ["(compared)", "(explained)"]
    assert "Here, what speaks against the class speaks for pos." in page.texts("aside p")
    choose(page, "against", "neg")
    page.until(lambda: page.shaded()["good"] == "for n5")
    assert page("target").get_attribute("value") == "the most probable class"
    choose(page, "against", "pos")
    page.until(lambda: "pos is the most probable class: it is compared" in page.texts("aside")[0])
    assert page.texts(".verdict .quiet") == ["Evidence for class pos, by Gradient × attention"]
    choose(page, "against", "any other class")
    page.until(lambda: server.requests[-1][2]["signature_name"] == "explain")
    page.choose("serving_default").answered()
    assert not page("target").is_displayed()


def test_classes_are_chosen_with_the_keyboard_while_an_answer_is_on_its_way(driver, server):
    server.model["contrast"] = contrast
    page = Page(driver).open(f"{server.url}/")
    page("compare").click()
    page.paste(TEXT).paste("So bad.", 1).ask()
    server.delay = 0.3
    page("against").send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    page.until(lambda: "neg, by" in page.texts(".verdict")[1])
    inputs = {"text": [TEXT, "So bad."], "target": ["", ""], "against": ["pos", "pos"]}
    assert server.requests[-1][2]["inputs"] == inputs
    page("copy").click()
    page.until(
        lambda: '"signature_name":"contrast"' in page("command").get_attribute("textContent")
    )


def test_contrast_that_vanishes_while_the_page_is_open(driver, server):
    server.model["contrast"] = contrast
    page = Page(driver).open(f"{server.url}/")
    page.paste(TEXT).ask()
    del server.model["contrast"]
    choose(page, "against", "neg")
    page.until(lambda: "exported without the signature “contrast”" in page.problem)


def test_an_export_without_contrast_offers_no_classes(page):
    page.paste(TEXT).ask()
    assert not page("contrast").is_displayed()
