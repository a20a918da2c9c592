"""The page in a real browser: against the stub, so that every kind of answer can be had."""

import os
import subprocess

import browser
import pytest
from browser import Page
from stub_server import StubServer, explain_with_rationale

from hanlib.serving.page import html

if not browser.is_there():
    pytest.skip(browser.NEEDED, allow_module_level=True)
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

TEXT = "The hotel was good, and the view was great. But the bathroom was dirty!"


def test_typing_and_the_answer(page, server):
    page("text-0").send_keys(TEXT, Keys.CONTROL, Keys.ENTER)
    page.until(lambda: page.all(".verdict")).answered()
    assert page.texts(".verdict strong") == ["pos"]
    assert page.texts(".classes bdi") == ["pos", "neg"]
    assert page.texts(".classes .row > span:last-child") == ["90.0 %", "10.0 %"]
    assert page.texts(".classes .given bdi") == ["pos"]
    widths = page.run(
        "return [...document.querySelectorAll('.track')].map(node => node.style.cssText)"
    )
    assert widths == ["--w: 90;", "--w: 10;"]
    assert page("said").get_attribute("textContent") == "pos: 90.0 %"
    assert page("count-0").text == f"{len(TEXT)} characters"
    method, path, body = server.requests[-1]
    assert (method, path) == ("POST", "/v1/models/reviews:predict")
    assert body == {"signature_name": "explain", "inputs": [TEXT]}
    assert page.driver.get_log("browser") == []


def test_words_and_sentences_are_shaded_by_score(page):
    page.paste(TEXT).ask()
    assert page.texts(".text") == [TEXT]
    # The fifth part of 0.5 is the least that is shaded: 0.01 of the other words is not.
    strong = dict.fromkeys(["good", "great"], "for n5")
    assert page.shaded() == {**strong, **dict.fromkeys(["But", "bathroom"], "against n2")}
    assert page.scores() == ["sentence +1.090", "sentence -0.460"]
    bars = page.run(
        "return [...document.querySelectorAll('.s')].map(n => [n.className, n.style.cssText])"
    )
    assert bars == [["s for", "--w: 100;"], ["s against", "--w: 42;"]]
    assert page.texts(".scale span")[0] == "against"
    (shade,) = set(page.styles(".for.n5:not(.scale *)", "backgroundColor"))
    assert "0 0.44" in shade or "0, 114, 178" in shade


def test_methods_need_no_new_request(page, server):
    page.paste(TEXT).ask()
    asked = len(server.requests)
    page.choose("attention")
    assert page.scores()[0] == f"sentence {43 / 70:.3f}"
    # Shares of their sentences, of 11 and 6 words: 5 / 35 x 11 and 8 / 23 x 6.
    by_attention = page.shaded()
    assert (by_attention["hotel"], by_attention["bathroom"]) == ("look n3", "look n5")
    page.choose("combined_attention")
    by_both = page.shaded()
    assert (by_both["hotel"], by_both["bathroom"]) == ("look n4", "look n5")
    assert page.texts(".scale span")[0] == "weak"
    assert len(server.requests) == asked


def test_a_rationale_is_offered_where_there_is_one(page, driver, server):
    assert not page.all("input[value=rationale]")[0].is_displayed()
    server.model["explain"] = explain_with_rationale
    page = Page(driver).open(f"{server.url}/", width=390, height=844)
    page.paste(f"{TEXT} {TEXT}").ask()
    # The answer is in view, although the form fills a phone.
    assert (
        0 <= page.run("return document.querySelector('.verdict').getBoundingClientRect().top") < 400
    )
    page.choose("rationale")
    assert page.scores() == ["sentence 0.200", "sentence 0.800", "sentence 0.200", "sentence 0.800"]
    assert page.shaded() == dict.fromkeys(["good", "great", "But", "bathroom"], "look n5")
    assert "How likely a person would mark" in page.texts("aside")[0]
    page.run("document.querySelector('.text').focus()")
    webdriver.ActionChains(driver).send_keys(Keys.END).perform()
    assert "Rationale 0.0300, its sentence 0.800" in page("tooltip").text


def test_switching_the_signature_asks_again(page, server):
    page.paste(TEXT).ask()
    page.choose("serving_default").until(lambda: not page.all(".text")).answered()
    assert server.requests[-1][2]["signature_name"] == "serving_default"
    assert not page("methods").is_displayed()
    assert page.texts(".verdict strong") == ["pos"]


def test_comparing_two_texts(page, server):
    page("compare").click()
    page.paste(TEXT).paste("Only bad words here.", 1).ask()
    assert server.requests[-1][2]["inputs"] == [TEXT, "Only bad words here."]
    assert page.texts(".verdict strong") == ["pos", "neg"]
    left, right = (node.rect for node in page.all("article"))
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    # The classes are in the same order, with the differences from the first text.
    assert page.texts("article:nth-child(2) .classes bdi") == ["pos", "neg"]
    assert page.texts("article:nth-child(2) .classes .quiet") == [
        "(−70.0 points)",
        "(+70.0 points)",
    ]
    assert len(page.all("article:nth-child(2) .s")) == 1  # Without the padding.
    # One scale for both: -0.25 is half of the first text's 0.5.
    assert page.shaded()["bad"] == "against n2"


