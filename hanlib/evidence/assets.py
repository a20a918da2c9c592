"""The style sheet and the script of explanations, for the pages that include them."""

import base64
import functools
import hashlib
import json
import re
from pathlib import Path

from hanlib.evidence.display_record import TRUST, described
from hanlib.evidence.methods import METHODS

_UNSAFE = re.compile("[<>&\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


@functools.cache
def read_asset(name, folder=Path(__file__).parent):
    """The text of a style sheet or script of the package.

    >>> read_asset("explanation.css").startswith("/*")
    True
    """
    return (folder / name).read_text(encoding="utf-8")


def explanation_script():
    """`elements.js` and `explanation.js` with the list of the methods.

    >>> "gradient_x_attention" in explanation_script()
    True
    """
    methods = {name: described(method) for name, method in METHODS.items()}
    constants = f"const METHODS = {json_for_html(methods)}, TRUST = {json_for_html(TRUST)};\n"
    return read_asset("elements.js") + read_asset("explanation.js") + constants


def json_for_html(value):
    """`value` as JSON for a script element of a page in UTF-8.

    Characters that could close the element, end a line, or not be encoded are escaped, so that the
    page reads exactly the same value.

    >>> json_for_html({"text": "</script> & \\u2028"})
    '{"text":"\\\\u003c/script\\\\u003e \\\\u0026 \\\\u2028"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _UNSAFE.sub(lambda sign: f"\\u{ord(sign.group()):04x}", text)


def policy_hash(text):
    """The source expression for an inline script or style in a `Content-Security-Policy`.

    >>> policy_hash("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
