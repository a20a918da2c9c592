"""The web page of the server, a single file without external resources."""

import functools
import re
from pathlib import Path

from hanlib.evidence.assets import explanation_script, policy_hash, read_asset

_FOLDER = Path(__file__).parent


@functools.cache
def html():
    """The page with its style sheets and scripts.

    >>> html().startswith("<!doctype html>"), "<script src" in html()
    (True, False)
    """
    style = read_asset("explanation.css") + read_asset("page.css", _FOLDER)
    script = explanation_script() + read_asset("display_record.js")
    for name in ("labels.js", "connection.js", "page.js"):
        script += read_asset(name, _FOLDER)
    page = read_asset("index.html", _FOLDER)
    page = page.replace("<style></style>", f"<style>\n{style}</style>")
    return page.replace("<script></script>", f"<script>\n{script}</script>")


@functools.cache
def content_security_policy():
    """The `Content-Security-Policy` of the page.

    It allows only the script and the style sheet of the page, by their hashes. The page may connect
    to any address, since the address of the server is an input field.

    >>> content_security_policy().split("; ")[0]
    "default-src 'none'"
    """
    script, style = (
        policy_hash(re.search(rf"(?s)<{tag}>(.*?)</{tag}>", html())[1])
        for tag in ("script", "style")
    )
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; connect-src *; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