def test_scores_by_mouse_and_table(page):
    page.paste(TEXT).ask()
    word = next(node for node in page.all(".s > span") if node.text == "great")
    webdriver.ActionChains(page.driver).move_to_element(word).perform()
    assert page("tooltip").is_displayed()
    assert page("tooltip").text.startswith("great +0.500\nGradient × attention +0.500, its")
    assert "Attention 0.143, its sentence 0.614" in page("tooltip").text
    page("text-0").send_keys(Keys.ESCAPE)
    assert not page("tooltip").is_displayed()
    page.all(".strongest summary")[0].click()
    rows = page.texts(".strongest tr")
    assert rows[:2] == [f"{TEXT[:43]}\t+1.090", f"{TEXT[44:]}\t-0.460"]
    page.all(".strongest button")[1].click()
    assert page.texts(".s.shown") == [TEXT[44:]]


def test_keyboard_alone(page):
    active = lambda: page.driver.switch_to.active_element  # noqa: E731

    def press(*keys):
        webdriver.ActionChains(page.driver).send_keys(*keys).perform()

    def tab_to(condition):
        for _ in range(20):
            press(Keys.TAB)
            if condition(active()):
                # The focus can be seen.
                assert active().value_of_css_property("outline-style") != "none"
                return
        raise AssertionError("the Tab key does not reach it")

    tab_to(lambda node: node.tag_name == "summary")
    tab_to(lambda node: node.get_attribute("id") == "text-0")
    press(TEXT)
    tab_to(lambda node: node.get_attribute("name") == "signature")
    tab_to(lambda node: node.get_attribute("name") == "method")
    press(Keys.ARROW_RIGHT)
    tab_to(lambda node: node.get_attribute("id") == "ask")
    press(Keys.ENTER)
    page.until(lambda: page.all(".text")).answered()
    tab_to(lambda node: "text" in node.get_attribute("class").split())
    press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert page.texts(".current") == ["hotel"]
    assert page("tooltip").get_attribute("role") == "status"
    assert page("tooltip").text.startswith("hotel 0.143")
    press(Keys.ARROW_DOWN)
    assert page.texts(".current") == ["But"]
    press(Keys.END)
    assert page.texts(".current") == ["!"]
    press(Keys.ESCAPE)
    assert page.texts(".current") == []
    tab_to(lambda node: node.tag_name == "summary")
    press(Keys.ENTER)
    assert page.all(".strongest[open]")


def test_everything_has_a_name_for_screen_readers(page):
    page("compare").click()
    page.paste(TEXT).paste("bad", 1).ask()
    tree = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    controls = {"button", "textbox", "checkbox", "radio", "combobox", "group", "table", "article"}
    named = [
        (node["role"]["value"], node.get("name", {}).get("value"))
        for node in tree
        if not node["ignored"] and node["role"]["value"] in controls
    ]
    assert len(named) > 15
    # A <details> is a group that its summary tells of.
    nameless = [role for role, name in named if not name]
    assert nameless == ["group"] * len([d for d in page.all("details") if d.is_displayed()])
    live = page.run("return [...document.querySelectorAll('[role=status],[role=alert]')].length")
    assert live == 4
    assert page.all("html[lang]")
    assert page.all("main")
    assert page.all("h1")


ERRORS = [
    (400, {"error": "JSON Value: 1"}, ["JSON Value: 1", "(400)"]),
    (404, {"error": "Servable not found"}, ["no such model", "Servable not found"]),
    (413, {"error": "too large"}, ["too long for the server"]),
    (503, {"error": "queue full"}, ["busy", "in a moment", "queue full"]),
    (500, b"<html><b>oops</b>", ["no JSON: <html><b>oops</b>", "(500)"]),
    (200, b"", ["nothing (200)"]),
    (200, {"outputs": [[1.0]]}, ["not exported by hanlib"]),
]


def test_errors_are_said(page, server):
    assert page("problem").get_attribute("role") == "alert"
    page.paste(TEXT)
    for status, body, expected in ERRORS:
        assert page.ask().texts(".verdict strong") == ["pos"]
        assert page.problem == ""
        server.script += [(status, body)]
        problem = page.ask().problem
        assert all(part in problem for part in expected)
        assert page.all(".verdict") == []


def test_retry_after_is_said(page, server):
    server.script += [
        (503, {"error": "full"}, {"Retry-After": 7, "Access-Control-Expose-Headers": "*"})
    ]
    assert "try again in 7 s" in page.paste(TEXT).ask().problem


def test_a_server_that_went_away(page, server):
    server.__exit__()
    page.paste(TEXT).ask()
    assert "Is the server running" in page.problem
    assert "--rest_api_enable_cors_support" in page.problem


