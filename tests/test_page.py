"""The page in a real browser: against the stub, so that every kind of answer can be had."""

import os
import re
import subprocess

import browser
import pytest
from browser import Page
from stub_server import StubServer, explain

from hanlib.serving.client.answers import explanations
from hanlib.serving.page import content_security_policy, html

if not browser.is_there():
    pytest.skip(browser.NEEDED, allow_module_level=True)
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

TEXT = "The hotel was good, and the view was great. But the bathroom was dirty!"
HOSTILE = [
    "<img src=x onerror=\"document.title='taken'\"> good.",
    "<script>document.title='taken'</script> good.",
    "</textarea><svg/onload=\"document.title='taken'\">",
    "javascript:document.title='taken' {{7*7}} ${7*7}",
]


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with browser.started(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def server():
    with StubServer() as running:
        running.files["/"] = ("text/html; charset=utf-8", html().encode())
        running.files["/hanlib/models"] = ("application/json", b'{"models": ["reviews"]}')
        yield running


@pytest.fixture
def page(driver, server):
    """The page as a person uses it, opened and connected."""
    return Page(driver).open(f"{server.url}/")


def words(page):
    """What is shaded, and how: class by word."""
    script = """return [...document.querySelectorAll('.text .s > span[class]')]
        .map(node => [node.textContent, node.className])"""
    return dict(page.run(script))


def scores(page, selector=".text .s"):
    """The scores as they are shown, without the other methods' ones."""
    script = "return [...document.querySelectorAll(arguments[0])].map(node => node.title)"
    return [title.partition("\n")[0] for title in page.run(script, selector)]


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
    assert words(page) == {**strong, **dict.fromkeys(["But", "bathroom"], "against n2")}
    assert scores(page) == ["sentence +1.090", "sentence -0.460"]
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
    assert scores(page)[0] == f"sentence {43 / 70:.3f}"
    # Shares of their sentences, of 11 and 6 words: 5 / 35 x 11 and 8 / 23 x 6.
    by_attention = words(page)
    assert (by_attention["hotel"], by_attention["bathroom"]) == ("look n3", "look n5")
    page.choose("combined_attention")
    by_both = words(page)
    assert (by_both["hotel"], by_both["bathroom"]) == ("look n4", "look n5")
    assert page.texts(".scale span")[0] == "weak"
    assert len(server.requests) == asked


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
    assert words(page)["bad"] == "against n2"


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


def evidence_of(page):
    """The first document's text as it is shown, without blanks."""
    return "".join(page.texts("article:first-child .text")).replace(" ", "")


def test_hostile_text_stays_text(page):
    page("compare").click()
    for text in HOSTILE:
        page.paste(text).paste(text, 1).ask()
        page.until(lambda text=text: evidence_of(page) == text.replace(" ", ""))
        page.all(".strongest summary")[0].click()
        page("copy").click()
        assert page.driver.title == "What decided? · hanlib"
        assert page.all("#results img, #results script, #results svg, article textarea") == []


def test_hostile_names_and_messages_stay_text(page, server):
    name = "<img src=x onerror=\"document.title='taken'\">"
    hostile = {"label": [name], "classes": [[name, "__proto__"]], "probabilities": [[0.9, 0.1]]}
    server.model["explain"] = lambda texts: {**explain(texts), **hostile, "target": [name]}
    page.paste(TEXT).ask()
    assert page.texts(".verdict strong") == [name]
    assert page.texts(".classes bdi") == [name, "__proto__"]
    server.script += [(400, {"error": name})]
    assert name in page.ask().problem
    assert page.driver.title == "What decided? · hanlib"
    assert page.all("img") == []


def test_chinese(page):
    text = "酒店很好。早餐不错，good服务员也很热情！"
    assert page.paste(text).ask().texts(".text") == [text]
    assert page.texts(".s:first-child > span") == ["酒", "店", "很", "好", "。"]


def test_right_to_left(page):
    page.paste("هذا فيلم good جدا. لكن النهاية سيئة!").ask()
    assert page.all(".text")[0].value_of_css_property("direction") == "rtl"
    first, second = page.all(".s:nth-child(2) > span")[:2]
    assert first.rect["x"] > second.rect["x"]
    assert page.texts(".s")[1] == "لكن النهاية سيئة!"


def test_a_long_text_stays_usable(page, server):
    server.model["explain"] = lambda texts: explain(texts, most_sentences=2000)
    text = "It was a good and a bad film. " * 2000
    page.paste(text).ask()
    assert len(page.all(".s")) == 2000
    page.run("window.asked = performance.now()")
    page.choose("attention")
    assert scores(page, ".s:first-child") == ["sentence 0.000500"]
    assert page.run("return performance.now() - window.asked") < 10000
    box = page.all(".text")[0].rect
    assert box["height"] < 700
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    page.paste("good" + "x" * 5000).ask()
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")


def test_omitted_sentences_are_counted(page, server):
    server.model["explain"] = lambda texts: explain(texts, most_sentences=1)
    page.paste(TEXT).ask()
    assert "6 further words were read and are not shown." in page.texts("aside p")
    assert "1 further sentences were read and are not shown." in page.texts("aside p")


def test_multi_label_with_many_classes(page, server):
    names = [f"class {n}" for n in range(90)]
    server.model["explain"] = lambda texts: {
        **explain(texts),
        "label": [names[5]],
        "labels": [[names[5], names[7], ""]],
        "classes": [names],
        "probabilities": [[0.9 if n in (5, 7) else n / 1000 for n in range(90)]],
    }
    page.paste(TEXT).ask()
    assert page.texts(".verdict strong") == ["class 5, class 7"]
    assert len(page.all(".classes .row")) == 6
    assert page.texts(".given bdi") == ["class 5", "class 7"]
    next(n for n in page.all("article button") if "Show 84 further classes" in n.text).click()
    assert len(page.all(".classes .row")) == 90
    server.model["explain"] = lambda texts: {**explain(texts), "labels": [["", ""]]}
    assert page.ask().texts(".verdict strong") == ["none"]


def channels(colour):
    """Red, green and blue up to 255, and the opacity where there is one."""
    numbers = [float(number) for number in re.findall(r"[\d.]+(?:e-?\d+)?", colour)]
    # `color-mix` is computed to `color(srgb 0 0.4 0.7 / 0.65)`.
    scale = 255 if colour.startswith("color(srgb") else 1
    return [number * scale for number in numbers[:3]] + numbers[3:]


def contrast(ink, ground):
    """The ratio of WCAG 2.2, of opaque colours."""

    def luminance(colour):
        linear = [
            (c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted([luminance(ink), luminance(ground)], reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_in_both_schemes(driver, server, scheme):
    page = Page(driver).open(f"{server.url}/", prefers_color_scheme=scheme)
    surface = channels(page.all("body")[0].value_of_css_property("background-color"))[:3]
    assert (sum(surface) > 600) == (scheme == "light")
    page.paste(TEXT).ask()
    for method in ["gradient_x_attention", "attention"]:
        page.choose(method)
        shaded = ".s > span[class]"
        inks, grounds = (page.styles(shaded, name) for name in ("color", "backgroundColor"))
        assert inks
        for ink, ground in zip(map(channels, inks), map(channels, grounds), strict=True):
            *over, opacity = ground
            mixed = [opacity * o + (1 - opacity) * s for o, s in zip(over, surface, strict=True)]
            assert contrast(ink[:3], mixed) >= 4.5
    for selector in [".quiet", ".verdict strong", "button:not(.main)", "label"]:
        ink = channels(page.all(selector)[0].value_of_css_property("color"))[:3]
        assert contrast(ink, surface) >= 4.5
    main = page("ask")
    ink, ground = (
        channels(main.value_of_css_property(n))[:3] for n in ("color", "background-color")
    )
    assert contrast(ink, ground) >= 4.5


def test_360_pixels(driver, server):
    page = Page(driver).open(f"{server.url}/", width=360, height=740)
    page.paste(TEXT).ask()
    # The answer is in view without scrolling by hand.
    box = page.run("return document.querySelector('.verdict').getBoundingClientRect().toJSON()")
    assert 0 <= box["top"] < box["bottom"] < 370
    page("compare").click()
    page.paste(TEXT).paste("bad " * 50, 1).ask()
    assert page.run("return document.documentElement.scrollWidth") == 360
    first, second = page.all("article")
    assert second.rect["y"] >= first.rect["y"] + first.rect["height"]
    controls = page.seen("button, .choices label")
    assert len(controls) > 10
    assert all(height >= 24 for _, height in controls)


def test_print(driver, server):
    page = Page(driver).open(f"{server.url}/", prefers_color_scheme="dark")
    page.paste("It was a good and a bad film. " * 200).ask()
    page.media("print", prefers_color_scheme="dark")
    assert not page("form").is_displayed()
    assert (
        page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    )
    assert page.all(".text")[0].rect["height"] > 1000
    assert page.all(".for.n5")[0].value_of_css_property("print-color-adjust") == "exact"


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


def test_the_strict_policy_is_enough(driver, server):
    """Under the hashes alone: the page runs, and a script that got in would not."""
    strict = html().replace("<title>", _meta() + "<title>").encode()
    server.files["/"] = ("text/html; charset=utf-8", strict)
    page = Page(driver).open(f"{server.url}/")
    page.paste(TEXT).ask()
    assert words(page)["good"] == "for n5"
    assert page.styles(".s", "backgroundSize")[0] != "auto"
    page.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.taken=1>')")
    assert "Content Security Policy" in str(page.driver.get_log("browser"))
    assert page.run("return window.taken") is None


def _meta():
    policy = content_security_policy().replace("; frame-ancestors 'none'", "")
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}">'


def test_nothing_is_downloaded_and_nothing_becomes_markup():
    source = html()
    assert "innerHTML" not in source
    assert "eval(" not in source
    assert "insertAdjacentHTML" not in source
    assert all(word not in source for word in ["<script src", "@import", "url(http", "//cdn"])


OUTLINE = """return [...document.querySelectorAll('article *')]
    .filter((e) => (e.className || e.tagName !== 'SPAN') && !e.closest('.strongest'))
    .map((e) => [e.tagName, e.className.replace(' panel', ''), e.title.split('\\n')[0],
        e.style.getPropertyValue('--w'), e.matches('aside, .body') ? '' : e.textContent])"""


def test_the_page_draws_what_python_draws(page, server, tmp_path):
    """The same elements, shades and words from the script as from `Explanation.to_html`."""
    outputs = server.model["explain"]([TEXT])
    page.paste(TEXT).ask()
    for method in ("gradient_x_attention", "attention", "combined_attention"):
        page.choose(method)
        drawn = page.run(OUTLINE)
        (made,) = explanations([TEXT], outputs, method)
        body = made.to_html(page=False).replace("\n", "").partition("</style>")[2]
        static = page.run(
            "const parsed = new DOMParser().parseFromString(arguments[0], 'text/html');"
            + OUTLINE.replace("document", "parsed"),
            body,
        )
        assert len(static) > 20
        assert drawn == static
