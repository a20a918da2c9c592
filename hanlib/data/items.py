"""Documents with one label per sentence or per word, from JSON lines or CoNLL columns."""

import json
from dataclasses import dataclass
from pathlib import Path

from hanlib.data.corpus import DataError
from hanlib.data.labels import sorted_classes
from hanlib.data.splitting import TRAIN, VALIDATION, draw, held_out, split_code
from hanlib.data.text_lines import Encoding, text_lines

_JSON = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class ItemCorpus:
    """Documents whose sentences or words are labeled.

    Attributes:
        name: The name of the file.
        item: "sentence" or "word".
        classes: All labels, sorted.
        columns: The values of each further column of the words in the training documents, sorted.
        splits: A dict from "train" and "validation" to lists of `(document, labels)`. A document is
            a list of sentences, or of words; with further columns of tuples of a word and its
            values.

    >>> splits = {"train": [(["Why?", "It is."], ["aim", "result"])]}
    >>> ItemCorpus("abstracts", "sentence", ("aim", "result"), (), splits).classes
    ('aim', 'result')
    """

    name: str
    item: str
    classes: tuple
    columns: tuple
    splits: dict


def load_items(
    path,
    item,
    *,
    validation=None,
    label_column=None,
    token_columns=(),
    validation_split=0.1,
    seed=0,
    encoding="utf-8",
):
    """Reads documents with one label per item.

    - `.jsonl`: one object per line with the list `sentences` (or `words`) and the list `labels`; it
      may have a `split` (train, validation or dev). Further columns of words are lists too.
    - any other file: CoNLL columns, one word per line with its values, separated by white space;
      a blank line ends a sentence. The first column is the word. Lines that start with
      "-DOCSTART-" are left out.

    Args:
        path: The file.
        item: "sentence" or "word".
        validation: A file with the validation documents; None: those of the file, or drawn.
        label_column: The key of the labels (default: `labels`), or the number of their column
            from 1 (default: the last).
        token_columns: The keys or numbers of further columns of the words.
        validation_split: Training documents to hold out if there are no validation documents: a
            fraction or number.
        seed: Random seed of the documents that are held out.
        encoding: Encoding of the files.

    Returns:
        An `ItemCorpus`.

    Raises:
        DataError: A file is not as described; the message names the line.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "chunks.txt")
    >>> written = path.write_text("Rain NN B-NP\\nfalls VBZ B-VP\\n\\nStop VB B-VP\\n")
    >>> corpus = load_items(path, "word", token_columns=["2"], validation_split=0)
    >>> corpus.splits["train"][1], corpus.columns
    (([('Stop', 'VB')], ['B-VP']), (('NN', 'VB', 'VBZ'),))
    """
    reading = item, label_column, tuple(map(str, token_columns)), encoding
    read = read_items(path, *reading)
    splits = {"train": [e for code, *e in read if code in (None, TRAIN)]}
    drawn = [example for code, *example in read if code == VALIDATION]
    if validation is not None:
        drawn = [example for _, *example in read_items(validation, *reading)]
    documents = len(splits["train"])
    if not documents:
        raise DataError(f"{Path(path).name} must hold training documents. Received: none")
    if not drawn:
        number = held_out("validation_split", validation_split, documents)
        codes = draw(documents, number, 0, seed, None)
        drawn = [e for e, code in zip(splits["train"], codes, strict=True) if code == VALIDATION]
        splits["train"] = [
            e for e, code in zip(splits["train"], codes, strict=True) if code == TRAIN
        ]
    if drawn:
        splits["validation"] = drawn
    splits = {name: [tuple(example) for example in part] for name, part in splits.items()}
    labels = {label for part in splits.values() for _, row in part for label in row}
    if len(labels) < 2:
        raise DataError(
            f"{Path(path).name} must hold at least two different labels. "
            f"Received: {', '.join(sorted(labels)) or 'none'}"
        )
    columns = [
        tuple(sorted({word[1 + n] for document, _ in splits["train"] for word in document}))
        for n in range(len(token_columns))
    ]
    return ItemCorpus(Path(path).name, item, sorted_classes(labels), tuple(columns), splits)


def read_items(path, item, label_column=None, token_columns=(), encoding="utf-8", labels=True):
    """A list of `(split or None, document, labels)` of one file; see `load_items`.

    Args:
        labels: Whether each item must have a label; otherwise the lists of labels are empty.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"`dataset` must be a file. Received: {str(path)!r}")
    lines = text_lines(path, Encoding(encoding, "strict"))
    if path.suffix.lower() in _JSON:
        return list(_json_documents(lines, path.name, item, label_column, token_columns, labels))
    if item == "sentence":
        raise DataError(
            "`dataset` must be a .jsonl file with the lists `sentences` and `labels`. "
            f"Received: {path.name}"
        )
    return list(_conll_sentences(lines, path.name, label_column, token_columns, labels))


def _json_documents(lines, name, item, label_column, token_columns, labels):
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
        document = _strings(record, f"{item}s", where)
        given = _strings(record, label_column or "labels", where, len(document)) if labels else []
        columns = [_strings(record, key, where, len(document)) for key in token_columns]
        if columns:
            document = list(zip(document, *columns, strict=True))
        split = record.get("split")
        code = None if split is None else split_code(split)
        if split is not None and code is None:
            raise DataError(f"`split` of {where} must be train or validation. Received: {split!r}")
        yield code, document, given


def _strings(record, key, where, length=None):
    values = record.get(key)
    if not isinstance(values, list) or not all(isinstance(v, (str, int)) for v in values):
        raise DataError(f"{where} must have a list of strings {key!r}. Received: {values!r:.60}")
    if length not in (None, len(values)):
        raise DataError(
            f"{where} must have one of {key!r} per item. Received: {len(values)} for {length}"
        )
    return [str(value) for value in values]


def _conll_sentences(lines, name, label_column, token_columns, labels):
    wanted = [_number(column) for column in token_columns]
    label = None if label_column is None else _number(label_column)
    words, given = [], []
    for number, line in enumerate([*lines, ""], start=1):
        fields = line.split()
        if not fields or fields[0] == "-DOCSTART-":
            if words:
                yield None, words, given
            words, given = [], []
            continue
        most = max([*wanted, label or 0, 2 if labels else 1])
        if len(fields) < most:
            raise DataError(
                f"line {number} of {name} must have at least {most} columns. "
                f"Received: {line.strip():.60}"
            )
        values = [fields[column - 1] for column in wanted]
        words.append((fields[0], *values) if wanted else fields[0])
        if labels:
            given.append(fields[label - 1] if label else fields[-1])


def _number(column):
    if not str(column).isdecimal() or int(column) < 1:
        raise DataError(f"a column of a CoNLL file is a number from 1. Received: {column!r}")
    return int(column)
