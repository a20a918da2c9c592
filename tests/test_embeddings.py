"""Word vectors: counts and PPMI against a second reading of the equations, and vector files."""

import gzip
import sys

import numpy as np
import pytest
import scipy.sparse

from hanlib.embeddings import (
    Cooccurrences,
    VectorFileError,
    WordVectors,
    ppmi,
    ppmi_vectors,
    read_vectors,
    truncated_svd,
    vector_width,
    word2vec_vectors,
)

WORDS = ["", "[UNK]", "film", "the", "plot", "absent"]
ROWS = {"film": [1.0, 2.0, 3.0], "the": [0.5, -0.25, 4.0], "zebra": [9.0, 9.0, 9.0]}


def documents(rng, number=30, size=20):
    lengths = rng.integers(0, 12, number)
    return rng.integers(1, size, lengths.sum()), lengths


def counted(ids, lengths, size, window):
    """Every ordered pair of a document, one by one."""
    counts = np.zeros([size, size])
    for words in np.split(ids, np.cumsum(lengths)[:-1]):
        for i, word in enumerate(words):
            for j, other in enumerate(words):
                if i != j and abs(i - j) <= window:
                    counts[word, other] += window + 1 - abs(i - j)
    return counts


def test_counts_are_those_of_the_definition_in_whatever_blocks(rng):
    ids, lengths = documents(rng)
    expected = counted(ids, lengths, 20, window=3)
    ends = np.cumsum(lengths)
    for blocks in ([30], [7, 1, 22]):
        counts = Cooccurrences(20, window=3, block_words=50)
        first = 0
        for number in blocks:
            part = slice(ends[first - 1] if first else 0, ends[first + number - 1])
            counts.add(ids[part], lengths[first : first + number])
            first += number
        np.testing.assert_array_equal(counts.matrix().toarray(), expected)


def test_rare_pairs_are_forgotten_where_there_are_too_many():
    counts = Cooccurrences(9, window=1, most_pairs=2, block_words=1)
    counts.add(np.array([1, 2, 1, 2, 3, 4, 5, 6]), [8])
    kept = counts.matrix()
    assert kept.nnz == 2
    assert kept[1, 2] == 3


