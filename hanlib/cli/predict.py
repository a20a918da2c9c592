"""`hanlib predict`: classifies texts from the command line, a file or standard input."""

import contextlib
import functools
import itertools
import os
import sys

from hanlib.cli import model_file, options, texts
from hanlib.cli.errors import UsageError
from hanlib.cli.predictions import (
    FORMATS,
    check_parquet,
    format_of,
    stream,
    write_file,
)
from hanlib.serving.records import json_line, record_of


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(commands, "predict", "classify a stream of texts", run)
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?",
        help="a folder written by `hanlib train`, or a .keras file",
    )
    texts.add_arguments(parser)
    parser.add_argument(
        "--saved-model",
        metavar="DIR",
        help="instead of MODEL: a folder written by `hanlib export`, or one version in it",
    )
    texts.add_columns(parser)
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="a .csv, .tsv, .jsonl (each also .gz) or .parquet file (default: standard output)",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="default: from the name of --output, else table on a terminal, otherwise jsonl",
    )
    options.add_token_columns(parser)
    parser.add_argument(
        "--resume",
        action="store_true",
        help="continue --output if a run with the same --input was stopped",
    )


def run(arguments):
    """Runs the command."""
    if _of_items(arguments):
        from hanlib.cli.items import predict

        predict.run(arguments)
        return
    from hanlib.cli.classify import windows

    _check(arguments)
    records = texts.records(arguments)
    with contextlib.redirect_stdout(sys.stderr):
        model = _model(arguments)
    if arguments.output is not None:
        _write_file(arguments, model, records)
        return
    _write(stream(sys.stdout, _format(arguments)), model, windows(records))


def _of_items(arguments):
    """Whether the model labels sentences or words, or reads columns of words."""
    if arguments.saved_model is None:
        model = arguments.model
        if model is None:
            return False  # Reported by `_check`.
        return model_file.labels_items(model) or model_file.reads_columns(model)
    from hanlib.cli.quiet import start_tensorflow

    start_tensorflow(keras=False)
    from hanlib.serving.export_outputs import labels_items
    from hanlib.serving.scoring import served_path

    try:
        return labels_items(served_path(arguments.saved_model))
    except FileNotFoundError:
        return False  # Reported when it is loaded.


def _check(arguments):
    """Completes and checks the arguments, before anything slow is done."""
    if arguments.output is not None:
        options.check_writable_file(arguments.output)
    if _format(arguments) == "parquet":
        check_parquet()
    if arguments.saved_model is not None:
        # The first TEXT was parsed as MODEL.
        arguments.texts = [*([arguments.model] if arguments.model else []), *arguments.texts]
        arguments.model = None
    elif arguments.model is None:
        raise UsageError("MODEL or --saved-model must be given (see `hanlib predict --help`)")
    else:
        model_file.model_path(arguments.model)
    if arguments.resume and not (arguments.output and _reads_a_file(arguments)):
        raise UsageError("--resume needs --input with a file, and --output")


def _model(arguments):
    """An object with `classes`, `multi_label` and `answers(texts)`."""
    if arguments.saved_model is None:
        from hanlib.cli.classify import KerasModel

        return KerasModel(model_file.load_classifier(arguments.model))
    from hanlib.cli.quiet import start_tensorflow

    # An export does not need Keras; without it, the start takes half the time.
    start_tensorflow(keras=False)
    from hanlib.serving.scoring import ServedModel

    try:
        return ServedModel(arguments.saved_model)
    except (FileNotFoundError, ValueError) as error:
        raise UsageError(str(error).replace("`path`", "--saved-model")) from error


def _write(write, model, windows, reached=lambda documents: None, done=0):
    from hanlib.cli.classify import classify

    for answered in classify(model, windows):
        for record, labels, probabilities in answered:
            write(record_of(record, model, labels, probabilities))
        done += len(answered)
        reached(done)


def _write_file(arguments, model, records):
    from hanlib.cli.classify import whole_windows
    from hanlib.cli.partial_output import PartialOutput
    from hanlib.training.progress import ProgressLine

    progress = ProgressLine()
    described, resumable = _described(arguments, model), _reads_a_file(arguments)
    finish = functools.partial(write_file, _format(arguments), arguments.output)
    output = PartialOutput(arguments.output, finish, described, arguments.resume, resumable)
    if output.done:
        progress.note(f"continuing after {output.done:,} documents")
    elif arguments.resume:
        progress.note("no unfinished run to resume: starting from the beginning")

    def reached(done):
        output.reached(done)
        progress("classifying", done)

    with _hint_of_resume(arguments), output:
        _write(
            lambda record: output.file.write(json_line(record)),
            model,
            whole_windows(itertools.islice(records, output.done, None)),
            reached,
            output.done,
        )
        progress.close()


@contextlib.contextmanager
def _hint_of_resume(arguments):
    try:
        yield
    except KeyboardInterrupt:
        if not _reads_a_file(arguments):
            raise
        raise KeyboardInterrupt("the same command with --resume continues from here") from None


def _described(arguments, model):
    """Everything that determines the output; a run can be resumed only if it is unchanged."""
    if arguments.saved_model is None:
        file = model_file.model_path(arguments.model)
    else:
        file = model.path / "saved_model.pb"
    described = {"model": _state(file), "format": _format(arguments)}
    if _reads_a_file(arguments):
        described["input"] = _state(arguments.input)
    for name in ("text_column", "encoding", "columns"):
        described[name.replace("_", "-")] = getattr(arguments, name)
    return described


def _reads_a_file(arguments):
    return arguments.input not in (None, "-")


def _state(path):
    found = os.stat(path)
    return [os.path.abspath(path), found.st_size, found.st_mtime_ns]


def _format(arguments):
    if arguments.output is not None:
        return format_of(arguments.output, arguments.format)
    if arguments.format == "parquet":
        raise UsageError("--format parquet needs --output")
    return arguments.format or ("table" if sys.stdout.isatty() else "jsonl")
