"""pandas, which is optional."""


def pandas():
    """The module, or an error that says how to get it.

    >>> pandas().DataFrame({"score": [0.5]}).shape
    (1, 1)
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("Tables need pandas: `pip install pandas`.") from error
    return pandas
