"""Reads documents with labels of their sentences or words, from JSON lines or CoNLL columns."""

import json
from pathlib import Path

from hanlib.data.corpus import DataError
from hanlib.data.labeled_spans import SpanReader
from hanlib.data.splitting import split_code
from hanlib.data.text_lines import Encoding, text_lines

_JSON = (".jsonl", ".ndjson")


class ItemReader:
    """Reads files of one form.

    Args:
        item: "document", "sentence" or "word": what is labeled.
        label_column: The key or number of the labels; see `load_items`.
        token_columns: The keys or numbers of further columns of the words.
        encoding: Encoding of the files.
        labels: Whether each item must have a label; otherwise labels are not read.
        split_text: Function for texts with spans; see `SpanReader`.
    """

    def __init__(
        self,
        item,
        label_column=None,
        token_columns=(),
        encoding="utf-8",
        labels=True,
        split_text=None,
    ):
        self.item, self.label_column, self.labels = item, label_column, labels
        self.columns, self.encoding = tuple(map(str, token_columns)), encoding
        self._spans = None if split_text is None else SpanReader(split_text)

    def read(self, path):
        """A list of `(split or None, document, labels)`.

        Raises:
            DataError: The file is not as `load_items` describes it; the message names the line.
        """
        path = Path(path)
        if not path.is_file():
            raise DataError(f"`dataset` must be a file. Received: {str(path)!r}")
        lines = text_lines(path, Encoding(self.encoding, "strict"))
        if path.suffix.lower() in _JSON:
            return [
                example for record in _records(lines, path.name) for example in self._of(*record)
            ]
        if self.item != "word":
            key = "label" if self.item == "document" else "labels"
            raise DataError(
                f"`dataset` must be a .jsonl file with the lists `sentences` and `{key}`. "
                f"Received: {path.name}"
            )
        return list(self._conll(lines, path.name))

    def notes(self):
        """What was unusual about the spans of the files that were read."""
        return [] if self._spans is None else self._spans.notes()

    def _of(self, record, where):
        """The examples of a JSON object."""
        split = record.get("split")
        code = None if split is None else split_code(split)
        if split is not None and code is None:
            raise DataError(f"`split` of {where} must be train or validation. Received: {split!r}")
        if self.item == "document":
            yield code, self._document(record, where), self._label(record, where)
        elif self.item == "word" and self.labels and "spans" in record:
            for words, labels in self._of_spans(record, where):
                yield code, words, labels
        else:
            document = _strings(record, f"{self.item}s", where)
            key = self.label_column or "labels"
            given = _strings(record, key, where, document) if self.labels else []
            columns = [_strings(record, key, where, document) for key in self.columns]
            if columns:
                document = list(zip(document, *columns, strict=True))
            yield code, document, given

    def _of_spans(self, record, where):
        text = record.get("text")
        if not isinstance(text, str):
            raise DataError(
                f"{where} with `spans` must have a string `text`. Received: {text!r:.60}"
            )
        if self.columns:
            raise DataError(
                f"`token_columns` need `words`. Received: {where} with `spans` of a text"
            )
        if self._spans is None:
            raise DataError(f"`split_text` must be given for {where}, a text with `spans`")
        return self._spans.sentences(text, record["spans"], where)

    def _document(self, record, where):
        """The sentences of a document that is split into words, with their columns."""
        whole = "sentences" not in record
        key = "words" if whole else "sentences"
        parts = [record.get(name) for name in (key, *self.columns)]
        if not whole:
            names = (key, *self.columns)
            for name, part in zip(names, parts, strict=True):
                _check_list(part, name, where, parts[0])
        nested = [[part] for part in parts] if whole else parts
        document = []
        for sentence in zip(*nested, strict=True):
            named = dict(zip((key, *self.columns), sentence, strict=True))
            words = _strings(named, key, where)
            columns = [_strings(named, name, where, words) for name in self.columns]
            document.append(list(zip(words, *columns, strict=True)) if columns else words)
        return document

    def _label(self, record, where):
        if not self.labels:
            return None
        key = self.label_column or "label"
        label = record.get(key)
        if not isinstance(label, (str, int)) or isinstance(label, bool):
            raise DataError(f"{where} must have a label {key!r}. Received: {label!r:.60}")
        return str(label)

    def _conll(self, lines, name):
        wanted = [_number(column) for column in self.columns]
        label = None if self.label_column is None else _number(self.label_column)
        words, given = [], []
        for number, line in enumerate([*lines, ""], start=1):
            fields = line.split()
            if not fields or fields[0] == "-DOCSTART-":
                if words:
                    yield None, words, given
                words, given = [], []
                continue
            most = max([*wanted, label or 0, 2 if self.labels else 1])
            if len(fields) < most:
                raise DataError(
                    f"line {number} of {name} must have at least {most} columns. "
                    f"Received: {line.strip():.60}"
                )
            values = [fields[column - 1] for column in wanted]
            words.append((fields[0], *values) if wanted else fields[0])
            if self.labels:
                given.append(fields[label - 1] if label else fields[-1])


def _records(lines, name):
    """The JSON objects of lines, each with what it is called in messages."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"line {number} of {name}"
        try:
            record = json.loads(line)
        except ValueError as error:
            raise DataError(f"{where} is not a JSON object: {error}") from None
        if not isinstance(record, dict):
            raise DataError(f"{where} must be a JSON object. Received: {line.strip():.60}")
        yield record, where


def _strings(record, key, where, items=None):
    values = record.get(key)
    if not isinstance(values, list) or not all(isinstance(v, (str, int)) for v in values):
        raise DataError(f"{where} must have a list of strings {key!r}. Received: {values!r:.60}")
    _check_list(values, key, where, items)
    return [str(value) for value in values]


def _check_list(values, key, where, items=None):
    if not isinstance(values, list):
        raise DataError(f"{where} must have a list {key!r}. Received: {values!r:.60}")
    if items is not None and len(items) != len(values):
        raise DataError(
            f"{where} must have one of {key!r} per item. Received: {len(values)} for {len(items)}"
        )


def _number(column):
    if not str(column).isdecimal() or int(column) < 1:
        raise DataError(f"a column of a CoNLL file is a number from 1. Received: {column!r}")
    return int(column)
