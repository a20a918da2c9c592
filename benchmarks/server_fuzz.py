"""Sends generated bodies and documents to the development server.

    hanlib export saved_models/demo exported/demo
    python benchmarks/server_fuzz.py exported/demo --bodies 20000 --documents 20000

Bodies are valid, nearly valid, garbage, deeply nested, huge or of wrong types; documents are empty,
long, invalid UTF-8, only emoji, Chinese or full of markup. Every response must be valid JSON: 200
with finite numbers and probabilities that sum to one, or a client error. The requests depend only
on the seed. The exit code is 1 if a fault was found.
"""

import argparse
import base64
import collections
import concurrent.futures
import gzip
import http.client
import json
import math
import os
import random
import re
import subprocess
import sys
from pathlib import Path

WORDS = ["good", "bad", "film", "Mr.", "it's", "…", "http://a.b/?c=1", "<br />", "&amp;", "No!"]
WORDS += ["好", "酒店", "é"]
SIGNS = ["\x00", "\u200b", "\u202e", "\ufeff", "\x85", "\u2028", "\U0010ffff", "a\u0301", "\\", '"']
SIGNS += ["\t", "\U0001f600", "\U0001f468\u200d\U0001f469"]
NUMBERS = ["1e400", "-1e400", "9" * 400, "1" * 5000, "1e-400", "-0", "NaN", "-Infinity", "1" * 20]
LEAVES = ["a", "serving_default", "YQ==", "YQ", "*", "explain", "\udfff", "a\x00"]
LEAVES += [0, -1, 2**63, 1.5, None, True]
GOOD_CODES = {200, 400, 404, 413, 501}


def document(draw):
    """A document as `bytes`."""
    kind = draw.randrange(8)
    if kind == 0:
        return draw.choice([b"", b" ", b"\n\n\t ", b"\x00", b".", b"...!?"])
    if kind == 1:
        return draw.randbytes(draw.randrange(200))
    if kind == 2:
        return "".join(draw.choices(SIGNS, k=draw.randrange(1, 60))).encode()
    if kind == 3:
        return "".join(chr(draw.randrange(0x4E00, 0x9FA5)) for _ in range(80)).encode()
    if kind == 4:
        return draw.choice(["a", ". ", "word ", "é", "<p>", "ha! "]).encode() * draw.randrange(2000)
    words = " ".join(draw.choices(WORDS + SIGNS, k=draw.randrange(1, 120)))
    if kind == 5:
        words = words.encode()
        return words[: draw.randrange(len(words))]  # May end within a character.
    return words.encode()


def document_request(draw, explain):
    """A request for generated documents in any format, possibly with invalid UTF-8."""
    texts = [document(draw) for _ in range(draw.choice([1, 1, 2, 5]))]
    values = [_value(draw, text) for text in texts]
    name = draw.choice(["serving_default", "explain"]) if explain else "serving_default"
    form = draw.randrange(4)
    if form == 0:
        body = {"instances": [{"text": value} for value in values]}
    elif form == 1:
        body = {"instances": values}
    else:
        body = {"inputs": values if form == 2 else {"text": values}}
    text = json.dumps({"signature_name": name, **body}, ensure_ascii=draw.random() < 0.5)
    return text.encode("utf-8", "surrogateescape"), len(texts)


def _value(draw, text):
    if draw.random() < 0.5:
        return {"b64": base64.b64encode(text).decode()}
    return text.decode("utf-8", "surrogateescape" if draw.random() < 0.3 else "replace").replace(
        "\udc80", "?"
    )


def body(draw):
    """A random body as `bytes`."""
    kind = draw.randrange(8)
    if kind == 0:
        return draw.randbytes(draw.randrange(300))
    if kind == 1:
        return _mutated(draw, document_request(draw, True)[0])
    if kind == 2:
        depth = draw.choice([3, 100, 199, 201, 1000, 50_000])
        inner = draw.choice(["1", '"a"', "", "{}"])
        return f'{{"inputs": {"[" * depth}{inner}{"]" * depth}}}'.encode()
    if kind == 3:
        number = draw.choice(NUMBERS)
        return f'{{"inputs": [{number}], "x": {number}}}'.encode()
    if kind == 4:
        deep = '{"a":' * draw.choice([5, 300, 3000]) + "1"
        return deep.encode() + b"}" * draw.randrange(400)
    return json.dumps(_tree(draw, 4), ensure_ascii=draw.random() < 0.5).encode(
        "utf-8", "surrogatepass"
    )


def _tree(draw, depth):
    """A request with mostly valid keys and random values."""
    keys = ["instances", "inputs", "signature_name", "text", "b64", "x", "", "\ud800", "ü"]
    if depth == 4 or (depth and draw.random() < 0.4):
        chosen = draw.choices(keys, [9, 5, 3, 4, 3, 1, 1, 1, 1], k=draw.randrange(1, 4))
        return {key: _tree(draw, depth - 1) for key in chosen}
    if depth and draw.random() < 0.5:
        return [_tree(draw, depth - 1) for _ in range(draw.randrange(4))]
    return draw.choice(LEAVES)


def _mutated(draw, valid):
    made = bytearray(valid)
    for _ in range(draw.randrange(1, 4)):
        at = draw.randrange(len(made))
        action = draw.randrange(3)
        if action == 0:
            made[at] = draw.randrange(256)
        elif action == 1:
            del made[at : at + draw.randrange(1, 9)]
        else:
            made[at:at] = draw.choice([b'"', b"[", b"}", b"\\u", b"\\", b",", b"\xff", b"{"])
        made = made or bytearray(b"{")
    return bytes(made)


