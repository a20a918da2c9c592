"""The baselines of the benchmarks run, and those that are one network give the same numbers."""

import numpy as np
import pytest
from benchmarks_here import (
    SIZES,
    baseline_runner,
    documents_of_the_box,
    from_ragged,
    make,
    weights,
)

NO_TORCH = "PyTorch is no dependency, only a peer to measure"


@pytest.fixture(scope="module")
def documents():
    return documents_of_the_box()


def network(name, **options):
    baseline = make(name, SIZES, **options)
    baseline.set_weights(weights.drawn(SIZES, seed=2))
    return baseline


def losses(name, documents, **options):
    baseline = network(name, **options)
    prepared = baseline.prepare(documents)
    return [baseline.train(prepared) for _ in range(3)]


@pytest.fixture(scope="module")
def probabilities(documents):
    hanlib = network("hanlib")
    return hanlib.predict(hanlib.prepare(documents))


@pytest.mark.parametrize("fold", [pytest.param(False, marks=pytest.mark.long), True])
def test_the_dense_box_of_keras_is_the_same_network(documents, probabilities, fold):
    box = network("keras_box", fold=fold)
    np.testing.assert_allclose(box.predict(box.prepare(documents)), probabilities, atol=1e-5)


def test_the_packed_network_of_pytorch_is_the_same_network(documents, probabilities):
    pytest.importorskip("torch", reason=NO_TORCH)
    torch = network("torch", sparse=True)
    np.testing.assert_allclose(torch.predict(torch.prepare(documents)), probabilities, atol=1e-5)


def test_the_steps_of_pytorch_are_the_same_steps(documents):
    pytest.importorskip("torch", reason=NO_TORCH)
    ours, theirs = losses("hanlib", documents), losses("torch", documents, sparse=True)
    assert ours[0] > ours[1] > ours[2]
    np.testing.assert_allclose(theirs, ours, atol=1e-4)


def test_pytorch_keeps_the_faster_optimizer(documents):
    pytest.importorskip("torch", reason=NO_TORCH)
    torch = make("torch", SIZES)
    assert np.isfinite(torch.train(torch.prepare(documents)))
    assert torch.note in ("SparseAdam on the word vectors", "dense Adam")


@pytest.mark.long
def test_the_flat_network_runs(documents):
    flat = make("keras_flat", SIZES)
    prepared = flat.prepare(documents)
    assert prepared[0].shape == (5, 12)
    assert np.isfinite(flat.train(prepared))
    assert flat.predict(prepared).shape == (5, 2)


@pytest.mark.long
@pytest.mark.usefixtures("eager_functions")
@pytest.mark.parametrize("whole", [True, False])
def test_the_training_loop_runs(documents, whole):
    recipe = {"preset": "han_small", "batch_size": 2, "adversarial_norm": 0.0}
    training = make("hanlib_training", SIZES, recipe=recipe, whole=whole, deterministic=False)
    prepared = training.prepare(documents)
    training.train(prepared)
    assert int(training.classifier.optimizer.iterations) == 3


def test_documents_keep_their_words_in_every_form(documents):
    ragged = documents.ragged()
    again = from_ragged(ragged, documents.labels)
    assert all(np.array_equal(a, b) for a, b in zip(again, documents, strict=True))
    rows = ragged.to_list()
    assert documents.lengths.tolist() == [sum(map(len, row)) for row in rows]
    box = documents.box(SIZES.sentences, SIZES.words)
    assert [[[i for i in words if i] for words in row if words.any()] for row in box] == rows
    assert (documents.flat(100)[2] > 0).sum() == documents.lengths[2]
    chosen = documents.take(np.array([3, 0]))
    assert chosen.ragged().to_list() == [rows[3], rows[0]]


def test_more_batches_than_documents_are_refused(documents):
    with pytest.raises(ValueError, match="at most 5 documents"):
        documents.batches(2, 3, seed=0)


@pytest.mark.long
def test_baselines_take_turns_in_processes_of_their_own(documents):
    entries = [baseline_runner.Entry("hanlib", "hanlib", SIZES)]
    (result,) = baseline_runner.run(
        entries, [documents], "predict", rounds=2, say=lambda line: None
    )
    assert len(result.seconds) == 2
    assert min(result.seconds) > 0
    assert result.words == len(documents.ids) / 5
    assert result.times_faster_than(result) == 1.0
    assert result.memory > 50e6


def test_a_baseline_that_fails_is_named(documents):
    entries = [baseline_runner.Entry("nobody", "no_such_baseline", SIZES)]
    with pytest.raises(RuntimeError, match="nobody ended"):
        baseline_runner.run(entries, [documents], "predict", rounds=1, say=lambda line: None)


@pytest.mark.long
@pytest.mark.parametrize("options", [{"recompute": True}, {"dtype": "mixed_bfloat16"}])
def test_a_step_in_another_way_is_the_same_step(documents, options):
    """bfloat16 has 8 significant bits."""
    atol = 1e-2 if "dtype" in options else 1e-5
    expected = losses("hanlib", documents)
    np.testing.assert_allclose(losses("hanlib", documents, **options), expected, atol=atol)
