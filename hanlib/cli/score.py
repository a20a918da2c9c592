"""`hanlib score`: classifies the rows of many files with Apache Beam."""

import json
import logging
import shutil
import sys
import warnings
from pathlib import Path

from hanlib.cli import options
from hanlib.cli.errors import UsageError
from hanlib.cli.names import did_you_mean
from hanlib.serving.signature_inputs import further_inputs

# The runners on this machine, which know no options but those of Beam's Python SDK.
_LOCAL = ("direct", "prism")


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(commands, "score", "classify many files with Apache Beam", run)
    parser.passes_on = True
    parser.epilog = "Other options, written --name=value, are passed on to Beam."
    parser.add_argument(
        "inputs",
        metavar="INPUT",
        nargs="+",
        help="CSV, TSV, JSONL (each also .gz), Parquet or text files, or patterns such as "
        "'reviews/*.jsonl', on any file system of Beam",
    )
    parser.add_argument("--output", metavar="DEST", required=True, help="a folder for the answers")
    parser.add_argument(
        "--model", metavar="EXPORT", required=True, help="a folder written by `hanlib export`"
    )
    parser.add_argument(
        "--signature",
        choices=("serving_default", "explain", "contrast", "embed"),
        default="serving_default",
        help="what to compute (default: serving_default, label and probabilities)",
    )
    for name, text in (("target", "most probable class"), ("against", "most probable other class")):
        parser.add_argument(
            f"--{name}",
            metavar="CLASS",
            help=f"with --signature contrast: why target and not against (default: the {text})",
        )
    parser.add_argument(
        "--format", choices=("jsonl", "csv", "parquet", "tfrecord"), default="jsonl",
        help="default: jsonl",
    )  # fmt: skip
    parser.add_argument("--text-column", metavar="C", help="column of the text")
    parser.add_argument("--encoding", metavar="E", default="utf-8", help="encoding of text files")
    parser.add_argument(
        "--columns",
        metavar="A,B",
        help='columns to keep in the output, or "none" (default: all; for CSV and Parquet output, '
        "those of the first file)",
    )
    parser.add_argument("--no-text", action="store_true", help="leave the text out of the output")
    options.add_number(parser, "--shards", "files of answers; 0: the runner chooses", 0)
    parser.add_argument(
        "--runner", metavar="R", default="DirectRunner", help="default: DirectRunner, this machine"
    )