def fault_of_answer(code, answer):
    """The fault in a response to a random body, or None."""
    if code not in GOOD_CODES:
        return f"code {code}"
    try:
        told = json.loads(answer)
    except ValueError as error:
        return f"not JSON: {error}"
    if code != 200:
        return None if list(told) == ["error"] and told["error"] else "no error"
    return fault_of_documents(told)


def fault_of_documents(told, count=None):
    """The fault in a response to documents, or None."""
    rows = told.get("predictions")
    if rows is None:
        columns = told["outputs"]
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if count is not None and len(rows) != count:
        return f"{len(rows)} rows for {count} documents"
    return next(filter(None, map(fault_of_row, rows)), None)


def fault_of_row(row):
    """The fault in the outputs of one document, or None."""
    if not all(math.isfinite(number) for number in numbers(row)):
        return "a number that is not finite"
    if abs(sum(row["probabilities"]) - 1) > 1e-4:
        return f"probabilities sum to {sum(row['probabilities'])}"
    if row["label"] not in row["classes"]:
        return f"label {row['label']!r}"
    if "sentence_attention" in row and row["sentence_counts"]:
        return fault_of_attention(row)
    return None


def fault_of_attention(row):
    if row["omitted_sentences"] == 0 and abs(sum(row["sentence_attention"]) - 1) > 1e-4:
        return f"sentence attention sums to {sum(row['sentence_attention'])}"
    start = 0
    for count in row["word_counts"][: row["sentence_counts"]]:
        total = sum(row["word_attention"][start : start + count])
        if count and row["omitted_words"] == 0 and abs(total - 1) > 1e-4:
            return f"word attention sums to {total}"
        start += count
    return None


def numbers(value):
    """All numbers in a JSON value."""
    if isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from numbers(inner)
    elif isinstance(value, (int, float)):
        yield value


class Fuzzer:
    """Sends requests to one server over one connection."""

    def __init__(self, port, name, seed=0):
        self.draw, self.faults, self.codes = random.Random(seed), [], {}
        self._path = f"/v1/models/{name}:predict"
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.explain = self._ask(b'{"signature_name": "explain", "instances": ["a"]}')[0] == 200
        self.codes.clear()

    def bodies(self, count):
        """Sends `count` random bodies."""
        for _ in range(count):
            made = body(self.draw)
            packed = self.draw.random() < 0.05
            code, answer = self._ask(gzip.compress(made) if packed else made, packed)
            self._note(made, fault_of_answer(code, answer))

    def documents(self, count):
        """Sends `count` documents."""
        while count > 0:
            made, documents = document_request(self.draw, self.explain)
            code, answer = self._ask(made)
            if code == 200:
                self._note(made, fault_of_documents(json.loads(answer), documents))
            else:
                self._note(made, None if _is_not_text(made, answer) else f"code {code}: {answer}")
            count -= documents

    def _ask(self, made, packed=False):
        headers = {"Content-Encoding": "gzip"} if packed else {}
        self._connection.request("POST", self._path, made, headers)
        response = self._connection.getresponse()
        self.codes[response.status] = self.codes.get(response.status, 0) + 1
        return response.status, response.read()

    def _note(self, made, fault):
        if fault:
            self.faults.append((fault, made[:300]))


def _is_not_text(made, answer):
    """Whether a request was rejected because of lone surrogates or invalid UTF-8."""
    if b"surrogate pair" in answer:
        return re.search(rb"\\ud[89a-f]", made)
    return b"not valid UTF-8" in answer and "\ufffd" in made.decode("utf-8", "replace")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--bodies", type=int, default=20_000)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--connections", type=int, default=4)
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "hanlib", "serve", str(arguments.model), "--port", "0"]
    process = subprocess.Popen([*command, "--quiet"], stdout=subprocess.PIPE, text=True)
    port, name = re.search(r":(\d+)/v1/models/(\S+)", process.stdout.readline()).groups()
    try:
        fuzzers = [
            Fuzzer(int(port), name, arguments.seed * 1000 + n) for n in range(arguments.connections)
        ]
        for kind in ("bodies", "documents"):
            run(fuzzers, kind, getattr(arguments, kind))
    finally:
        process.terminate()
        code = process.wait(60)
    faults = [fault for fuzzer in fuzzers for fault in fuzzer.faults]
    for fault, made in faults[:20]:
        print(f"{fault}\n    {made!r}")
    print(f"{len(faults)} faults; the server ended with code {code}")
    return 1 if faults or code else 0


def run(fuzzers, kind, count):
    """Runs all fuzzers in parallel, and prints the status codes."""
    share = -(-count // len(fuzzers))
    with concurrent.futures.ThreadPoolExecutor(len(fuzzers)) as pool:
        list(pool.map(lambda fuzzer: getattr(fuzzer, kind)(share), fuzzers))
    codes = collections.Counter()
    for fuzzer in fuzzers:
        codes.update(fuzzer.codes)
        fuzzer.codes.clear()
    print(
        f"{share * len(fuzzers)} {kind}, explain: {fuzzers[0].explain}, "
        f"requests by code: {dict(sorted(codes.items()))}",
        flush=True,
    )


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
