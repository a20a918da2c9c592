"""The server process: loads a model, serves it, and shuts down gracefully."""

import asyncio
import concurrent.futures
import contextlib
import dataclasses
import functools
import logging
import signal
import time
from pathlib import Path

import uvicorn

from hanlib.serving.server.application import Application
from hanlib.serving.server.batching import Batcher, Limits
from hanlib.serving.server.bodies import Bodies
from hanlib.serving.server.connections import (
    BACKLOG,
    Connection,
    ConnectionLimits,
    most_connections,
)
from hanlib.serving.server.hosts import Hosts
from hanlib.serving.server.listening import refuse_newcomers
from hanlib.serving.server.loaded_versions import Versions
from hanlib.serving.server.servable import Servable
from hanlib.serving.server.server_metrics import Metrics
from hanlib.serving.server.status import StatusError
from hanlib.serving.server.warm_up import warm_up

_LOG = logging.getLogger("hanlib.serve")
# Time for clients to learn, with their next response, that the connection is closed.
_LAST_REQUESTS = 2.0
_SECONDS_BETWEEN_ACCEPT_ERRORS = 60.0


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of a server.

    Attributes:
        base: Folder of the versions of the model, or of a single version (see `only`).
        name: The model's name in URLs.
        only: The number of the version, if `base` is the folder of a single version.
        limits: `Limits` of the batches and the queue.
        connections: `ConnectionLimits`.
        largest_body: Maximum bytes of a request.
        timeout: Deadline of a request after its body has arrived, in seconds.
        keep: Number of the highest versions that are served.
        labels: `{label: version}`.
        poll: Seconds between checks of the folder for new versions.
        allow_origin: The origin whose pages may send requests, `*` for all, or None.
        allow_hosts: Accepted `Host` names besides loopback ones, `*` for all.
        grace: Maximum seconds to finish running requests when the server stops.
    """

    base: Path
    name: str
    only: int | None = None
    limits: Limits = dataclasses.field(default_factory=Limits)
    connections: ConnectionLimits = dataclasses.field(default_factory=ConnectionLimits)
    largest_body: int = 4 << 20
    timeout: float = 30.0
    keep: int = 1
    labels: dict = dataclasses.field(default_factory=dict)
    poll: float = 1.0
    allow_origin: str | None = None
    allow_hosts: tuple = ()
    grace: float = 30.0


class NoModelError(Exception):
    """No version of the model can be loaded."""


def run(settings, bound, ready=lambda: None):
    """Serves until SIGTERM or SIGINT.

    Args:
        settings: `Settings`.
        bound: The socket of `listening.listen`.
        ready: Function that is called when the server accepts requests.

    Returns:
        Whether every accepted request was answered.

    Raises:
        NoModelError: If no version can be loaded.
    """
    versions = Versions(
        settings.name,
        settings.base,
        _load,
        settings.keep,
        settings.labels,
        settings.only,
    )
    versions.refresh()
    if not versions.loaded:
        raise NoModelError(_why(versions))
    return asyncio.run(_serve(settings, bound, versions, ready))


def _load(directory):
    servable = Servable(directory)
    warm_up(servable, directory)
    return servable


def _why(versions):
    try:
        *_, message = versions.status(versions.name)[0]
    except StatusError:
        return "it holds no <version>/saved_model.pb"
    return message


async def _serve(settings, bound, versions, ready):
    asyncio.get_running_loop().set_exception_handler(_AcceptErrors())
    application = _application(settings, bound, versions)
    watcher = asyncio.create_task(_watch(versions, settings.poll))
    config = uvicorn.Config(
        _with_origin(application, settings.allow_origin),
        http=_protocol(settings.connections),
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=settings.connections.idle_seconds,
        timeout_graceful_shutdown=settings.grace,
    )
    server = Server(config, application, ready)
    try:
        await server.serve(sockets=[bound])
    finally:
        watcher.cancel()
    return not server.server_state.tasks


def _application(settings, bound, versions):
    executor = concurrent.futures.ThreadPoolExecutor(settings.limits.workers, "batch")
    batcher = Batcher(settings.limits, executor, lambda documents: metrics.batch(documents))
    metrics = Metrics(lambda: batcher.waiting, lambda: versions.loaded)
    return Application(
        versions,
        batcher,
        Bodies(settings.largest_body, 16 * settings.largest_body),
        metrics,
        Hosts(bound.getsockname()[0], settings.allow_hosts),
        settings.timeout,
    )


def _protocol(limits):
    most = most_connections(limits.connections)
    if most < limits.connections:
        _LOG.warning("at most %d connections, because of the limit of open files", most)
    return functools.partial(Connection, dataclasses.replace(limits, connections=most), {})


class _AcceptErrors:
    """An exception handler of the event loop that logs a lack of file descriptors once a minute.

    asyncio reports it for each waiting connection, and retries after a second.
    """

    def __init__(self):
        self._next = 0.0

    def __call__(self, loop, context):
        if "socket.accept() out of system resource" not in context.get("message", ""):
            loop.default_exception_handler(context)
        elif loop.time() >= self._next:
            self._next = loop.time() + _SECONDS_BETWEEN_ACCEPT_ERRORS
            _LOG.warning("new connections have to wait: %s", context.get("exception"))


async def _watch(versions, seconds):
    """Checks the folder for new versions periodically."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(versions.refresh)
        except OSError as error:  # The folder may be unavailable temporarily.
            _LOG.warning("%s: %s", versions.base, error.strerror)


def _with_origin(application, origin):
    if origin is None:
        return application
    from starlette.middleware.cors import CORSMiddleware

    return CORSMiddleware(
        application,
        allow_origins=[origin],
        allow_methods=["GET", "POST"],
        allow_headers=["content-type"],
    )


class Server(uvicorn.Server):
    """A Uvicorn server that loses no request when it stops, and exits with code 0."""

    def __init__(self, config, application, ready):
        super().__init__(config)
        self._application, self._ready = application, ready

    @contextlib.contextmanager
    def capture_signals(self):
        """Replaces the handler of Uvicorn, which raises the signal again at the end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self):
        self.force_exit = self.should_exit
        self.should_exit = True

    async def startup(self, sockets=None):
        """Calls `ready` when the socket is listening."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets=None):
        """Accepts no new connections, and closes open ones after their next response."""
        _LOG.info("stopping: no new connections")
        self._application.draining = True
        for bound in sockets:
            refuse_newcomers(bound)
        for _ in range(3):  # Accepts the connections that the kernel has already completed.
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        end = time.monotonic() + _LAST_REQUESTS
        while self.server_state.connections and time.monotonic() < end:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)
        _LOG.info("stopped")
