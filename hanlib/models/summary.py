"""The table of the layers of a classifier."""

import keras
import rich.box
import rich.console
import rich.table


def print_summary(classifier, line_length=None, print_fn=None):
    """Prints the layers in order, with output shapes and numbers of parameters.

    Args:
        classifier: A built `DocumentClassifier`.
        line_length: Width of the table in characters.
        print_fn: Function that is called with the text instead of `print`.
    """
    table = rich.table.Table("Layer (type)", "Output shape", "Parameters", box=rich.box.SIMPLE)
    table.columns[2].justify = "right"
    for layer, shape in _path(classifier):
        count = f"{layer.count_params():,}" if layer.built else "0"
        table.add_row(f"{layer.name} ({type(layer).__name__})", _written(shape), count)
    trainable, total = (
        sum(int(keras.ops.size(w)) for w in weights)
        for weights in (classifier.trainable_weights, classifier.weights)
    )
    console = rich.console.Console(width=line_length, highlight=False, color_system=None)
    with console.capture() as captured:
        console.print(f'Model "{classifier.name}"', table, markup=False, end="")
        console.print(f"Parameters: {total:,} (trainable: {trainable:,})")
    (print_fn or print)(captured.get())


def _path(classifier):
    """The layers in order, each with the shape of its output."""
    ids = ("documents", "sentences", "words")
    if classifier.vectorizer is not None:
        yield classifier.vectorizer, ids
    vectors = classifier.encoder.compute_output_shape((None, None, None))
    yield classifier.encoder, ("documents", *vectors[1:])
    if classifier.rationale is not None:
        yield classifier.rationale, ids
    for layer in (classifier.head, classifier.ngrams):
        if layer is not None:
            yield layer, ("documents", len(classifier.classes))


def _written(shape):
    return f"({', '.join(map(str, shape))})"
