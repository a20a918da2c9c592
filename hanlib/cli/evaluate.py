"""`hanlib evaluate`: measures a model on a labelled data set."""

import collections
import contextlib
import json
import sys

from hanlib.cli import model_file, options, rationales


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(commands, "evaluate", "measure a model on a labelled data set", run)
    options.add_model(parser)
    options.add_dataset(parser, "default: the data set that the model was trained on")
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        help="the documents to use (default: test, else validation, else all)",
    )
    group = parser.add_argument_group("HTML report")
    group.add_argument(
        "--html",
        metavar="FILE",
        help="write a report: metrics, errors, important words, and explained documents",
    )
    options.add_method(group, "explanation method of the report")
    text = "maximum number of documents that the report explains and lists"
    options.add_number(group, "--explained", text, 500)
    parser.add_argument(
        "--rationales",
        action="store_true",
        help="compare explanations with the evidence that people marked in the documents",
    )
    options.add_token_columns(parser)
    options.add_json(parser)


def run(arguments):
    """Runs the command."""
    model_file.model_path(arguments.model)
    if model_file.labels_items(arguments.model) or model_file.reads_columns(arguments.model):
        from hanlib.cli.items import evaluate

        return evaluate.run(arguments)
    if arguments.html is not None:
        options.check_writable_file(arguments.html)
        options.check_least(arguments, "explained")
    with contextlib.redirect_stdout(sys.stderr):
        metrics = _measure(arguments)
    print(json.dumps(metrics, ensure_ascii=False) if arguments.json else _report(metrics))
    return 0


def _measure(arguments):
    from hanlib.cli.quiet import start_tensorflow

    start_tensorflow()
    from hanlib.data import load
    from hanlib.training.evaluation import evaluate
    from hanlib.training.progress import ProgressLine

    given = _load_arguments(arguments)
    classifier = model_file.load_classifier(arguments.model)
    options.check_methods(classifier, [arguments.method])
    if classifier.multi_label and not _in_catalog(given["dataset"]):
        given.setdefault("multi_label", True)
    corpus = load(**given)
    usual = next(name for name in ("test", "validation", "train") if name in corpus.splits)
    split = options.choose_split(corpus, arguments.split or usual)
    name = _name_of(split, corpus, arguments, given)
    examples, progress, labels = corpus.splits[split], ProgressLine(), collections.Counter()
    metrics = evaluate(
        classifier,
        _counted(examples, labels),
        progress=lambda done: progress(f"{corpus.name}, {name}", done, examples.size),
    )
    metrics = {**_majority(labels, classifier.multi_label), **metrics}
    if arguments.html is not None:
        _write_page(arguments, classifier, examples, f"{corpus.name}, {name}", progress)
    if arguments.rationales:
        metrics["rationales"] = rationales.measure(classifier, corpus.splits[split], progress)
    progress.close()
    return {"model": arguments.model, "dataset": corpus.name, "split": name, **metrics}


def _counted(examples, labels):
    for text, label in examples:
        labels[tuple(label) if isinstance(label, (tuple, list)) else label] += 1
        yield text, label


def _majority(labels, multi_label):
    """The number of documents of each class, and the accuracy of the most frequent label."""
    if not labels:
        return {}
    classes = collections.Counter()
    for label, count in labels.items():
        for name in label if isinstance(label, tuple) else (label,):
            classes[str(name)] += count
    ((label, count),) = labels.most_common(1)
    return {
        "class_counts": dict(classes.most_common()),
        "majority_baseline": {
            "label": list(map(str, label)) if isinstance(label, tuple) else str(label),
            "subset_accuracy" if multi_label else "accuracy": count / labels.total(),
        },
    }


def _write_page(arguments, classifier, examples, data, progress):
    from pathlib import Path

    from hanlib.cli.evaluation_page import write_page

    name = Path(arguments.model).absolute().name
    listed = write_page(
        arguments.html,
        classifier,
        examples,
        title=f"{name}: evaluation on {data}",
        about={"Model": arguments.model, "Data": data},
        method=arguments.method,
        explained=arguments.explained,
        progress=progress,
    )
    progress.close()
    print(f"{listed:,} documents in {arguments.html}", file=sys.stderr)


def _load_arguments(arguments):
    """The arguments of `load`; the recorded data set gets the same splits as in training."""
    recorded = model_file.recorded_load(arguments)
    split = {"validation_split": arguments.validation_split}
    if arguments.dataset is None:
        arguments.dataset = recorded["dataset"]
    given = options.load_arguments(arguments, **split)
    if recorded is not None and given["dataset"] == recorded["dataset"]:
        return {**recorded, **given}
    # Other files are not divided: all of their documents are measured.
    return given if _in_catalog(given["dataset"]) else {"validation_split": 0, **given}


def _in_catalog(dataset):
    from hanlib.data import describe

    return dataset in {record.name for record in describe()}


def _name_of(split, corpus, arguments, given):
    """The name of the split, or "all" for a file without splits that was not used in training."""
    undivided = arguments.split is None and set(corpus.splits) == {"train"}
    return "all" if undivided and given.get("validation_split") == 0 else split


def _report(metrics):
    lines = [f"{metrics['dataset']}, {metrics['split']}: {metrics['documents']:,} documents"]
    names = ("accuracy", "subset_accuracy", "micro_f1", "macro_f1", "loss")
    lines += [
        f"  {name.replace('_', ' '):<16} {metrics[name]:.4f}" for name in names if name in metrics
    ]
    label, baseline = metrics["majority_baseline"].values()
    label = ", ".join(label) or "none" if isinstance(label, list) else label
    lines.append(f"  {'majority class':<16} {baseline:.4f} (always {label})")
    width = max(len("class"), *map(len, metrics["per_class"]))
    lines.append(f"\n  {'class':<{width}}  precision  recall      f1  documents")
    lines += [
        f"  {name:<{width}}  {c['precision']:9.4f}  {c['recall']:.4f}  {c['f1']:.4f}"
        f"  {c['support']:9,}"
        for name, c in metrics["per_class"].items()
    ]
    if "rationales" in metrics:
        lines += rationales.report(metrics["rationales"])
    return "\n".join(lines)
