"""Prints answers about documents as soon as they are there, as text or as lines of JSON."""

import json
import sys

# Documents that are read and answered together.
WINDOW = 64


def answered(records, answer):
    """Yields `(record, answer)` of each document.

    Args:
        records: a stream of `(text, record)`.
        answer: function from a tuple of texts to a list with one answer each.
    """
    from hanlib.cli.classify import windows

    for window in windows(records, WINDOW):
        texts, of_texts = zip(*window, strict=True)
        yield from zip(of_texts, answer(texts), strict=True)


def print_answers(record, answers, as_json):
    """Prints the answers about one document.

    Args:
        record: the record of the document, of which the text is not printed.
        answers: one or more answers: strings, which are printed under a heading, or dicts, which
            are printed as one line of JSON each.
        as_json: whether the answers are dicts.
    """
    named = {name: value for name, value in record.items() if name != "text"}
    if as_json:
        for answer in answers:
            print_line(json.dumps({**named, **answer}, ensure_ascii=False, default=str))
    else:
        print_line(f"--- {' '.join(f'{name} {value}' for name, value in named.items())}")
        print_line("\n".join([*answers, ""]))
    sys.stdout.flush()


def print_line(line):
    """Prints a line; arguments that are not valid UTF-8 contain lone surrogates."""
    print(line.encode("utf-8", "replace").decode())
