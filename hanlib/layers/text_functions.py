"""The text functions of a vectorizer: those of `hanlib.text`, or a user's own."""

import functools

import keras
import tensorflow as tf

from hanlib import text

TEXT_FUNCTIONS = {
    "normalize": text.normalize,
    "split_sentences": text.split_sentences,
    "split_words": text.split_words,
}


def sentences_and_words(
    text, normalize="default", split_sentences="default", split_words="default"
):
    """Normalizes texts and splits them into sentences and words.

    Args:
        text: `<string>[docs]`.
        normalize, split_sentences, split_words: Functions, or "default" for those of `hanlib.text`.

    Returns:
        Ragged `<string>[docs, (sentences)]` and `<string>[docs, (sentences), (words)]`.

    Raises:
        ValueError: If the functions do not add one ragged level each.

    >>> sentences, words = sentences_and_words(tf.constant(["Go on. Why?"]))
    >>> words.to_list()
    [[[b'Go', b'on', b'.'], [b'Why', b'?']]]
    """
    given = {
        "normalize": normalize, "split_sentences": split_sentences, "split_words": split_words
    }  # fmt: skip
    own = {name: function for name, function in given.items() if function != "default"}
    sentences, words = _split(text, **{**TEXT_FUNCTIONS, **own}) if own else _default_graph()(text)
    if not isinstance(words, tf.RaggedTensor) or words.ragged_rank != 2:
        raise ValueError(
            "`split_sentences` and `split_words` must each add one ragged level, to "
            f"[docs, (sentences), (words)]. Received: {words.shape} from {split_words}"
        )
    return sentences, words


def _split(text, normalize, split_sentences, split_words):
    sentences = split_sentences(normalize(text))
    return sentences, split_words(sentences)


@functools.cache
def _default_graph():
    """The default functions as a graph, traced once for all vectorizers and exports."""
    return tf.function(
        functools.partial(_split, **TEXT_FUNCTIONS),
        input_signature=[tf.TensorSpec([None], tf.string)],
        autograph=False,
    )


def words_of_sentences(sentences, normalize="default", split_words="default"):
    """Normalizes sentences and splits them into words; one without words gets an empty word.

    Args:
        sentences: `<string>[sentences]`.
        normalize, split_words: As in `sentences_and_words`.

    Returns:
        Ragged `<string>[sentences, (words)]`, at least one word in each.

    >>> words_of_sentences(tf.constant(["Go on.", " "])).to_list()
    [[b'Go', b'on', b'.'], [b'']]
    """
    given = {"normalize": normalize, "split_words": split_words}
    functions = {**TEXT_FUNCTIONS, **{k: f for k, f in given.items() if f != "default"}}
    words = functions["split_words"](functions["normalize"](sentences))
    missing = tf.cast(words.row_lengths() == 0, tf.int64)
    filler = tf.RaggedTensor.from_row_lengths(tf.fill([tf.reduce_sum(missing)], ""), missing)
    return tf.concat([words, filler], axis=1)


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
