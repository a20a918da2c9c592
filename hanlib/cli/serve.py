"""`hanlib serve`: serves a model with TensorFlow Serving's REST API and a web page."""

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
    parser = options.add_parser(
        commands, "serve", "serve a model over HTTP, with TensorFlow Serving's REST API", run
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a folder written by `hanlib export` (all versions, or one), or a trained model",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address (default: 127.0.0.1)")
    options.add_number(parser, "--port", "port, 0 for any free one", 8501, metavar="P")
    parser.add_argument("--name", help="the model's name in URLs (default: that of its folder)")
    parser.add_argument("--quiet", action="store_true", help="do not log requests")
    parser.add_argument(
        "--allow-origin",
        metavar="ORIGIN",
        help="origin whose web pages may send requests, such as https://a.example; * for all "
        "(default: none)",
    )
    parser.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="a `Host` name to answer to besides loopback ones, repeatable; * for all (default: "
        "none if --host is a loopback address, else all)",
    )
    group = parser.add_argument_group("versions")
    _add_numbers(group, _VERSIONS)
    group.add_argument(
        "--version-labels",
        metavar="LABEL=VERSION",
        nargs="+",
        type=_label,
        default=[],
        help="labels of versions, such as stable=1; these versions are served too",
    )
    _add_numbers(parser.add_argument_group("limits"), _LIMITS)
    _add_numbers(parser.add_argument_group("times"), _TIMES)


def _add_numbers(group, numbers):
    for name, (metavar, default, _, text) in numbers.items():
        kind = float if isinstance(default, float) else options.whole_number
        help_text = f"{text} (default: {default})"
        group.add_argument(name, metavar=metavar, type=kind, default=default, help=help_text)


# Option: (metavar, default, minimum, help).
_VERSIONS = {
    "--keep-versions": ("N", 1, 1, "number of the highest versions to serve"),
    "--poll": ("S", 1.0, 0.001, "seconds between checks for new versions"),
}
_LIMITS = {
    "--max-body": ("BYTES", 4 << 20, 1, "maximum bytes of a request; 413 above"),
    "--max-queue": ("DOCS", 1024, 1, "maximum documents in the queue; 503 above"),
    "--max-batch": ("DOCS", 64, 1, "maximum documents in a batch; larger requests are split"),
    "--max-connections": ("N", 512, 1, "maximum connections; above, an idle one is closed, or 503"),
    "--batch-threads": ("N", 2, 1, "number of batches that run in parallel"),
}
_TIMES = {
    "--timeout": ("S", 30.0, 0.001, "maximum seconds for a request; 504 after"),
    "--header-timeout": (
        "S",
        10.0,
        0.001,
        "maximum seconds for a client to send the headers of a request",
    ),
    "--idle-timeout": ("S", 75.0, 0.001, "seconds until an idle connection is closed"),
    "--grace": ("S", 30.0, 0, "maximum seconds to finish requests after SIGTERM"),
}


def _label(text):
    label, _, version = text.partition("=")
    if not label or not version.isdecimal():
        raise argparse.ArgumentTypeError(f"must be LABEL=VERSION. Received: {text!r}")
    return label, int(version)


def run(arguments):
    """Runs the command."""
    _check(arguments)
    _log(arguments.quiet)
    from hanlib.cli.quiet import start_tensorflow

    _needed()
    with contextlib.ExitStack() as stack:
        bound = stack.enter_context(contextlib.closing(_listen(arguments)))
        model = _find_model(arguments.model, stack)
        # Before the server handles the signal, there are no requests to finish.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        start_tensorflow()
        finished = _serve(arguments, model, bound)
    # Running threads and TensorFlow's shutdown would delay the exit by seconds.
    logging.shutdown()
    os._exit(0 if finished else 1)


def export(model, directory):
    """Exports a trained model as `directory/1`, in a separate process since it needs Keras."""
    from hanlib.cli import model_file
    from hanlib.cli.errors import message_of

    try:
        with contextlib.redirect_stdout(sys.stderr):
            if model_file.labels_items(model):
                from hanlib.serving.item_export import export_item_version as export_version

                loaded = model_file.load(model)
            else:
                loaded = model_file.load_classifier(model)
                from hanlib.serving.export import export_version
            export_version(loaded, directory)
    except Exception as error:
        message = message_of(error)
        if message is None:
            raise
        print(message, file=sys.stderr)
        return 2
    return 0


def _check(arguments):
    if not 0 <= arguments.port < 65536:
        raise UsageError(f"--port must be from 0 to 65535. Received: {arguments.port}")
    for option, (_, _, least, _) in {**_VERSIONS, **_LIMITS, **_TIMES}.items():
        options.check_least(arguments, option[2:].replace("-", "_"), least=least)
    if arguments.name is not None and not _is_name(arguments.name):
        raise UsageError(f"--name must contain neither / nor :. Received: {arguments.name!r}")


def _is_name(name):
    return bool(name) and not set(name) & set("/:")


def _needed():
    """Raises `UsageError`, with the command to install it, if a package is missing."""
    for module in ("starlette", "uvicorn", "httptools", "prometheus_client"):
        if importlib.util.find_spec(module) is None:
            raise UsageError(
                f"`hanlib serve` needs the package {module}: pip install 'hanlib[serve]'"
            )


def _listen(arguments):
    from hanlib.serving.server.listening import listen

    try:
        return listen(arguments.host, arguments.port)
    except OSError as error:
        address = f"{arguments.host}:{arguments.port}"
        raise UsageError(f"cannot listen on {address}: {error.strerror or error}") from None


def _find_model(model, stack):
    """`(base folder, name, only version)` of MODEL. A trained model is exported first."""
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
        f"{model} is not a model: it must contain <version>/saved_model.pb, saved_model.pb or "
        "model.keras"
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


def _serve(arguments, model, bound):
    from hanlib.serving.server.batching import Limits
    from hanlib.serving.server.connections import ConnectionLimits
    from hanlib.serving.server.process import NoModelError, Settings
    from hanlib.serving.server.process import run as serve

    base, name, only = model
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
        connections=ConnectionLimits(
            connections=arguments.max_connections,
            head_seconds=arguments.header_timeout,
            idle_seconds=arguments.idle_timeout,
        ),
        largest_body=arguments.max_body,
        timeout=arguments.timeout,
        keep=arguments.keep_versions,
        labels=dict(arguments.version_labels),
        poll=arguments.poll,
        allow_origin=arguments.allow_origin,
        allow_hosts=tuple(arguments.allow_host),
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
    """Logs versions and requests, without their text, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    log = logging.getLogger("hanlib.serve")
    log.addHandler(handler)
    log.setLevel(logging.WARNING if quiet else logging.INFO)
    log.propagate = False
