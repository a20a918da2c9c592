"""Presets of `hanlib.models.HAN`. The command line lists them without importing TensorFlow."""

PRESETS = {
    # Yang et al. 2016, section 3.3: 200-d vectors, 50 units per direction, 100 in the attention.
    "han_paper": {"embedding_dim": 200, "units": 50, "attention_units": 100},
    # For experiments, small data sets and the demo.
    "han_small": {
        "embedding_dim": 64,
        "units": 32,
        "attention_units": 64,
        "input_dropout": 0.2,
        "dropout": 0.2,
    },
    # The default: the sizes of the paper, with the regularization that Adhikari et al. 2019 found
    # effective (embedding dropout, weight drop).
    "han_base": {
        "embedding_dim": 200,
        "units": 50,
        "attention_units": 100,
        "input_dropout": 0.3,
        "embedding_dropout": 0.1,
        "weight_dropout": 0.1,
        "dropout": 0.3,
    },
}
