"""Documents that are split, with one label per document, sentence or word."""

from dataclasses import dataclass
from pathlib import Path

from hanlib.data.corpus import DataError
from hanlib.data.item_files import ItemReader
from hanlib.data.labels import sorted_classes
from hanlib.data.splitting import TRAIN, VALIDATION, draw, held_out


@dataclass(frozen=True)
class ItemCorpus:
    """Documents that are split into sentences or words, and the labels of what is labeled.

    Attributes:
        name: The name of the file.
        item: What is labeled: "document", "sentence" or "word".
        classes: All labels, sorted.
        columns: The values of each further column of the words in the training documents, sorted.
        splits: A dict from "train" and "validation" to lists of `(document, labels)`. A document is
            a list of sentences, or of words; with further columns of tuples of a word and its
            values. If documents are labeled, it is a list of sentences of such words, and has one
            label.
        notes: What was unusual in the files, a list of sentences.

    >>> splits = {"train": [(["Why?", "It is."], ["aim", "result"])]}
    >>> ItemCorpus("abstracts", "sentence", ("aim", "result"), (), splits).classes
    ('aim', 'result')
    """

    name: str
    item: str
    classes: tuple
    columns: tuple
    splits: dict
    notes: tuple = ()


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
    split_text=None,
):
    """Reads documents with one label per item.

    - `.jsonl`: one object per line with the list `sentences` (or `words`) and the list `labels`; it
      may have a `split` (train, validation or dev). Further columns of words are lists too. Words
      can also be labeled by `text` and `spans`, a list of `{"start": .., "end": .., "label": ..}`,
      from which labels in the BIO scheme are made (see `SpanReader`). Documents that are labeled
      have a `label`, and the list `words`, or `sentences` that are lists of words; columns have the
      same form.
    - any other file: CoNLL columns, one word per line with its values, separated by white space;
      a blank line ends a sentence. The first column is the word. Lines that start with
      "-DOCSTART-" are left out.

    Args:
        path: The file.
        item: What is labeled: "document", "sentence" or "word".
        validation: A file with the validation documents; None: those of the file, or drawn.
        label_column: The key of the labels (default: `labels`; of a document `label`), or the
            number of their column from 1 (default: the last).
        token_columns: The keys or numbers of further columns of the words.
        validation_split: Training documents to hold out if there are no validation documents: a
            fraction or number.
        seed: Random seed of the documents that are held out.
        encoding: Encoding of the files.
        split_text: Function for texts with spans, such as `hanlib.models.words_with_spans`.

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
    reader = ItemReader(item, label_column, token_columns, encoding, split_text=split_text)
    read = reader.read(path)
    splits = {"train": [e for code, *e in read if code in (None, TRAIN)]}
    drawn = [example for code, *example in read if code == VALIDATION]
    if validation is not None:
        drawn = [example for _, *example in reader.read(validation)]
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
    rows = [row for part in splits.values() for _, row in part]
    labels = set(rows) if item == "document" else {label for row in rows for label in row}
    if len(labels) < 2:
        raise DataError(
            f"{Path(path).name} must hold at least two different labels. "
            f"Received: {', '.join(sorted(labels)) or 'none'}"
        )
    columns = [
        tuple(sorted({word[1 + n] for document, _ in splits["train"] for word in _words(document)}))
        for n in range(len(token_columns))
    ]
    classes, notes = sorted_classes(labels), tuple(reader.notes())
    return ItemCorpus(Path(path).name, item, classes, tuple(columns), splits, notes)


def _words(document):
    """The words of a document, which may have sentences."""
    return [w for part in document for w in (part if isinstance(part, list) else [part])]
