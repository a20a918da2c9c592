"""Why a classifier decided as it did: methods, and how faithful each is."""

from hanlib.explain.explain import explain, explain_stream
from hanlib.explain.methods import METHODS
