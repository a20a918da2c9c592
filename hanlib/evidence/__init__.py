"""Records of what decided: read by people, written by `hanlib.explain` and the serving clients."""

from hanlib.evidence.explanation import Explanation, Faithfulness, Sentence, Word
from hanlib.evidence.explanation_plot import explanation_plot
from hanlib.evidence.frames import explanation_frame
from hanlib.evidence.html import explanation_html
from hanlib.evidence.report import write_report
from hanlib.evidence.summary import summary_sentences, summary_text
from hanlib.evidence.terminal import explanation_text
