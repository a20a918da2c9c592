"""The page that shows what a served model decided, and why: one file without outside downloads."""

import base64
import hashlib
import re
from pathlib import Path

INDEX = Path(__file__).with_name("index.html")


def content_security_policy():
    """The `Content-Security-Policy` under which the page works.

    Only the script and the style that stand in the file run, by their hashes. The page may ask any
    address, since a person may type any server into it.

    >>> content_security_policy().split("; ")[0]
    "default-src 'none'"
    """
    page = INDEX.read_text(encoding="utf-8")
    script, style = (_hash(*re.findall(rf"(?s)<{tag}>(.*?)</{tag}>", page)) for tag in _INLINE)
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; connect-src *; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


_INLINE = ("script", "style")


def _hash(content):
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
