"""What a run finds once and keeps in its checkpoint, for when it is resumed."""

import numpy as np

from hanlib import atomic_files


def kept_arrays(path, kind, find):
    """The arrays in a file; where there is none, those that `find` finds, which are then written.

    Args:
        path: the `.npz` file.
        kind: a `NamedTuple` of arrays.
        find: function that returns one.

    Returns:
        A `kind`.
    """
    if path.exists():
        with np.load(path, allow_pickle=False) as arrays:
            return kind(**arrays)
    found = find()
    with atomic_files.replacing(path) as temporary:
        np.savez(temporary, **found._asdict())
    return found
