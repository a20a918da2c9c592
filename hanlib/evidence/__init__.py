"""Records of what decided, and how people see them: one document, a report, a whole corpus.

`hanlib.explain` and the serving clients write the records; nothing here needs TensorFlow.
"""

from hanlib.evidence.agreement import Agreement, agreement
from hanlib.evidence.attention_spread import AttentionSpread, attention_spread
from hanlib.evidence.class_evidence import ClassEvidence, Push, class_evidence
from hanlib.evidence.comparison import compare_html, compare_text
from hanlib.evidence.confusion import ConfusionMatrix, confusion_matrix
from hanlib.evidence.errors_by_length import ErrorsByLength, errors_by_length
from hanlib.evidence.explanation import Explanation, Faithfulness, Sentence, Word
from hanlib.evidence.explanation_plot import explanation_plot
from hanlib.evidence.frames import explanation_frame
from hanlib.evidence.html import explanation_html
from hanlib.evidence.predictions import Predictions
from hanlib.evidence.reliability import Reliability, reliability
from hanlib.evidence.report import write_report
from hanlib.evidence.risk_coverage import RiskCoverage, risk_coverage
from hanlib.evidence.summary import summary_sentences, summary_text
from hanlib.evidence.terminal import explanation_text
