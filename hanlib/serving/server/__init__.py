"""The development server, for trying out an export behind TensorFlow Serving's REST API.

It has the paths, bodies, status codes and `error` field of TensorFlow Serving, and needs TensorFlow
but not Keras. `process` starts and stops the server. A request is handled by

- `connections`: timeouts and the limit of connections;
- `application`: routes, deadlines, and cancellation when a client disconnects;
- `bodies`, `requests`: conversion of the body from bytes to JSON to arrays;
- `batching`: joins concurrent requests into batches;
- `servable`, `interruptible`: the SavedModel, and the cancellation of a run;
- `responses`: conversion of arrays to JSON.

`loaded_versions` watches the folder of the model.
"""
