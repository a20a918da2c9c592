"""Datasets as streams of raw `(text, label)`, and tokenised documents as batches.

Importing this package imports neither TensorFlow nor pyarrow: what needs them loads them.
"""

from hanlib.data.bad_rows import BadRows, BadRowsWarning
from hanlib.data.catalog import DatasetRecord, describe, load
from hanlib.data.corpus import Corpus, DataError, DataWarning, Split, Texts
from hanlib.data.texts import read_texts
from hanlib.data.token_batches import TokenBatches
from hanlib.data.token_cache import TokenCache
