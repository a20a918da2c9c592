"""Records of what decided: read by people, written by `hanlib.explain` and the serving clients."""

from hanlib.evidence.explanation import Explanation, Faithfulness, Sentence, Word
