"""`hanlib evaluate`: how well a model does on a labelled data set."""

import contextlib
import json
import sys

from hanlib.cli import model_file, options
from hanlib.cli.errors import UsageError


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(commands, "evaluate", "measure a model on a labelled data set", run)
    options.add_model(parser)
    options.add_dataset(parser, "default: the data set that the model was trained on")
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        help="which documents (default: test, else validation, else all there are)",
    )
    options.add_json(parser)


def run(arguments):
    """Runs the command."""
    model_file.model_path(arguments.model)
    with contextlib.redirect_stdout(sys.stderr):
        metrics = _measure(arguments)
    print(json.dumps(metrics, ensure_ascii=False) if arguments.json else _report(metrics))


def _measure(arguments):
    from hanlib.data import load
    from hanlib.training.progress import ProgressLine

    recorded = model_file.record(arguments.model, "dataset.json") or {}
    given = _load_arguments(arguments, recorded)
    classifier = model_file.load_classifier(arguments.model)
    if classifier.multi_label and not _in_catalog(given["dataset"]):
        given.setdefault("multi_label", True)
    corpus = load(**given)
    split = _choose_split(corpus, arguments.split)
    from hanlib.training.evaluation import evaluate

    progress, size = ProgressLine(), corpus.splits[split].size
    metrics = evaluate(
        classifier,
        corpus.splits[split],
        progress=lambda done: progress(f"{corpus.name}, {split}", done, size),
    )
    progress.close()
    return {"model": arguments.model, "dataset": corpus.name, "split": split, **metrics}


def _load_arguments(arguments, recorded):
    """The recorded data set is loaded as it was in training: the same documents are held out."""
    recorded = recorded.get("load")
    if arguments.dataset is None and recorded is None:
        raise UsageError(
            f"DATASET must be given: nothing beside {arguments.model} says what it was trained on"
        )
    split = {"validation_split": arguments.validation_split}
    if arguments.dataset is None:
        arguments.dataset = recorded["dataset"]
    given = options.load_arguments(arguments, **split)
    if recorded is not None and given["dataset"] == recorded["dataset"]:
        return {**recorded, **given}
    # Of a file that was not trained on, nothing is held out.
    return given if _in_catalog(given["dataset"]) else {"validation_split": 0, **given}


def _in_catalog(dataset):
    from hanlib.data import describe

    return dataset in {record.name for record in describe()}


def _choose_split(corpus, wanted):
    if wanted is None:
        return next(name for name in ("test", "validation", "train") if name in corpus.splits)
    if wanted not in corpus.splits:
        raise UsageError(f"{corpus.name} has no {wanted} split; it has {', '.join(corpus.splits)}")
    return wanted


def _report(metrics):
    lines = [f"{metrics['dataset']}, {metrics['split']}: {metrics['documents']:,} documents"]
    names = ("accuracy", "subset_accuracy", "micro_f1", "macro_f1", "loss")
    lines += [
        f"  {name.replace('_', ' '):<16} {metrics[name]:.4f}" for name in names if name in metrics
    ]
    width = max(len("class"), *map(len, metrics["per_class"]))
    lines.append(f"\n  {'class':<{width}}  precision  recall      f1  documents")
    lines += [
        f"  {name:<{width}}  {c['precision']:9.4f}  {c['recall']:.4f}  {c['f1']:.4f}"
        f"  {c['support']:9,}"
        for name, c in metrics["per_class"].items()
    ]
    return "\n".join(lines)
