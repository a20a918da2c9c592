"""Datasets as streams of raw `(text, label)` pairs, and batches of tokenized documents.

Importing this package does not import TensorFlow or pyarrow; they are imported when needed.
"""

from hanlib.data.bad_rows import BadRows, BadRowsWarning
from hanlib.data.catalog import DatasetRecord, describe, load
from hanlib.data.corpus import Corpus, DataError, DataWarning, Split, Texts
from hanlib.data.items import ItemCorpus, load_items
from hanlib.data.shard_batches import batches_of
from hanlib.data.texts import read_texts
from hanlib.data.token_batches import TokenBatches
from hanlib.data.token_cache import TokenCache
from hanlib.data.token_shards import TokenShards
