"""The page in headless Chromium, as a person uses it."""

import contextlib
import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
NEEDED = "needs selenium, and chromium and chromedriver on the PATH"
FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def is_there():
    """Whether all that is needed is installed."""
    with contextlib.suppress(ImportError):
        import selenium

        return bool(selenium and CHROMIUM and DRIVER)
    return False


@contextlib.contextmanager
def started(folder):
    """A Selenium driver with an empty profile in `folder`."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS, f"--user-data-dir={folder}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield running
    finally:
        running.quit()


class Page:
    def __init__(self, driver):
        self.driver = driver

    def open(self, address, width=1100, height=900, media="screen", **features):
        self.media(media, **features)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get(address)
        self.until(lambda: self("model-state").text != "")
        self.driver.get_log("browser")
        return self

    def media(self, media="screen", **features):
        chosen = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"media": media, "features": chosen}
        )

    def __call__(self, name):
        return self.driver.find_element("id", name)

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def texts(self, selector):
        """What can be read in each, in one call of the browser."""
        return self._of_all(selector, "node.innerText.trim()")

    def styles(self, selector, name):
        """One property of each as it is computed."""
        return self._of_all(selector, "getComputedStyle(node)[name]", name)

    def seen(self, selector):
        """Width and height of each that takes up room."""
        boxes = self._of_all(selector, "[node.offsetWidth, node.offsetHeight]")
        return [box for box in boxes if box[1]]

    def _of_all(self, selector, expression, name=None):
        script = "const name = arguments[1]; return [...document.querySelectorAll(arguments[0])]"
        return self.run(f"{script}.map(node => {expression})", selector, name)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def shaded(self):
        """What is shaded, and how: class by word."""
        selector = ".text .s > span[class]"
        return dict(self._of_all(selector, "[node.textContent, node.className]"))

    def scores(self, selector=".text .s"):
        """The scores as they are shown, without the other methods' ones."""
        return [title.partition("\n")[0] for title in self._of_all(selector, "node.title")]

    def until(self, condition, seconds=60):
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, seconds, poll_frequency=0.02).until(lambda _: condition())
        return self

    def paste(self, text, side=0):
        """Sets the text at once; ChromeDriver cannot type every character."""
        self.run(
            "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))",
            self(f"text-{side}"),
            text,
        )
        return self

    def choose(self, value):
        self.all(f"input[value={value}]")[0].click()
        return self

    def ask(self):
        self("ask").click()
        return self.answered()

    def answered(self):
        return self.until(lambda: self("ask").text == "Classify")

    @property
    def problem(self):
        return self("problem").text
