"""The REST client, for TensorFlow Serving and `hanlib serve`."""

import json
from urllib.parse import quote

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError, TimeoutError

from hanlib.serving.client.errors import ServingError
from hanlib.serving.client.serving_client import ServingClient

_TRANSIENT = (503, 504)


class RestClient(ServingClient):
    """A client for TensorFlow Serving's REST API, which `hanlib serve` implements as well.

    Requests are retried if the server cannot be reached, returns 503 or 504, or times out.
    `Retry-After` is respected up to 30 s. The client is thread-safe.

    Args:
        address: URL such as `"http://127.0.0.1:8501"`; it may have a path in front of `/v1`.
        model, version, label, timeout, retries, batch_size: See `ServingClient`.
        headers: Additional HTTP headers, such as the `Authorization` of a gateway.

    Raises:
        ValueError: If an argument is out of range.

    >>> client = RestClient("http://127.0.0.1:8501", model="reviews", label="stable", retries=0)
    >>> client.url
    'http://127.0.0.1:8501/v1/models/reviews/labels/stable'
    >>> client.predict([])
    []
    """

    def __init__(self, address, model, version=None, label=None, *, headers=None, **options):
        super().__init__(model, version, label, **options)
        if not str(address).startswith(("http://", "https://")):
            raise ValueError(
                f"`address` must be a URL such as 'http://127.0.0.1:8501'. Received: {address!r}"
            )
        self.url = f"{address.rstrip('/')}/v1/models/{quote(model, safe='')}"
        if version is not None:
            self.url += f"/versions/{int(version)}"
        if label is not None:
            self.url += f"/labels/{quote(label, safe='')}"
        self._headers = dict(headers or {})
        self._pool = urllib3.PoolManager(retries=False, maxsize=8)

    def _outputs(self, signature, inputs):
        # The values of a single input may stand without its name.
        body = {
            "signature_name": signature,
            "inputs": inputs if len(inputs) > 1 else inputs["text"],
        }
        outputs = self._asked_over_http("POST", f"{self.url}:predict", body).get("outputs")
        # The single output of a signature is returned without its name.
        return outputs if isinstance(outputs, dict) else {"vectors": outputs}

    def _status(self):
        return self._asked_over_http("GET", self.url)

    def _metadata(self):
        return self._asked_over_http("GET", f"{self.url}/metadata")

    def _asked_over_http(self, method, url, body=None):
        sent = {} if body is None else {"body": json.dumps(body, ensure_ascii=False).encode()}
        headers = {"Content-Type": "application/json", **self._headers} if body else self._headers
        try:
            response = self._pool.request(
                method, url, headers=headers, timeout=self.timeout, **sent
            )
        except HTTPError as error:
            raise _failure(error, url, self.timeout) from error
        return _answer(response, url)


def _failure(error, url, timeout):
    """The `ServingError` for a request without a response."""
    # In urllib3, a refused connection is a subclass of timeouts.
    if isinstance(error, TimeoutError) and not isinstance(error, NewConnectionError):
        return ServingError(f"{url} did not answer within {timeout} s", transient=True)
    # A wrong certificate is permanent; a server may be restarting.
    return ServingError(
        f"{url} cannot be reached: {error}", transient=not isinstance(error, SSLError)
    )


def _answer(response, url):
    """The JSON of a response; raises a `ServingError` if it is an error."""
    try:
        answer = json.loads(response.data)
    except ValueError:
        answer = None
    if response.status == 200 and isinstance(answer, dict) and "error" not in answer:
        return answer
    if isinstance(answer, dict) and "error" in answer:
        message = str(answer["error"])
    else:
        start = response.data[:200].decode(errors="replace")
        message = f"{url} returned no JSON object with an answer or an error: {start!r}"
    wait = _seconds(response.headers.get("Retry-After"))
    raise ServingError(message, response.status, response.status in _TRANSIENT, wait)


def _seconds(retry_after):
    """The seconds of `Retry-After`, a number or a date; None if it is missing or invalid."""
    if retry_after is None:
        return None
    try:
        return urllib3.Retry().parse_retry_after(retry_after)
    except HTTPError:
        return None
