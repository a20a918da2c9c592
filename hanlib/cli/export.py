"""`hanlib export`: exports a model as a SavedModel that needs only TensorFlow."""

import contextlib
import sys

from hanlib.cli import model_file, options
from hanlib.cli.errors import UsageError


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(
        commands,
        "export",
        "export a model as the next version of a SavedModel, which takes raw text and returns "
        "answers and evidence",
        run,
    )
    options.add_model(parser)
    parser.add_argument(
        "directory", metavar="DIR", help="folder of the versions DIR/1/, DIR/2/, ..."
    )
    parser.add_argument(
        "--half", action="store_true", help="store the word vectors in float16: half the size"
    )
    parser.add_argument(
        "--fold",
        action="store_true",
        help="store word vectors x input kernels as one table: faster, but usually larger; the "
        "command prints the size",
    )
    for name, most in (("sentences", 512), ("words", 4096)):
        text = f"maximum number of {name} that `explain` returns per document"
        options.add_number(parser, f"--most-{name}", text, most)
    parser.add_argument(
        "--check",
        action="store_true",
        help="load the export in a new process without hanlib and compare its answers with those "
        "of the model, including edge cases; exit code 1 if they differ",
    )


def run(arguments):
    """Runs the command."""
    model_file.model_path(arguments.model)
    options.check_writable(arguments.directory)
    checked = _checked(arguments)
    if model_file.labels_items(arguments.model):
        if arguments.fold:
            raise UsageError("--fold needs a classifier of documents")
        return _export_items(arguments)
    options.check_least(arguments, "most_sentences", "most_words")
    with contextlib.redirect_stdout(sys.stderr):
        classifier = model_file.load_classifier(arguments.model)
        path = _export(classifier, arguments)
        report = _check(path, classifier, arguments) if checked else None
    return _finish(path, report, arguments)


def _export_items(arguments):
    with contextlib.redirect_stdout(sys.stderr):
        model = model_file.load(arguments.model)
        from hanlib.serving.item_check import check_items
        from hanlib.serving.item_export import export_item_version

        options = {"half_precision_tables": arguments.half}
        path = export_item_version(model, arguments.directory, **options)
        _write_base_files(path, model, arguments, options)
        report = None
        if _checked(arguments):
            _tell("checking the export")
            report = check_items(path, model, **options)
    return _finish(path, report, arguments)


def _checked(arguments):
    """Whether the export is checked, which is done with texts."""
    if not model_file.reads_columns(arguments.model):
        return arguments.check or arguments.half or arguments.fold
    if arguments.check:
        raise UsageError(f"--check needs a model that reads texts; {arguments.model} reads columns")
    return False


def _finish(path, report, arguments):
    print(path)
    if report is None:
        return 0
    print(report, file=sys.stdout if arguments.check else sys.stderr)
    return 0 if report.passed else 1


def _export(classifier, arguments):
    from hanlib.serving.export import export_version

    exported = {
        "most_sentences": arguments.most_sentences,
        "most_words": arguments.most_words,
        "half_precision_tables": arguments.half,
        "fold": arguments.fold,
    }
    if arguments.fold:
        _check_foldable(classifier.encoder)
    path = export_version(classifier, arguments.directory, progress=_tell, **exported)
    _write_base_files(path, classifier, arguments, exported)
    return path


def _check_foldable(encoder):
    from hanlib.serving.folded_table import check_foldable

    try:
        check_foldable(encoder)
    except ValueError as error:
        raise UsageError(str(error)) from None


def _write_base_files(path, model, arguments, exported):
    """Writes the model card and the configuration of servers beside the versions."""
    from hanlib.serving.base_folder import write_base_files

    known = {
        name: model_file.record(arguments.model, f"{name}.json")
        for name in ("dataset", "recipe", "metrics")
    }
    for name in write_base_files(path.parent, model, **known, options=exported):
        _tell(f"{path.parent / name} was changed by hand and is not overwritten")


def _check(path, classifier, arguments):
    from hanlib.serving.export_check import check

    _tell("checking the export")
    return check(path, classifier, half_precision_tables=arguments.half, fold=arguments.fold)


def _tell(message):
    print(message, file=sys.stderr, flush=True)
