"""`hanlib serve`: a model behind TensorFlow Serving's REST API, with a page to look at."""

import argparse
import contextlib
import importlib.util
import logging
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from hanlib.cli import options
from hanlib.cli.errors import UsageError

_EXPORT = "import sys; from hanlib.cli.serve import export; sys.exit(export(*sys.argv[1:]))"


def add_parser(commands):
    """Adds the command."""
    parser = options.add_parser(commands, "serve", "answer over HTTP, as TensorFlow Serving", run)
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a folder made by `hanlib export` (all versions, or one), or a trained model",
    )
    number = options.whole_number
    parser.add_argument("--host", default="127.0.0.1", help="address (default: 127.0.0.1)")
    parser.add_argument(
        "--port", metavar="P", type=number, default=8501, help="0: any free one (default: 8501)"
    )
    parser.add_argument("--name", help="the model's name in URLs (default: that of its folder)")
    parser.add_argument("--quiet", action="store_true", help="no line for each request")
    parser.add_argument(
        "--allow-origin",
        metavar="ORIGIN",
        help="web pages from there may ask, such as https://a.example; * for all (default: none)",
    )
    _add_versions(parser.add_argument_group("versions"), number)
    _add_bounds(parser.add_argument_group("bounds"), number)


def _add_versions(group, number):
    group.add_argument(
        "--keep-versions", metavar="N", type=number, default=1, help="highest that answer (1)"
    )
    group.add_argument(
        "--version-labels",
        metavar="LABEL=VERSION",
        nargs="+",
        type=_label,
        default=[],
        help="such as stable=1; these versions answer as well",
    )
    group.add_argument(
        "--poll", metavar="S", type=float, default=1.0, help="seconds between two looks (1)"
    )


def _add_bounds(group, number):
    for name, metavar, default, text in (
        ("--max-body", "BYTES", 4 << 20, "of a request, 413 beyond (4 MiB)"),
        ("--max-queue", "DOCS", 1024, "that wait, 503 beyond (1024)"),
        ("--max-batch", "DOCS", 64, "that run together; larger requests are cut (64)"),
        ("--batch-threads", "N", 2, "batches at once (2)"),
    ):
        group.add_argument(name, metavar=metavar, type=number, default=default, help=text)
    group.add_argument(
        "--grace", metavar="S", type=float, default=30.0, help="seconds to finish in (30)"
    )


def _label(text):
    label, _, version = text.partition("=")
    if not label or not version.isdecimal():
        raise argparse.ArgumentTypeError(f"LABEL=VERSION is needed, not {text!r}")
    return label, int(version)


def run(arguments):
    """Runs the command."""
    _check(arguments)
    _log(arguments.quiet)
    from hanlib.cli.quiet import start_tensorflow

    _needed()
    with contextlib.ExitStack() as stack:
        bound = stack.enter_context(contextlib.closing(_listen(arguments)))
        place = _place(arguments.model, stack)
        # Until the server takes over, there is nothing to finish.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        start_tensorflow()
        finished = _serve(arguments, place, bound)
    # What still runs in a thread, and TensorFlow's own end, would hold the process for seconds.
    logging.shutdown()
    os._exit(0 if finished else 1)


def export(model, directory):
    """Exports a trained model as `directory/1`: run in a process that ends, as it needs Keras."""
    from hanlib.cli import model_file
    from hanlib.cli.errors import message_of

    try:
        with contextlib.redirect_stdout(sys.stderr):
            classifier = model_file.load_classifier(model)
            from hanlib.serving.export import export_version

            export_version(classifier, directory)
    except Exception as error:
        message = message_of(error)
        if message is None:
            raise
        print(message, file=sys.stderr)
        return 2
    return 0


def _check(arguments):
    bounds = {
        "--port": (0 <= arguments.port < 65536, "from 0 to 65535"),
        **{
            f"--{name.replace('_', '-')}": (getattr(arguments, name) > 0, "over 0")
            for name in ("keep_versions", "poll", "max_body", "max_queue", "max_batch")
        },
        "--batch-threads": (arguments.batch_threads > 0, "over 0"),
        "--grace": (arguments.grace >= 0, "0 or more"),
    }
    for option, (good, wanted) in bounds.items():
        if not good:
            given = getattr(arguments, option[2:].replace("-", "_"))
            raise UsageError(f"{option} must be {wanted}. Received: {given}")
    if arguments.name is not None and not _is_name(arguments.name):
        raise UsageError(f"--name must hold neither / nor :. Received: {arguments.name!r}")


def _is_name(name):
    return bool(name) and not set(name) & set("/:")


def _needed():
    """Says how to install what is missing."""
    for module in ("starlette", "uvicorn", "prometheus_client"):
        if importlib.util.find_spec(module) is None:
            raise UsageError(
                f"`hanlib serve` needs the package {module}: pip install 'hanlib[serve]'"
            )


def _listen(arguments):
    from hanlib.serving.server.listening import listen

    try:
        return listen(arguments.host, arguments.port)
    except OSError as error:
        place = f"{arguments.host}:{arguments.port}"
        raise UsageError(f"cannot listen on {place}: {error.strerror or error}") from None


def _place(model, stack):
    """`(base folder, name, only version)` of MODEL; a trained model is exported first."""
    path = Path(os.path.abspath(model))
    if not path.exists():
        raise UsageError(f"no such model: {model}")
    if (path / "saved_model.pb").is_file():
        if path.name.isdecimal():
            return path, path.parent.name, int(path.name)
        return path, path.name, 1
    if path.is_dir() and _has_version(path):
        return path, path.name, None
    if path.suffix == ".keras" or (path / "model.keras").is_file():
        return _exported(path, stack), path.stem if path.is_file() else path.name, None
    raise UsageError(
        f"{model} is no model: it must hold <version>/saved_model.pb, saved_model.pb or model.keras"
    )


def _has_version(path):
    return any(
        folder.name.isdecimal() and (folder / "saved_model.pb").is_file()
        for folder in path.iterdir()
    )


def _exported(path, stack):
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hanlib-serve-"))
    print(f"hanlib serve: exporting {path.name} ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-c", _EXPORT, str(path), folder]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"the export ended with {done.returncode}"]
        raise UsageError(lines[-1])
    return Path(folder)


def _serve(arguments, place, bound):
    from hanlib.serving.server.batching import Limits
    from hanlib.serving.server.run import NoModelError, Settings
    from hanlib.serving.server.run import run as serve

    base, name, only = place
    name = arguments.name or name
    if not _is_name(name):
        raise UsageError(f"{name!r} cannot be a model's name in a URL: give --name")
    settings = Settings(
        base=base,
        name=name,
        only=only,
        limits=Limits(
            workers=arguments.batch_threads,
            documents=arguments.max_batch,
            waiting=arguments.max_queue,
        ),
        largest_body=arguments.max_body,
        keep=arguments.keep_versions,
        labels=dict(arguments.version_labels),
        poll=arguments.poll,
        allow_origin=arguments.allow_origin,
        grace=arguments.grace,
    )

    def ready():
        host, port = bound.getsockname()[:2]
        host = f"[{host}]" if ":" in host else host
        address = f"http://{host}:{port}"
        print(f"hanlib serve: {name} answers at {address}/v1/models/{name}", flush=True)

    try:
        return serve(settings, bound, ready)
    except NoModelError as error:
        raise UsageError(f"{arguments.model} cannot be served: {error}") from None


def _log(quiet):
    """Lines on standard error: what happened to versions, and each request without its text."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log = logging.getLogger("hanlib.serve")
    log.addHandler(handler)
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    log.propagate = False
