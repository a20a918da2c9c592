"""The development server: a SavedModel behind TensorFlow Serving's REST API, TensorFlow alone.

A request goes through one file after the other: `application` (routes), `requests` (JSON to
arrays), `batching` (joined with its neighbours), `servable` (the SavedModel), `responses`
(arrays to JSON). `versions` watches the folder, `run` starts and stops the process.
"""
