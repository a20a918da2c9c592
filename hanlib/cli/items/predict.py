"""`hanlib predict` with a model that labels sentences or words, or reads columns of words."""

import contextlib
import itertools
import json
import sys
from pathlib import Path

from hanlib.cli import model_file, options, texts
from hanlib.cli.errors import UsageError
from hanlib.serving.records import answer_of, json_line

_CONLL = (".conll", ".bio", ".iob")
# Documents that are labeled at once.
_WINDOW = 256


def run(arguments):
    """Runs the command."""
    _check(arguments)
    with contextlib.redirect_stdout(sys.stderr):
        model = _model(arguments)
    answers = _answers(model, documents(arguments, model))
    if arguments.output is None:
        for record, answer in answers:
            sys.stdout.write(json_line({**record, **_as_dict(answer)}))
            sys.stdout.flush()
        return
    from hanlib import atomic_files

    with (
        atomic_files.replacing(arguments.output) as temporary,
        open(temporary, "w", encoding="utf-8", newline="") as file,
    ):
        if _is_html(arguments.output):
            from hanlib.evidence.labeled_text_html import labeled_texts_html

            file.write(labeled_texts_html([labeled for _, labeled in answers]))
        else:
            file.writelines(json_line({**r, **_as_dict(answer)}) for r, answer in answers)


def _as_dict(answer):
    return answer if isinstance(answer, dict) else answer.to_dict()


def _model(arguments):
    """The model, or with --saved-model its export."""
    if arguments.saved_model is None:
        model = model_file.load(arguments.model)
        if _is_html(arguments.output) and not hasattr(model, "annotate"):
            raise UsageError("--output must end in .jsonl for labels of documents")
        return model
    from hanlib.serving.item_scoring import ServedItems

    try:
        return ServedItems(arguments.saved_model)
    except (FileNotFoundError, ValueError) as error:
        raise UsageError(str(error).replace("`path`", "--saved-model")) from error


def _check(arguments):
    if arguments.saved_model is not None and arguments.model is not None:
        # The first TEXT was parsed as MODEL.
        arguments.texts = [arguments.model, *arguments.texts]
        arguments.model = None
    if arguments.resume:
        raise UsageError("--resume needs a classifier of documents")
    if arguments.format not in (None, "jsonl"):
        raise UsageError(
            f"--format must be jsonl for labels of sentences or words. Received: {arguments.format}"
        )
    if arguments.output is not None:
        options.check_writable_file(arguments.output)
        if Path(arguments.output).suffix.lower() not in (".jsonl", ".html"):
            raise UsageError(
                "--output must end in .jsonl or .html for labels of sentences or words. "
                f"Received: {arguments.output}"
            )


def _is_html(path):
    return path is not None and Path(path).suffix.lower() == ".html"


def documents(arguments, model):
    """A stream of `(document, record)`; documents are texts, or lists of items."""
    columns = _columns(arguments, model)
    item = getattr(model, "item", "document")
    path = arguments.input
    if columns or _is_split(path, f"{item}s"):
        if path in (None, "-"):
            raise UsageError(
                f"--input must be a file with words and the columns {', '.join(columns)}: this "
                "model does not read texts"
            )
        from hanlib.data.item_files import ItemReader

        read = ItemReader(item, None, columns, arguments.encoding, labels=False).read(path)
        return ((document, {"row": row}) for row, (_, document, _) in enumerate(read, start=1))
    return (
        (text, {name: value for name, value in record.items() if name != "text"})
        for text, record in texts.records(arguments)
    )


def _columns(arguments, model):
    """The names of the columns that the model reads, by the options or the record of its data."""
    from hanlib.cli.items.train import token_columns

    given = token_columns(getattr(arguments, "token_columns", None))
    if given is None and arguments.model is not None:
        recorded = (model_file.record(arguments.model, "dataset.json") or {}).get("load", {})
        given = recorded.get("token_columns")
    read = getattr(model, "columns", None)
    if read is None:
        read = model.vectorizer.columns
    number = read if isinstance(read, int) else len(read)
    if not number:
        return []
    if len(given or ()) != number:
        raise UsageError(
            f"--token-columns must name the {number} columns that the model reads. "
            f"Received: {', '.join(given) if given else 'none'}"
        )
    return given


def _is_split(path, key):
    """Whether a file holds documents that are split: CoNLL columns, or JSON lines with a key."""
    if path in (None, "-") or not Path(path).is_file():
        return False
    suffix = Path(path).suffix.lower()
    if suffix != ".jsonl":
        return suffix in _CONLL
    with open(path, "rb") as file:
        try:
            return key in json.loads(file.readline())
        except (ValueError, TypeError):
            return False


def _answers(model, documents):
    documents = iter(documents)
    while window := list(itertools.islice(documents, _WINDOW)):
        given = [document for document, _ in window]
        found = model.annotate(given) if hasattr(model, "annotate") else _labels(model, given)
        yield from zip((record for _, record in window), found, strict=True)


def _labels(model, documents):
    """The label and probabilities of each document."""
    probabilities = model.predict(documents, verbose=0)
    pairs = zip(model.labels_of(probabilities), probabilities, strict=True)
    return [answer_of(model, *pair) for pair in pairs]