def test_an_answer_that_takes_long_can_be_stopped(page, server):
    page.paste(TEXT)
    server.delay = 3
    page("ask").click()
    assert page("ask").text == "Stop"
    page.ask()
    assert page("said").get_attribute("textContent") == "Stopped."
    assert page.problem == ""


def test_nothing_to_classify(page, server):
    asked = len(server.requests)
    assert page.paste(" \n ").ask().problem == "There is no text to classify."
    assert len(server.requests) == asked


def test_an_export_without_explain(driver, server):
    del server.model["explain"]
    page = Page(driver).open(f"{server.url}/")
    assert "exported without the signature “explain”" in page("model-state").text
    assert not page.all("input[value=explain]")[0].is_enabled()
    assert page.paste(TEXT).ask().texts(".verdict strong") == ["pos"]
    assert page.all(".text") == []


def test_explain_that_vanishes_while_the_page_is_open(page, server):
    del server.model["explain"]
    problem = page.paste(TEXT).ask().problem
    assert "exported without the signature “explain”" in problem
    assert 'Serving signature name: "explain" not found' in problem


def drop(page, files, side=0):
    """Drops files as a person does: the event with a DataTransfer."""
    page.run(
        """const transfer = new DataTransfer();
        for (const [name, bytes] of arguments[0])
          transfer.items.add(new File([new Uint8Array(bytes)], name));
        arguments[1].dispatchEvent(new DragEvent("drop",
          {dataTransfer: transfer, bubbles: true, cancelable: true}));""",
        [[name, list(content)] for name, content in files],
        page(f"text-{side}"),
    )


def test_dropped_and_opened_files(page, tmp_path):
    drop(page, [("one.txt", "Café 酒".encode()), ("two.txt", "Caf\xe9".encode("latin-1"))])
    page.until(lambda: page("text-1").get_attribute("value"))
    assert page("text-0").get_attribute("value") == "Café 酒"
    assert page("text-1").get_attribute("value") == "Café"
    assert page("compare").is_selected()
    drop(page, [("picture.png", b"\x89PNG\x00\x00")])
    page.until(lambda: page.problem == "picture.png is not a text file.")
    drop(page, [("huge.txt", b"")])
    (tmp_path / "opened.txt").write_text("From a file.")
    page.all("input[type=file]")[0].send_keys(os.fspath(tmp_path / "opened.txt"))
    page.until(lambda: page("text-0").get_attribute("value") == "From a file.")


def test_curl(page, server):
    text = 'It\'s "good" $HOME `id` \\ \n 酒\u2028!'
    page.paste(text)
    page("copy").click()
    page.until(lambda: page("copy").text != "Copy as curl" or page.all("#command-box[open]"))
    command = page("command").get_attribute("textContent")
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert '"label": ["pos"]' in done.stdout
    assert server.requests[-1][2] == {"signature_name": "explain", "inputs": [text]}
    page.paste("good it's " * 30_000)
    page("copy").click()
    page.until(lambda: len(page("command").get_attribute("textContent")) > 200_000)
    command = page("command").get_attribute("textContent")
    script = subprocess.run(["bash"], input=command, capture_output=True, text=True, check=True)
    assert '"label": ["pos"]' in script.stdout


def test_opened_from_disk_against_any_server(driver, server, tmp_path):
    (tmp_path / "page.html").write_text(html(), encoding="utf-8")
    address = f"{(tmp_path / 'page.html').as_uri()}?server={server.url}&model=reviews"
    page = Page(driver).open(address)
    assert page("model-state").text == "Model reviews, version 1"
    assert page.paste(TEXT).ask().texts(".verdict strong") == ["pos"]


def test_typing_another_server_and_model(driver, server):
    with StubServer(cors=False) as closed:
        page = Page(driver).open(f"{server.url}/?model=other")
        assert "Servable not found for request: Latest(other)" in page("model-state").text
        page("model").clear()
        page("model").send_keys("reviews", Keys.TAB)
        page.until(lambda: page("model-state").text == "Model reviews, version 1")
        page("version").send_keys("3", Keys.TAB)
        page.paste(TEXT).ask()
        assert server.requests[-1][1] == "/v1/models/reviews/versions/3:predict"
        page("server").clear()
        page("server").send_keys(closed.url, Keys.TAB)
        page.until(lambda: "--rest_api_enable_cors_support" in page("model-state").text)


def test_a_server_that_comes_up_late(driver, server):
    server.script += [(503, {"error": "loading"})]
    page = Page(driver).open(f"{server.url}/?model=reviews")
    assert "Not connected" in page("model-state").text
    page.paste(TEXT).ask()
    page.until(lambda: page("model-state").text == "Model reviews, version 1")
    assert page.texts(".verdict strong") == ["pos"]


def test_a_server_that_does_not_list_its_models(driver, server):
    del server.files["/hanlib/models"]
    page = Page(driver).open(f"{server.url}/")
    assert "Which model?" in page("model-state").text
    assert page("model").is_displayed()
    assert page.paste(TEXT).ask().problem == "Which model? Enter its name."
