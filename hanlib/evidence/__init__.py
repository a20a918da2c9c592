"""Records of explanations of single documents, and their display.

`hanlib.explain` and the serving clients create the records. This package needs neither TensorFlow
nor NumPy.
"""

from hanlib.evidence.agreement import Agreement, agreement
from hanlib.evidence.chunks import Chunk, chunk_scores, chunks
from hanlib.evidence.eraser import eraser_record
from hanlib.evidence.explanation import Explanation, Faithfulness, Item, Sentence, Word
from hanlib.evidence.explanation_frame import explanation_frame
from hanlib.evidence.explanation_plot import explanation_plot
from hanlib.evidence.extract import Extract
from hanlib.evidence.extractive_summary import summary_sentences, summary_text
from hanlib.evidence.html import explanation_html
from hanlib.evidence.labeled_text import LabeledSpan, LabeledText
from hanlib.evidence.methods import METHODS, Method
from hanlib.evidence.side_by_side import compare_html, compare_text
from hanlib.evidence.terminal import explanation_text
