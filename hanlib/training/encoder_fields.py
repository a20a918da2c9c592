"""The encoders that a recipe can name, and the fields of the recipe that each takes."""

from hanlib.training.settings import RecipeError

_WORDS = ("embedding_dim", "input_dropout", "embedding_dropout")
_RECURRENT = (
    *("cell", "units", "depth", "bidirectional", "attention_units", "score"),
    *("weight_dropout", "dropout"),
)
ENCODER_FIELDS = {
    "han": (
        *(*_WORDS, *_RECURRENT, "normalizer", "hops", "beside", "self_attention_heads"),
        "region_dim",
    ),
    "flat_recurrent": (*_WORDS, *_RECURRENT),
    "bag_of_words": _WORDS,
    "transformer": (*_WORDS, "depth", "score", "self_attention_heads", "dropout"),
}
# Fields whose argument has another name.
_ARGUMENTS = {
    "flat_recurrent": {"score": "pooling"},
    "transformer": {"score": "pooling", "self_attention_heads": "num_heads"},
}
# From the value of a field to that of the argument.
_VALUES = {"beside": lambda names: tuple(names.split("+"))}


def encoder_arguments(encoder, fields):
    """The arguments of an encoder, from fields of a recipe; those it does not take are left out.

    >>> encoder_arguments("transformer", {"score": "mean", "units": 50})
    {'pooling': 'mean'}
    >>> encoder_arguments("han", {"beside": "mean+max"})
    {'beside': ('mean', 'max')}
    """
    names = {name: name for name in ENCODER_FIELDS[encoder]} | _ARGUMENTS.get(encoder, {})
    return {
        names[name]: _VALUES[name](value) if name in _VALUES else value
        for name, value in fields.items()
        if name in names
    }


def check_encoder_fields(encoder, fields, per_label=False):
    """Checks that an encoder takes all fields that were given.

    Raises:
        RecipeError: it does not take one of them.

    >>> check_encoder_fields("han", {"hops": 2})
    """
    given = [*fields, *(["per_label"] if per_label else [])]
    known = (*ENCODER_FIELDS[encoder], *(["per_label"] if encoder == "han" else []))
    for name in given:
        if name not in known:
            raise RecipeError(
                f"`{name}` must not be given with encoder {encoder}, which takes "
                f"{', '.join(known)}. Received: {fields.get(name, per_label)!r}"
            )