def test_ppmi_is_that_of_the_definition(rng):
    ids, lengths = documents(rng)
    counts = counted(ids, lengths, 20, window=2)
    seen = Cooccurrences(20, window=2)
    seen.add(ids, lengths)
    joint, words = counts / counts.sum(), counts.sum(axis=1) / counts.sum()
    contexts = counts.sum(axis=0) ** 0.75
    contexts = contexts / contexts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.log(joint / np.outer(words, contexts))
    expected = np.where(joint > 0, np.maximum(expected, 0), 0)
    np.testing.assert_allclose(ppmi(seen.matrix()).toarray(), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("size", [20, 200])
def test_vectors_are_the_truncated_svd(rng, size):
    """Of a small vocabulary by the dense SVD, of a larger one by ARPACK."""
    width = 12 if size == 20 else 8
    ids, lengths = documents(rng, 300, size)
    found = ppmi_vectors([(ids, lengths)], size, width, seed=3)
    seen = Cooccurrences(size)
    seen.add(ids, lengths)
    left, singular, _ = np.linalg.svd(ppmi(seen.matrix()).toarray())
    expected = left[:, :width] * np.sqrt(singular[:width])
    # Signs are free; so the products of the vectors are compared.
    similar = found.vectors @ found.vectors.T
    np.testing.assert_allclose(similar, expected @ expected.T, atol=0.02)
    again = ppmi_vectors([(ids, lengths)], size, width, seed=3)
    np.testing.assert_array_equal(found.vectors, again.vectors)


def test_words_in_the_same_places_get_like_vectors(rng):
    """1 and 2 stand between 5 and 6, 3 and 4 between 7 and 8."""
    rows = [(5, 1, 6), (5, 2, 6), (7, 3, 8), (7, 4, 8)]
    ids = np.concatenate([rows[k] for k in rng.integers(0, 4, 400)])
    found = ppmi_vectors([(ids, np.full(400, 3))], 10, width=3)
    unit = found.vectors / np.maximum(np.linalg.norm(found.vectors, axis=1, keepdims=True), 1e-9)
    assert unit[1] @ unit[2] > 0.9
    assert unit[3] @ unit[4] > 0.9
    assert abs(unit[1] @ unit[3]) < 0.1
    assert found.known.tolist() == [False, *[True] * 8, False]
    with_more_numbers_than_words = ppmi_vectors([(ids, np.full(400, 3))], 10, width=16)
    assert with_more_numbers_than_words.vectors.shape == (10, 16)


def test_word2vec_is_deterministic():
    pytest.importorskip("gensim")
    ids = np.arange(1, 41) % 7 + 1
    blocks = [(ids, np.array([15, 0, 25]))]
    done = []
    first, second = (
        word2vec_vectors(lambda: blocks, 10, 4, epochs=2, seed=1, progress=done.append)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.vectors, second.vectors)
    assert first.known.sum() == 7
    assert done == [3, 6, 9] * 2


def test_a_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    blocks = [(np.array([1, 2]), [2])]
    with pytest.raises(ImportError, match=r"pip install 'hanlib\[word2vec\]'"):
        word2vec_vectors(lambda: blocks, 3, 2)


def text_file(header="", end="\n", rows=ROWS):
    lines = (f"{word} {' '.join(map(str, numbers))}{end}" for word, numbers in rows.items())
    return (header + "".join(lines)).encode()


def binary_file(end=b""):
    rows = (word.encode() + b" " + np.array(v, "<f4").tobytes() + end for word, v in ROWS.items())
    return b"3 3\n" + b"".join(rows)


FILES = {
    "GloVe": text_file(),
    "word2vec text": text_file("3 3\n"),
    "fastText": text_file("3 3\n", end=" \n"),
    "Windows line ends": text_file(end="\r\n"),
    "word2vec binary": binary_file(),
    "word2vec binary with line ends": binary_file(b"\n"),
}


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_formats_of_files(tmp_path, name, compressed):
    path = tmp_path / "vectors"
    path.write_bytes(gzip.compress(FILES[name]) if compressed else FILES[name])
    assert vector_width(path) == 3
    found = read_vectors(path, WORDS)
    assert found.known.tolist() == [False, False, True, True, False, False]
    np.testing.assert_array_equal(found.vectors[2:4], [ROWS["film"], ROWS["the"]])


def test_a_word_with_spaces_keeps_its_numbers(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_bytes(text_file(rows={"film": [1, 2], ". . .": [3, 4], "the": [5, 6]}))
    found = read_vectors(path, ["", ". . .", "the"])
    assert found.vectors.tolist() == [[0, 0], [3, 4], [5, 6]]


def test_a_form_in_lower_case_comes_before_others(tmp_path):
    path = tmp_path / "vectors.txt"
    rows = {"The": [1, 1], "the": [2, 2], "THE": [3, 3], "Plot": [4, 4], "PLOT": [5, 5]}
    path.write_bytes(text_file(rows=rows))
    found = read_vectors(path, WORDS, lowercase=True)
    assert found.vectors[3:5].tolist() == [[2, 2], [4, 4]]
    assert read_vectors(path, WORDS).known.tolist() == [False, False, False, True, False, False]


DAMAGED = {
    "empty": (b"", "holds no word vectors"),
    "prose": (b"What is this? It is text.\n", "holds no word vectors"),
    "short line": (text_file() + b"plot 1 2\n", "line 4: 3 numbers are expected. Received: 2"),
    "no number": (text_file() + b"plot 1 2 x\n", "line 4: 3 finite numbers"),
    "not finite": (text_file() + b"plot 1 2 nan\n", "line 4: 3 finite numbers"),
    "binary, cut off": (binary_file()[:-5], "vector 3 of 3: the file ends too early"),
    "binary, too few": (binary_file().replace(b"3 3", b"9 3"), "vector 4 of 9"),
    "pickle": (b"\x80\x04abc", "save_word2vec_format"),
    "gzip, cut off": (gzip.compress(text_file() * 50)[:-20], "cannot be read"),
    "absurd width": (b"3 123456789\n", "a width from 1 to"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_an_error_that_says_where(tmp_path, name):
    content, message = DAMAGED[name]
    path = tmp_path / "vectors"
    path.write_bytes(content)
    with pytest.raises(VectorFileError, match=message):
        read_vectors(path, WORDS)


def test_embeddings_have_the_given_scale_and_keep_other_rows(rng):
    vectors = rng.normal(3, 5, [50, 4])
    vectors[[0, 7]] = 0
    initial = rng.normal(size=[50, 4]).astype("float32")
    found = WordVectors.of(vectors).embeddings(initial, std=0.05)
    np.testing.assert_array_equal(found[[0, 7]], initial[[0, 7]])
    known = np.delete(found, [0, 7], axis=0)
    assert known.std() == pytest.approx(0.05, rel=1e-4)
    np.testing.assert_allclose(known.mean(axis=0), 0, atol=1e-6)


def test_singular_vectors_keep_the_type_of_the_matrix(rng):
    """Twice as wide numbers would take most of the memory of the n-grams of a large corpus."""
    matrix = scipy.sparse.random_array((40, 30), density=0.3, rng=rng, dtype=np.float32)
    for width in (3, 20):  # By ARPACK, and by the dense SVD.
        left, singular = truncated_svd(matrix, width, seed=0)
        assert left.dtype == singular.dtype == np.float32
