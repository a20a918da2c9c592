"""Imports pandas, which is optional."""


def pandas():
    """Returns the module `pandas`, or raises an error with an installation hint.

    >>> pandas().DataFrame({"score": [0.5]}).shape
    (1, 1)
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("Tables need pandas: `pip install pandas`.") from error
    return pandas
