"""Evaluation of a model on a corpus: errors, calibration, important words, and an HTML report.

This package does not need TensorFlow. Tables need pandas and plots need matplotlib; the report
needs neither.
"""

from hanlib.evaluation.attention_spread import AttentionSpread, attention_spread
from hanlib.evaluation.class_evidence import ClassEvidence, class_evidence
from hanlib.evaluation.comparison import ComparedResult, Comparison
from hanlib.evaluation.confusion_matrix import ConfusionMatrix, confusion_matrix
from hanlib.evaluation.corpus_shift import CorpusShift, Shift, corpus_shift
from hanlib.evaluation.corpus_shift_html import corpus_shift_html
from hanlib.evaluation.errors_by_length import ErrorsByLength, errors_by_length
from hanlib.evaluation.evidence_tally import Contribution
from hanlib.evaluation.labelled_predictions import Predictions
from hanlib.evaluation.marker_agreement import MarkerAgreement, marker_agreement
from hanlib.evaluation.reliability import Reliability, reliability
from hanlib.evaluation.report import EvaluationSummary, write_report
from hanlib.evaluation.risk_coverage import RiskCoverage, risk_coverage
