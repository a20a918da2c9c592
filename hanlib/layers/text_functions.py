"""The text functions of a vectorizer: the defaults of `hanlib.text`, or a user's own."""

import keras

from hanlib import text

TEXT_FUNCTIONS = {
    "normalize": text.normalize,
    "split_sentences": text.split_sentences,
    "split_words": text.split_words,
}


def text_function(name, function):
    """The function itself, where `function` may be "default"."""
    return TEXT_FUNCTIONS[name] if function == "default" else function


def check_text_function(name, function):
    """Returns an argument that must be "default" or a function."""
    if function != "default" and not callable(function):
        raise TypeError(f'`{name}` must be "default" or a function. Received: {name}={function!r}')
    return function


def serialize_text_function(name, function):
    """The argument for `get_config`; a user's function must be registered with Keras."""
    if function == "default":
        return function
    kind = function if hasattr(function, "__name__") else type(function)
    registered = keras.saving.get_registered_name(kind)
    if keras.saving.get_registered_object(registered) is not kind:
        raise ValueError(
            f"`{name}` must be a function registered with "
            '`@keras.saving.register_keras_serializable("my_package")` to be saved with the layer. '
            f"Received: {name}={function!r}"
        )
    return keras.saving.serialize_keras_object(function)
