"""Edge cases for the check of an export."""

from hanlib.serving.warm_up import documents

# Below the limit of an export.
_MOST_SENTENCES = 4_000
_SHORT = [
    b"",
    b" \n\t \r\n ",
    "\u00a0\u2003\u200b\ufeff".encode(),
    b"good",
    b"no full stop at all",
    b"\xff\xfe broken \xc3( bytes \xed\xa0\x80",
    b"a\x00b NUL \x00",
    b"\x00",
    "\U0001f600\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f".encode(),
    "酒店很好。早餐不错！房间太小，隔音差，".encode() * 12,
    "مرحبا بالعالم. שלום עולם. नमस्ते दुनिया।".encode(),
    "e\u0301" .encode() * 40,
    b"<br /><br />&amp;&eacute;&#0;&#x110000;",
    b"<script>alert('x')</script><img src=x onerror=alert(1)>",
    b'{"instances": [{"b64": "AAAA"}]}',
    b"http://example.com/" + b"a" * 3000,
    b"x" * 50_000,
    b"." * 5000,
    b"A. B. C. D. " * 400,
]  # fmt: skip


def edge_case_documents(words):
    """Short, unusual and very long documents, and ordinary ones made of the given words.

    The longest are 40,000 words without a full stop, and 200 KB of sentences, at most 4,000.

    >>> found = edge_case_documents(["good", "film", "."])
    >>> len(found), max(map(len, found)) >= 200_000
    (27, True)
    """
    # A full stop among the words would make sentences of its own.
    words = [word for word in words if any(map(str.isalnum, word))] or ["word"]
    plain = [text.encode("utf-8", "replace") for text in documents(words, 6)]
    sentence = documents(words, 1)[0].encode("utf-8", "replace") + b" "
    sentences = min(200_000 // len(sentence) + 1, _MOST_SENTENCES)
    huge = [b"word " * 40_000, sentence * sentences]
    return [*_SHORT, *plain, *huge]
