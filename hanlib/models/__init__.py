"""Encoders with their presets, and the classifier that they make with a vectorizer and a head."""

from hanlib.models.attention_evidence import attention_evidence, log_odds
from hanlib.models.document_classifier import DocumentClassifier
from hanlib.models.han import HAN, PRESETS
from hanlib.models.labels import Labels
