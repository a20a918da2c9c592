"""Prometheus metrics of the server. Labels never contain text sent by clients."""

import prometheus_client as prometheus

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


prometheus.disable_created_metrics()


class Metrics:
    """The metrics of one server.

    Args:
        waiting: Function that returns the number of documents in the queue.
        versions: Function that returns the numbers of the loaded versions.
    """

    def __init__(self, waiting, versions):
        self._registry = prometheus.CollectorRegistry()
        self._requests = prometheus.Counter(
            "hanlib_requests", "Requests answered", ["route", "code"], registry=self._registry
        )
        self._seconds = prometheus.Histogram(
            "hanlib_request_seconds",
            "Time from the end of a request's head to its answer",
            ["route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._documents = prometheus.Histogram(
            "hanlib_batch_documents",
            "Documents in a batch",
            buckets=[2**power for power in range(12)],
            registry=self._registry,
        )
        self._version = prometheus.Gauge(
            "hanlib_version_loaded",
            "1 if the version answers",
            ["version"],
            registry=self._registry,
        )
        queue = prometheus.Gauge(
            "hanlib_queue_documents", "Documents in the queue", registry=self._registry
        )
        queue.set_function(waiting)
        for collector in (prometheus.ProcessCollector, prometheus.PlatformCollector):
            collector(registry=self._registry)
        self._versions = versions

    def answered(self, route, code, seconds):
        """Records a response."""
        self._requests.labels(route, str(code)).inc()
        self._seconds.labels(route).observe(seconds)

    def batch(self, documents):
        """Records a batch."""
        self._documents.observe(documents)

    def text(self):
        """The metrics in the text format of Prometheus, as bytes."""
        self._version.clear()
        for version in self._versions():
            self._version.labels(str(version)).set(1)
        return prometheus.generate_latest(self._registry)


CONTENT_TYPE = prometheus.CONTENT_TYPE_LATEST
