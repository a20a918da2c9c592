"""Why a classifier decided as it did: methods, and how faithful each is."""

from hanlib.explain.attention_evidence import AttentionEvidence, attention_evidence
from hanlib.explain.explain import explain, explain_each, explain_stream
from hanlib.explain.faithfulness_table import faithfulness_table
from hanlib.explain.methods import METHODS
from hanlib.explain.plausibility import Plausibility, phrase_scores, plausibility
