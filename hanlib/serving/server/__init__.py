"""The development server: tries an export behind TensorFlow Serving's REST API, at one's desk.

It keeps TensorFlow Serving's paths, bodies, status codes and `error` field, and needs TensorFlow
alone. `process` starts and stops it. A request passes through

- `connections`: timeouts and the number of connections;
- `application`: the routes, the deadline, clients that disconnect;
- `bodies`, `requests`: the body, from bytes to JSON to arrays;
- `batching`: one batch for concurrent requests;
- `servable`, `interruptible`: the SavedModel, and how a run is stopped;
- `responses`: arrays to JSON.

`loaded_versions` watches the folder of the model.
"""
