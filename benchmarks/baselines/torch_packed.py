"""An optimized HAN in PyTorch with packed sequences, without padding at both levels.

The ids are packed instead of their vectors, so padding is never embedded. The states stay packed in
the attention, whose softmax and sums are computed per row.
"""

import os
import time

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence


class TorchPacked:
    """Packed sequences at both levels.

    Args:
        sizes: a `Sizes`.
        sparse: whether the gradient of the embedding is sparse, with `SparseAdam`; None for
            whichever is faster on the first training batch.
        seed: seed of the initial weights.
    """

    note = ""

    def __init__(self, sizes, sparse=None, seed=0):
        torch.set_num_threads(os.cpu_count())
        self.sizes, self.seed = sizes, seed
        self.undecided = sparse is None
        self._start(bool(sparse))

    def _start(self, sparse):
        torch.manual_seed(self.seed)
        self.model = Network(self.sizes, sparse)
        words = list(self.model.embedding.parameters())
        rest = [w for name, w in self.model.named_parameters() if "embedding" not in name]
        if sparse:
            self.optimizers = [
                torch.optim.SparseAdam(words, lr=1e-3),
                torch.optim.Adam(rest, lr=1e-3, fused=True),
            ]
        else:
            self.optimizers = [torch.optim.Adam([*words, *rest], lr=1e-3, fused=True)]
        self.note = "SparseAdam on the word vectors" if sparse else "dense Adam"

    def prepare(self, documents):
        return packed(documents)

    def train(self, prepared):
        if self.undecided:
            self.undecided = False
            self._start(min((False, True), key=lambda sparse: self._seconds(sparse, prepared)))
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(self.model(prepared), prepared["labels"])
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        return loss.item()

    def _seconds(self, sparse, prepared):
        self._start(sparse)
        self.train(prepared)
        start = time.perf_counter()
        for _ in range(2):
            self.train(prepared)
        return time.perf_counter() - start

    @torch.inference_mode()
    def predict(self, prepared):
        return torch.softmax(self.model(prepared), dim=-1).numpy()

    @torch.no_grad()
    def set_weights(self, weights):
        model = self.model
        model.embedding.weight.copy_(torch.from_numpy(weights.embeddings))
        for level, given in zip((model.words, model.sentences), weights.levels, strict=True):
            level.load(given)
        kernel, bias = weights.head
        model.head.weight.copy_(torch.from_numpy(kernel.T.copy()))
        model.head.bias.copy_(torch.from_numpy(bias))


class Network(nn.Module):
    """The network, from word ids to logits."""

    def __init__(self, sizes, sparse):
        super().__init__()
        self.embedding = nn.Embedding(sizes.vocabulary, sizes.dim, sparse=sparse)
        nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        self.words = Level(sizes.dim, sizes.units, sizes.attention)
        self.sentences = Level(2 * sizes.units, sizes.units, sizes.attention)
        self.head = nn.Linear(2 * sizes.units, sizes.classes)

    def forward(self, prepared):
        words, sentences = prepared["words"], prepared["sentences"]
        vectors = self.words(self.embedding(prepared["ids"]), words)
        documents = self.sentences(vectors[prepared["places"]], sentences)
        return self.head(documents[prepared["order"]])


class Level(nn.Module):
    """A bidirectional GRU and attention, on packed rows."""

    def __init__(self, features, units, attention):
        super().__init__()
        self.gru = nn.GRU(features, units, bidirectional=True)
        self.hidden = nn.Linear(2 * units, attention)
        self.context = nn.Parameter(torch.randn(attention) * 0.05)

    def forward(self, values, packing):
        sizes, rows, count = packing
        states = self.gru(PackedSequence(values, sizes))[0].data
        scores = torch.tanh(self.hidden(states)) @ self.context
        peaks = scores.new_full([count], -torch.inf)
        peaks = peaks.scatter_reduce(0, rows, scores.detach(), "amax")
        weights = torch.exp(scores - peaks[rows])
        total = weights.new_zeros([count]).index_add(0, rows, weights)
        weighted = (weights / total[rows])[:, None] * states
        return weighted.new_zeros([count, states.shape[1]]).index_add(0, rows, weighted)

    def load(self, given):
        for suffix, (kernel, recurrent, bias) in (
            ("", given.forward),
            ("_reverse", given.backward),
        ):
            parts = {
                "weight_ih_l0": kernel.T,
                "weight_hh_l0": recurrent.T,
                "bias_ih_l0": bias[0],
                "bias_hh_l0": bias[1],
            }
            for name, array in parts.items():
                # The order of gates is z, r, candidate in Keras and r, z, candidate in PyTorch.
                z, r, candidate = np.split(array, 3)
                array = torch.from_numpy(np.concatenate([r, z, candidate]))
                getattr(self.gru, name + suffix).copy_(array)
        kernel, bias, context = given.attention
        self.hidden.weight.copy_(torch.from_numpy(kernel.T.copy()))
        self.hidden.bias.copy_(torch.from_numpy(bias))
        self.context.copy_(torch.from_numpy(context))


def packed(documents):
    """Packs a batch as a collate function would: rows sorted by length, time-major.

    Documents must not be empty, since PyTorch cannot pack empty rows.
    """
    positions, words, sentence_order = pack(documents.words)
    sentence_places, sentences, document_order = pack(documents.sentences)
    return {
        "ids": torch.from_numpy(documents.ids[positions].astype(np.int64)),
        "words": words,
        # The index of each packed sentence among the sorted sentences.
        "places": torch.from_numpy(np.argsort(sentence_order)[sentence_places]),
        "sentences": sentences,
        "order": torch.from_numpy(np.argsort(document_order)),
        "labels": torch.from_numpy(documents.labels),
    }


def pack(lengths):
    """For concatenated rows: indices in packed order, `(sizes, rows, count)`, and the order."""
    order = np.argsort(-lengths, kind="stable")
    falling = lengths[order]
    sizes = (falling[None, :] > np.arange(falling[0])[:, None]).sum(axis=1)
    rows = np.concatenate([np.arange(size) for size in sizes])
    steps = np.repeat(np.arange(len(sizes)), sizes)
    starts = np.cumsum(lengths) - lengths
    packing = (torch.from_numpy(sizes), torch.from_numpy(rows), len(lengths))
    return starts[order][rows] + steps, packing, order
