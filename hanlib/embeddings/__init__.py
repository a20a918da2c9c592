"""Word vectors: learned from tokenized text, or read from a file.

Importing this package imports NumPy alone. SciPy and gensim are loaded when they are used.
"""

from hanlib.embeddings.cooccurrence import Cooccurrences
from hanlib.embeddings.ppmi import ppmi, ppmi_vectors
from hanlib.embeddings.region_vectors import RegionVectors, region_vectors
from hanlib.embeddings.truncated_svd import truncated_svd
from hanlib.embeddings.vector_file import VectorFileError, read_vectors, vector_width
from hanlib.embeddings.word2vec import word2vec_vectors
from hanlib.embeddings.word_vectors import WordVectors

__all__ = [
    "Cooccurrences",
    "RegionVectors",
    "VectorFileError",
    "WordVectors",
    "ppmi",
    "ppmi_vectors",
    "read_vectors",
    "region_vectors",
    "truncated_svd",
    "vector_width",
    "word2vec_vectors",
]
