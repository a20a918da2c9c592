"""Loads files of hanlib 0.1, which have different argument names and weight paths."""

import re

_RENAMED = {"embedding_dropout": "input_dropout", "word_dropout": "embedding_dropout"}


def rename_dropouts(config):
    """Returns a configuration with the current names of the dropout arguments.

    >>> rename_dropouts({"embedding_dropout": 0.3, "word_dropout": 0.1})
    {'input_dropout': 0.3, 'embedding_dropout': 0.1}
    """
    if "word_dropout" not in config:
        return config
    return {_RENAMED.get(name, name): value for name, value in config.items()}


def path_of_0_1(path):
    """Returns the path at which 0.1 stored the weights that are now stored at `path`.

    >>> path_of_0_1("encoder/levels/level_encoder_1/pooling")
    'encoder/encoder/levels/row_encoder_1/pooling'
    """
    path = path.replace("level_encoder", "row_encoder")
    return re.sub(r"(^|/)(embedding|levels)(/|$)", r"\1encoder/\2\3", path, count=1)


def accept_paths_of_0_1(store):
    """Makes a Keras weights store also find weights at the paths of 0.1.

    It is called in `load_own_variables`, which Keras calls before it looks up the paths of
    sublayers.
    """
    file = getattr(store, "h5_file", None)
    if file is None or "get" in vars(store):
        return
    get = store.get

    def get_either(path):
        candidates = [path, path.replace("level_encoder", "row_encoder"), path_of_0_1(path)]
        return get(next((found for found in candidates if found in file), path))

    store.get = get_either
