"""Groups documents of similar size, so that little time is spent on waiting for the longest."""


def batches(sizes, most, most_size):
    """Indices of items in batches of similar size, each of at most `most` items and `most_size`.

    >>> list(batches([5, 1, 9, 2], most=2, most_size=8))
    [[1, 3], [0], [2]]
    """
    batch, size = [], 0
    for index in sorted(range(len(sizes)), key=sizes.__getitem__):
        if batch and (len(batch) == most or size + sizes[index] > most_size):
            yield batch
            batch, size = [], 0
        batch.append(index)
        size += sizes[index]
    if batch:
        yield batch
