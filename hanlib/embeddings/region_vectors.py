"""Region embeddings: vectors of the words in a window that predict the words around it."""

import typing

import numpy as np

from hanlib.blas_threads import one_blas_thread
from hanlib.embeddings.adam import Adam

# Positions of a step, and steps over which the learning rate falls to 0.
_BATCH, _STEPS, _RATE = 8_192, 2_000, 6e-3


class RegionVectors(typing.NamedTuple):
    """What `region_vectors` returns.

    Attributes:
        vectors: `<float32>[ids, width]`, W; the row of the padding id is zeros.
        bias: `<float32>[width]`, b.

    >>> RegionVectors._fields
    ('vectors', 'bias')
    """

    vectors: np.ndarray
    bias: np.ndarray


def region_vectors(
    blocks,
    vocabulary_size,
    width,
    *,
    radius=2,
    reach=5,
    smoothing=0.75,
    steps=_STEPS,
    batch_size=_BATCH,
    targets=10_000,
    stop_words=60,
    scale=0.2,
    seed=0,
    progress=None,
):
    """Learns region embeddings from text (Johnson and Zhang, NIPS 2015, arXiv 1504.01255).

    The region of a word is the bag of the words that are at most `radius` away in its document; c
    runs over the words of its neighborhood, the next `reach` words on both sides. With P(c | t),
    the distribution of the words around a random position t, and q, that of all words raised to
    the power of `smoothing`, steps of Adam minimize

        h(t) = ReLU(Σ_{|j| <= radius} W[w_{t+j}] + b),        s_c(t) = U_c h(t) + a_c
        loss = E_t [ Σ_c q(c) s_c(t)² - 2 Σ_c P(c | t) s_c(t) ]

    The minimum is at s_c(t) = P(c | t) / q(c): how much more often than usual c stands around such
    a region. Johnson and Zhang have a squared loss too, but sample the words that are absent; here
    all of them count, since Σ_c q(c) U_c U_cᵀ is computed once per step. U and a are dropped.
    Equal text and seed give equal vectors on one machine.

    Args:
        blocks: Iterable of `(ids <int>[words], lengths <int>[documents])`: documents of word ids,
            laid end to end. All are held in memory, 12 bytes per word.
        vocabulary_size: Number of word ids, padding included.
        width: Size of h.
        radius: Greatest distance of the words of a region.
        reach: Words of the neighborhood on each side.
        smoothing: Exponent of q.
        steps: Number of steps.
        batch_size: Positions per step, drawn at random.
        targets: Number of different words c, the most frequent ones.
        stop_words: Number of still more frequent words that are left out, mostly function words; at
            most a tenth of the words.
        scale: Root mean square of the elements of h.
        seed: Decides initial values and positions.
        progress: Function that is called with the number of steps done.

    Returns:
        `RegionVectors`.

    Raises:
        ValueError: If the texts have no words.

    >>> text = np.tile([2, 3, 4, 5, 6], 40)
    >>> found = region_vectors([(text, [200])], 7, width=3, steps=20, batch_size=32)
    >>> found.vectors.shape, found.bias.shape
    ((7, 3), (3,))
    """
    from scipy.sparse import csr_array

    parts = [(np.asarray(ids, np.int32), np.asarray(lengths)) for ids, lengths in blocks]
    ids, lengths = (np.concatenate(part) for part in zip(*parts, strict=True))
    text, at = _apart(ids, lengths, radius + reach)
    counts = np.bincount(ids, minlength=vocabulary_size).astype(float)
    numbers, noise = _target_words(counts, targets, stop_words, smoothing)
    near = np.arange(-radius, radius + 1)
    beyond = np.arange(radius + 1, radius + 1 + reach)
    around = np.concatenate([-beyond[::-1], beyond])

    def bags(found, columns):
        """The number of times that each id, 0 left out, is in each row."""
        real = found > 0
        ends = np.concatenate([[0], np.cumsum(real.sum(axis=1))])
        ones = np.ones(ends[-1], np.float32)
        return csr_array((ones, found[real], ends), shape=(len(found), columns))

    rng = np.random.default_rng(seed)
    words = Adam(rng.normal(0, 0.1, [vocabulary_size, width]))
    bias = Adam(np.full(width, 0.1))
    contexts = Adam(np.pad(rng.normal(0, 0.1, [len(noise), width]), [(0, 0), (0, 1)]))
    with one_blas_thread():
        for step in range(steps):
            drawn = at[rng.integers(len(at), size=batch_size), None]
            regions = bags(text[drawn + near], vocabulary_size)
            neighbors = bags(numbers[text[drawn + around]], len(noise))
            states = _states(regions, words.values, bias.values)
            of_states, of_contexts = _gradients(states, neighbors, contexts.values, noise)
            rate = _RATE * (1 + np.cos(np.pi * step / steps)) / 2
            words.step(np.asarray(regions.T @ of_states), rate)
            bias.step(of_states.sum(axis=0), rate)
            contexts.step(of_contexts, rate)
            if progress is not None:
                progress(step + 1)
    drawn = at[rng.integers(len(at), size=batch_size), None]
    states = _states(bags(text[drawn + near], vocabulary_size), words.values, bias.values)
    factor = np.float32(scale / max(float(np.sqrt(np.mean(states**2))), 1e-12))
    words.values[0] = 0
    return RegionVectors(words.values * factor, bias.values * factor)


def _apart(ids, lengths, gap):
    """The ids with `gap` zeros around each document, and where each word is now."""
    at = np.arange(len(ids)) + np.repeat(np.arange(1, len(lengths) + 1) * gap, lengths)
    text = np.zeros(len(ids) + (len(lengths) + 1) * gap, np.int32)
    text[at] = ids
    return text, at


def _target_words(counts, targets, stop_words, smoothing):
    """The number of each word among those to predict, 0 for others, and q by number."""
    counts = np.array(counts)
    counts[0] = 0  # Padding is no word.
    chosen = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    chosen = chosen[min(stop_words, len(chosen) // 10) :][:targets]
    if not len(chosen):
        raise ValueError("`blocks` must have words. Received: none")
    numbers = np.zeros(len(counts), np.int32)
    numbers[chosen] = np.arange(1, len(chosen) + 1)
    noise = np.concatenate([[0], counts[chosen] ** smoothing])
    return numbers, (noise / noise.sum()).astype(np.float32)


def _states(regions, words, bias):
    return np.maximum(regions @ words + bias, 0)


def _gradients(states, neighbors, targets, noise):
    """The gradients of the loss of a batch at the states and at the targets `[U, a]`.

    A position counts as often as it has neighbors.
    """
    states = np.pad(states, [(0, 0), (0, 1)], constant_values=1)
    number = neighbors.sum(axis=1).astype(np.float32)[:, None]
    share = np.float32(1 / max(number.sum(), 1))
    squares = states @ ((targets * noise[:, None]).T @ targets)
    present = neighbors @ targets
    of_states = 2 * share * (number * squares - present)[:, :-1]
    of_states *= states[:, :-1] > 0
    of_contexts = noise[:, None] * (targets @ (states.T @ (number * states)))
    of_contexts -= neighbors.T @ states
    return of_states, of_contexts * (2 * share)
