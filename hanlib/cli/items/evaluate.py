"""`hanlib evaluate` of a model that labels sentences or words, or reads columns of words."""

import contextlib
import json
import sys

from hanlib.cli import model_file, options
from hanlib.cli.errors import UsageError
from hanlib.cli.items.train import load_arguments, split_text
from hanlib.cli.run_summary import item_figures


def run(arguments):
    """Runs the command."""
    for name in ("html", "rationales"):
        if getattr(arguments, name):
            raise UsageError(f"--{name} needs a classifier of texts")
    with contextlib.redirect_stdout(sys.stderr):
        metrics = _measure(arguments)
    print(json.dumps(metrics, ensure_ascii=False) if arguments.json else _report(metrics))
    return 0


def _measure(arguments):
    from hanlib.data.items import load_items

    recorded = model_file.recorded_load(arguments) or {}
    model = model_file.load(arguments.model)
    given = load_arguments(arguments, recorded)
    if given["path"] != recorded.get("path"):
        # Other files are not divided: all of their documents are measured.
        given = {**given, "validation": None, "validation_split": 0}
    item = getattr(model, "item", "document")
    corpus = load_items(**{**given, "item": item}, split_text=split_text)
    for note in corpus.notes:
        print(note, file=sys.stderr)
    usual = "validation" if "validation" in corpus.splits else "train"
    wanted = options.choose_split(corpus, arguments.split or usual)
    from hanlib.training.evaluation import evaluate
    from hanlib.training.item_metrics import evaluate_items

    measure = evaluate if item == "document" else evaluate_items
    metrics = measure(model, corpus.splits[wanted])
    name = "all" if set(corpus.splits) == {"train"} else wanted
    named = {"model": arguments.model, "dataset": corpus.name, "split": name}
    return {**named, "classes": model.classes, **metrics}


def _report(metrics):
    lines = [f"{metrics['dataset']}, {metrics['split']}: {item_figures(metrics)}"]
    tables = {"label": metrics["per_class"]}
    if "chunks" in metrics:
        chunks = metrics["chunks"]
        means = {"micro avg": chunks, "macro avg": chunks["macro"]}
        tables["chunk"] = {**chunks["per_kind"], **means, "weighted avg": chunks["weighted"]}
    for title, rows in tables.items():
        width = max(len(title), *map(len, rows))
        lines.append(f"\n  {title:<{width}}  precision  recall      f1  number")
        lines += [
            f"  {name:<{width}}  {row['precision']:9.4f}  {row['recall']:.4f}  {row['f1']:.4f}"
            f"  {row['support']:6,}"
            for name, row in rows.items()
        ]
    if "confusion" in metrics:
        lines += ["", *_confusion(metrics["classes"], metrics["confusion"])]
    return "\n".join(lines)


def _confusion(classes, counts):
    """The table of true labels, in rows, and given labels, in columns."""
    names = [str(name) for name in classes]
    width = max(6, *map(len, names))
    yield "  true label, and how often each label was given:"
    yield "  ".join(["", f"{'':<{width}}", *(f"{name:>{width}}" for name in names)])
    for name, row in zip(names, counts, strict=True):
        yield "  ".join(["", f"{name:<{width}}", *(f"{count:>{width},}" for count in row)])
