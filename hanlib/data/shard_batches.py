"""Batches of tokenized documents on disk, of which a round is in memory at a time."""

import functools

import numpy as np

from hanlib.data.batch_plan import plan_batches, split_to
from hanlib.data.token_batches import TokenBatches
from hanlib.data.token_shards import TokenShards


def batches_of(cache, batch_size, **options):
    """`TokenBatches` of a `TokenCache`, or `ShardBatches` of `TokenShards`.

    >>> from hanlib.data import TokenCache
    >>> cache = TokenCache.build([("a", 0)], lambda texts: ([1], [1], [1]), encode_label=int)
    >>> batches_of(cache, 2).steps
    1
    """
    kind = ShardBatches if isinstance(cache, TokenShards) else TokenBatches
    return kind(cache, batch_size, **options)


class ShardBatches(TokenBatches):
    """`TokenBatches` of `TokenShards`.

    A pass goes through the rounds of the shards, which consist of other blocks in each pass. The
    batches of a round are planned as those of a `TokenCache`. All this follows from the seed and
    the number of the pass alone, so each replica, and a run that is resumed, finds its documents
    without any state.

    Args:
        cache: `TokenShards`.
        weights: Function from encoded labels to weights, or None.
        batch_size, **options: See `TokenBatches`.
    """

    @property
    def some_labels(self):
        return np.zeros([1, *self.cache.label_shape], self.cache.label_dtype)

    def plan(self, number):
        """Raises an error: the plan of a pass would be as large as the number of documents.

        Raises:
            TypeError: Always.
        """
        raise TypeError(
            "`plan` needs a `TokenCache`, since `ShardBatches` plan one round at a time; "
            f"use `dataset()` for the batches themselves. Received: number={number}"
        )

    def _passes_differ(self):
        return self.seed is not None

    def _batches_in(self, number):
        return sum(self._sizes(self.cache.rounds(self.seed, number), number))

    def _sizes_of_pass(self, number):
        return (len(indices) for _, plan in self._plans(number) for indices in plan)

    def _pass(self, number, skipped):
        for shards, plan in self._plans(number, skipped):
            make = functools.partial(self._batch_of, shards.load())
            for indices in plan:
                yield indices, make

    def _plans(self, number, skipped=0):
        """Yields each round of a pass with its batches, without those that are skipped."""
        rounds = self.cache.rounds(self.seed, number)
        sizes = self._sizes(rounds, number)
        # All passes have the same number of batches: some of the first round are halved.
        sizes[0] += self.pass_steps - sum(sizes)
        for part, (shards, size) in enumerate(zip(rounds, sizes, strict=True)):
            if skipped < size:
                lengths = shards.lengths()
                plan = split_to(self._plan_round(lengths, number, part), size, lengths)
                yield shards, plan[skipped:]
            skipped = max(skipped - size, 0)

    def _sizes(self, rounds, number):
        """How many batches each round has before `split_to`."""
        size, words = self._options["batch_size"], self._options["max_batch_words"]
        if words is None or self.cache.longest * size <= words:
            return [-(-shards.documents // size) for shards in rounds]
        return [
            len(self._plan_round(shards.lengths(), number, part))
            for part, shards in enumerate(rounds)
        ]

    def _plan_round(self, lengths, number, part):
        return plan_batches(lengths, seed=self.seed, epoch=number, part=part, **self._options)

    def _batch_of(self, tokens, indices, **more):
        labels = np.asarray(tokens.labels[indices])
        batch = {**tokens.padded(indices), **more}, labels
        return batch if self.weights is None else (*batch, self.weights(labels))

    def _targets(self):
        labels = self.some_labels
        return [labels, *([] if self.weights is None else [self.weights(labels)])]
