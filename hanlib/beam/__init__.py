"""Scoring on many machines with Apache Beam: `Classify`, and the pipeline of `hanlib score`.

Needs `pip install "hanlib[beam]"` and, like every export, TensorFlow but not Keras.
"""

try:
    import apache_beam
except ImportError as error:
    raise ImportError('hanlib.beam needs Apache Beam: pip install "hanlib[beam]"') from error

from hanlib.beam.classify import Classified, Classify