def run(arguments):
    """Runs the command."""
    from hanlib.cli.quiet import start_tensorflow

    options.check_least(arguments, "shards", least=0)
    start_tensorflow(keras=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from hanlib.beam.pipeline import build
    except ImportError as error:
        if "pip install" not in str(error):
            raise
        raise UsageError('`hanlib score` needs Apache Beam: pip install "hanlib[beam]"') from error
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    pipeline = _pipeline(arguments)
    job = _job(arguments)
    _clear(job.destination)
    build(pipeline, job)
    return _run(pipeline, job)


def _run(pipeline, job):
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.runners.runner import PipelineState

    from hanlib.beam.pipeline import FINISHED

    state = pipeline.run().wait_until_finish()
    if state not in (None, PipelineState.DONE):
        print(f"hanlib: the pipeline ended in the state {state}", file=sys.stderr)
        return 1
    with FileSystems.open(FileSystems.join(job.destination, FINISHED)) as file:
        counts = json.loads(file.read())
    print("read {read:,} = scored {scored:,} + dead {dead:,}".format(**counts))
    return 0


def _pipeline(arguments):
    """The empty pipeline, with the runner and its options."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    flags = arguments.pipeline_options
    stray = [flag for flag in flags if not flag.startswith("--")]
    if stray:
        raise UsageError(f"options of Beam are written --name=value. Received: {stray[0]}")
    if arguments.runner.lower().removesuffix("runner") in _LOCAL:
        known = PipelineOptions([]).get_all_options()
        for flag in flags:
            name = flag[2:].partition("=")[0]
            if name not in known:
                hint = did_you_mean(f"--{name}", [f"--{key}" for key in (*vars(arguments), *known)])
                raise UsageError(f"unrecognized arguments: {flag}{hint}")
    try:
        settings = PipelineOptions(flags)
        return beam.Pipeline(runner=_runner(arguments.runner), options=settings)
    except (ValueError, SystemExit) as error:
        raise UsageError(f"Beam does not accept the options: {error}") from error


def _runner(name):
    if name.lower().removesuffix("runner") != "direct":
        return name
    # Beam's own DirectRunner would first try to download and start Prism.
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner

    return FnApiRunner()


def _job(arguments):
    """Checks everything that can be checked before the pipeline runs."""
    from hanlib.beam.pipeline import Job
    from hanlib.beam.rows import Reading, first_row, record_of, text_column_of
    from hanlib.serving.records import joined

    files = _files(arguments.inputs)
    row = first_row(files, arguments.encoding)
    if row is None:
        raise UsageError(f"INPUT must have a row that can be read. Received: {files[0]}")
    text_column = text_column_of(arguments.text_column, row, files[0])
    columns = _columns(arguments, row, text_column, files[0])
    classify, answer = _classify(arguments)
    reading = Reading(text_column, columns, arguments.encoding)
    record = record_of(files[0], 1, row, reading)
    if arguments.no_text:
        del record["text"]
    return Job(
        files, reading, classify, arguments.output, arguments.format, joined(record, answer),
        not arguments.no_text, arguments.shards,
    )  # fmt: skip


def _classify(arguments):
    """The `Classify`, and an answer of the model, whose columns are those of the output."""
    import tensorflow as tf

    from hanlib.beam import Classify
    from hanlib.serving.rejections import rejection

    classes = {name: getattr(arguments, name) for name in further_inputs("contrast")}
    classes = {name: value for name, value in classes.items() if value is not None}
    if classes and arguments.signature != "contrast":
        raise UsageError(f"--{next(iter(classes))} needs --signature contrast")
    try:
        classify = Classify(arguments.model, arguments.signature, **classes)
        return classify, _sample(classify)
    except (FileNotFoundError, ValueError) as error:
        message = str(error).replace("`path`", "--model")
    except tf.errors.InvalidArgumentError as error:  # An unknown class.
        message = rejection(error)
    for name in ("signature", *further_inputs("contrast")):
        message = message.replace(f"`{name}`", f"--{name}")
    raise UsageError(message)


def _files(patterns):
    from apache_beam.io.filesystem import BeamIOError
    from apache_beam.io.filesystems import FileSystems

    from hanlib.data.formats import format_of

    files = {}
    for pattern in patterns:
        try:
            (found,) = FileSystems.match([pattern])
        except (BeamIOError, ValueError) as error:
            raise UsageError(f"cannot read INPUT {pattern}: {error}") from error
        if not found.metadata_list:
            raise UsageError(
                f"no file matches INPUT {pattern} (options of Beam are written --name=value)"
            )
        files.update((file.path, None) for file in found.metadata_list)
    for file in files:
        if format_of(file) is None:
            raise UsageError(
                "INPUT must end in .csv, .tsv, .jsonl, .txt (each optionally .gz) or .parquet. "
                f"Received: {file}"
            )
    return list(files)


def _columns(arguments, row, text_column, name):
    """The columns to keep, or None for all."""
    others = [column for column in row if column != text_column]
    if arguments.columns is None:
        return tuple(others) if arguments.format in ("csv", "parquet") else None
    given = [] if arguments.columns == "none" else arguments.columns.split(",")
    names = tuple(column.strip() for column in given)
    for column in names:
        if column not in others:
            listed = ", ".join(others) or "none"
            raise UsageError(
                f"--columns: {name} has no column {column!r} beside the text: "
                f"its columns are {listed}"
            )
    return names


def _sample(classify):
    from hanlib.beam.answers import answers_of

    handler = classify.handler
    return answers_of(handler.load_model(), handler.signature, [b""], **handler.further)[0]


def _clear(destination):
    """Refuses a finished output, and removes what a stopped run left behind."""
    from apache_beam.io.filesystem import BeamIOError
    from apache_beam.io.filesystems import FileSystems

    from hanlib.beam.pipeline import ANSWERS, DEAD, FINISHED

    try:
        (found,) = FileSystems.match([FileSystems.join(destination, "**")])
    except (BeamIOError, ValueError) as error:
        raise UsageError(f"cannot write to --output {destination}: {error}") from error
    start = FileSystems.join(destination, "")
    names = {file.path[len(start) :].split("/")[0] for file in found.metadata_list}
    if FINISHED in names:
        raise UsageError(f"--output {destination} holds a finished output: remove it to run again")
    ours = (f"{ANSWERS}-", f"{DEAD}-", f"beam-temp-{ANSWERS}-", f"beam-temp-{DEAD}-", FINISHED)
    foreign = sorted(name for name in names if not name.startswith(ours))
    if foreign:
        raise UsageError(f"--output {destination} must be an empty folder. It holds {foreign[0]}")
    if names:
        FileSystems.delete([file.path for file in found.metadata_list])
    for folder in Path(destination).glob("beam-temp-*"):
        shutil.rmtree(folder)
