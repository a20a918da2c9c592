"""Explanations of single documents: the records, and how they are displayed.

`hanlib.explain` and the serving clients make the records. Nothing here needs TensorFlow or NumPy.
"""

from hanlib.evidence.agreement import Agreement, agreement
from hanlib.evidence.explanation import Explanation, Faithfulness, Sentence, Word
from hanlib.evidence.explanation_frame import explanation_frame
from hanlib.evidence.explanation_plot import explanation_plot
from hanlib.evidence.html import explanation_html
from hanlib.evidence.methods import METHODS, Method
from hanlib.evidence.side_by_side import compare_html, compare_text
from hanlib.evidence.summary import summary_sentences, summary_text
from hanlib.evidence.terminal import explanation_text
