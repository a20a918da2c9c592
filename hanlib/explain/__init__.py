"""Explanations of a classifier's decisions, and measures of how faithful they are."""

from hanlib.explain.attention_evidence import AttentionEvidence, attention_evidence
from hanlib.explain.counterfactual import Counterfactual, counterfactuals
from hanlib.explain.example_index import Example, ExampleIndex
from hanlib.explain.explain import explain, explain_each, explain_stream
from hanlib.explain.extract import extracts
from hanlib.explain.faithfulness_table import faithfulness_table
from hanlib.explain.items import ItemDocument, explain_item
from hanlib.explain.methods import METHODS, available_methods
from hanlib.explain.plausibility import Plausibility, phrase_scores, plausibility
from hanlib.explain.plausibility_table import plausibility_table
from hanlib.explain.randomization import randomization_table
