"""Estimators for scikit-learn, which map documents to labels, probabilities or vectors.

They need scikit-learn 1.6 or later: `pip install "hanlib[sklearn]"`.
"""

try:
    import sklearn.frozen  # New in 1.6.
except ModuleNotFoundError as error:
    if error.name not in ("sklearn", "sklearn.frozen"):
        raise
    raise ModuleNotFoundError(
        'hanlib.sklearn needs scikit-learn 1.6 or later: pip install "hanlib[sklearn]"',
        name=error.name,
    ) from error

from hanlib.sklearn.classifier import HANClassifier
from hanlib.sklearn.vectorizer import HANVectorizer

__all__ = ["HANClassifier", "HANVectorizer"]
