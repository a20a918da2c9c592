"""Encoders and their presets, and the classifier that combines an encoder with a head."""

from hanlib.models.bag_of_words import BagOfWords
from hanlib.models.document_classifier import DocumentClassifier
from hanlib.models.flat_recurrent import FlatRecurrent
from hanlib.models.han import HAN, PRESETS
from hanlib.models.labels import Labels
from hanlib.models.language_model import LanguageModel
from hanlib.models.sentence_classifier import SentenceClassifier
from hanlib.models.split_documents import words_with_spans
from hanlib.models.token_classifier import TokenClassifier
from hanlib.models.transformer import Transformer
