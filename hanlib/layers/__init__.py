"""Keras layers: gated cells, packed encoders, attention, and the document vectorizer."""

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "hanlib.layers needs the TensorFlow backend of Keras. "
        f"Received: KERAS_BACKEND={keras.backend.backend()!r}"
    )

from hanlib.layers.attention_pooling import AttentionPooling
from hanlib.layers.cells import (
    ElmanCell,
    GRUCell,
    LSTMCell,
    MGUCell,
    MinGRUCell,
    OutputGateGRUCell,
    TwoStateCell,
)
from hanlib.layers.document_encoder import DocumentEncoder
from hanlib.layers.gated_cell import GatedCell
from hanlib.layers.hierarchical_encoder import HierarchicalEncoder
from hanlib.layers.level_encoder import LevelEncoder
from hanlib.layers.linear_chain_crf import LinearChainCRF
from hanlib.layers.ngram_linear import NGramLinear
from hanlib.layers.rationale_head import RationaleHead
from hanlib.layers.recurrent_encoder import RecurrentEncoder
from hanlib.layers.region_embedding import RegionEmbedding
from hanlib.layers.self_attention import SelfAttention
from hanlib.layers.token_embedding import TokenEmbedding
from hanlib.layers.token_features import TokenFeatures
from hanlib.layers.tokens import Tokens
from hanlib.layers.vectorizer import DocumentVectorizer
from hanlib.layers.word_columns import column_values, with_columns
