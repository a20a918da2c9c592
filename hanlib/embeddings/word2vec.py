"""Word vectors by gensim's word2vec."""

import numpy as np

from hanlib.embeddings.word_vectors import WordVectors


def word2vec_vectors(
    blocks, vocabulary_size, width, *, window=5, negative=5, epochs=5, seed=0, progress=None
):
    """Learns word vectors by skip-gram with negative sampling (Mikolov et al. 2013).

    One thread works, so that equal text and seed give equal vectors. Needs
    `pip install "hanlib[word2vec]"` (gensim).

    Args:
        blocks: Function without arguments that returns a new iterator of `(ids <int>[words],
            lengths <int>[documents])`; it is called once an epoch, and once to count words.
        vocabulary_size: Number of word ids, padding included.
        width: Size of a vector.
        window: Greatest distance of two words that count as neighbors.
        negative: Random words that each neighbor is compared with.
        epochs: Passes over the text.
        seed: Decides initial vectors and all draws.
        progress: Function that is called with the number of documents done, over all passes.

    Returns:
        `WordVectors`; words that do not occur have none.

    Raises:
        ImportError: gensim is missing.

    >>> text = np.array([1, 2, 3, 1, 2, 3, 4, 5, 4, 5])
    >>> found = word2vec_vectors(lambda: [(text, [6, 4])], vocabulary_size=7, width=2)
    >>> found.vectors.shape, found.known.tolist()
    ((7, 2), [False, True, True, True, True, True, False])
    """
    Word2Vec = gensim_word2vec()
    sentences = _Sentences(blocks, progress)
    model = Word2Vec(
        sentences,
        vector_size=width,
        window=window,
        min_count=1,
        sample=1e-4,
        sg=1,
        negative=negative,
        epochs=epochs,
        seed=seed,
        workers=1,
        max_vocab_size=None,
    )
    vectors = np.zeros([vocabulary_size, width], np.float32)
    ids = np.array(model.wv.index_to_key, np.int64)
    vectors[ids] = model.wv.vectors
    return WordVectors.of(vectors)


class _Sentences:
    """The documents as lists of ids in text form, as gensim reads them."""

    # gensim cuts longer ones.
    most_words = 10_000

    def __init__(self, blocks, progress):
        self._blocks, self._progress, self._done = blocks, progress, 0

    def __iter__(self):
        for ids, lengths in self._blocks():
            for document in np.split(np.asarray(ids), np.cumsum(lengths)[:-1]):
                words = list(map(str, document.tolist()))
                for start in range(0, len(words), self.most_words):
                    yield words[start : start + self.most_words]
            self._done += len(lengths)
            if self._progress is not None:
                self._progress(self._done)


def gensim_word2vec():
    """`gensim.models.Word2Vec`, or an error that says how to install it."""
    try:
        from gensim.models import Word2Vec
    except ImportError as error:
        raise ImportError("word2vec needs gensim: pip install 'hanlib[word2vec]'") from error
    return Word2Vec
