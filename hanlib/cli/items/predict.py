"""`hanlib predict` with a model that labels sentences or words."""

import contextlib
import itertools
import json
import sys
from pathlib import Path

from hanlib.cli import model_file, options, texts
from hanlib.cli.errors import UsageError
from hanlib.serving.records import json_line

_CONLL = (".conll", ".bio", ".iob")
# Documents that are labeled at once.
_WINDOW = 256


def run(arguments):
    """Runs the command."""
    _check(arguments)
    with contextlib.redirect_stdout(sys.stderr):
        model = model_file.load(arguments.model)
    answers = _answers(model, _documents(arguments, model))
    if arguments.output is None:
        for record, labeled in answers:
            sys.stdout.write(json_line({**record, **labeled.to_dict()}))
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
            file.writelines(json_line({**r, **labeled.to_dict()}) for r, labeled in answers)


def _check(arguments):
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
    return Path(path).suffix.lower() == ".html"


def _documents(arguments, model):
    """A stream of `(document, record)`; documents are texts, or lists of items."""
    recorded = (model_file.record(arguments.model, "dataset.json") or {}).get("load", {})
    columns = recorded.get("token_columns", []) if getattr(model, "columns", ()) else []
    path = arguments.input
    if columns or _is_split(path, f"{model.item}s"):
        if path in (None, "-"):
            raise UsageError(
                f"--input must be a file with words and the columns {', '.join(columns)}: this "
                "model does not read texts"
            )
        from hanlib.data.items import read_items

        read = read_items(path, model.item, None, tuple(columns), arguments.encoding, labels=False)
        return ((document, {"row": row}) for row, (_, document, _) in enumerate(read, start=1))
    return (
        (text, {name: value for name, value in record.items() if name != "text"})
        for text, record in texts.records(arguments)
    )


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
        labeled = model.annotate([document for document, _ in window])
        yield from zip((record for _, record in window), labeled, strict=True)
