"""What the page shows: hostile, long and foreign text, colors, narrow screens and print."""

import re

import browser
import pytest
from browser import Page
from stub_server import contrast as compare
from stub_server import explain

from hanlib.serving.client.answers import explanations
from hanlib.serving.page import content_security_policy, html

if not browser.is_there():
    pytest.skip(browser.NEEDED, allow_module_level=True)

TEXT = "The hotel was good, and the view was great. But the bathroom was dirty!"
HOSTILE = [
    "<img src=x onerror=\"document.title='taken'\"> good.",
    "<script>document.title='taken'</script> good.",
    "</textarea><svg/onload=\"document.title='taken'\">",
    "javascript:document.title='taken' {{7*7}} ${7*7}",
]


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
    # One node for each sentence and each of its nine words, and a few for all of them.
    count = "return document.querySelectorAll('*').length"
    assert page.run(count) < 2000 * 10 + 1000
    page.choose("attention")
    assert page.scores(".s:first-child") == ["sentence 0.000500"]
    assert page.run(count) < 2000 * 10 + 1000
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


def channels(color):
    """Red, green and blue up to 255, and the opacity where there is one."""
    numbers = [float(number) for number in re.findall(r"[\d.]+(?:e-?\d+)?", color)]
    # `color-mix` is computed to `color(srgb 0 0.4 0.7 / 0.65)`.
    scale = 255 if color.startswith("color(srgb") else 1
    return [number * scale for number in numbers[:3]] + numbers[3:]


def contrast(ink, ground):
    """The ratio of WCAG 2.2, of opaque colors."""

    def luminance(color):
        linear = [
            (c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color
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


def test_the_strict_policy_is_enough(driver, server):
    """Under the hashes alone: the page runs, and a script that got in would not."""
    strict = html().replace("<title>", _meta() + "<title>").encode()
    server.files["/"] = ("text/html; charset=utf-8", strict)
    page = Page(driver).open(f"{server.url}/")
    page.paste(TEXT).ask()
    assert page.shaded()["good"] == "for n5"
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

OUTLINE_OF = """const html = arguments[0].replaceAll('\\n', '').split('</style>')[1];
    const parsed = new DOMParser().parseFromString(html, 'text/html');""" + OUTLINE.replace(
    "document", "parsed"
)


def test_the_page_draws_what_python_draws(page, server, tmp_path):
    """The same elements, shades and words from the script as from `Explanation.to_html`."""
    outputs = server.model["explain"]([TEXT])
    page.paste(TEXT).ask()
    for method in ("gradient_x_attention", "attention", "combined_attention"):
        page.choose(method)
        drawn = page.run(OUTLINE)
        (made,) = explanations([TEXT], outputs, method)
        static = page.run(OUTLINE_OF, made.to_html(page=False))
        assert len(static) > 20
        assert drawn == static


def test_the_page_draws_a_contrast_as_python_does(driver, server):
    server.model["contrast"] = compare
    page = Page(driver).open(f"{server.url}/")
    page.paste(TEXT).ask()
    page("against").send_keys("neg")
    page.until(lambda: "pos rather than neg" in page.texts(".verdict")[0])
    outputs = compare({"text": [TEXT], "target": [""], "against": ["neg"]})
    drawn = page.run(OUTLINE)
    (made,) = explanations([TEXT], outputs)
    assert drawn == page.run(OUTLINE_OF, made.to_html(page=False))
