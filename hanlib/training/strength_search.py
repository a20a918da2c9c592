"""The choice of the strengths of an n-gram fit, out of fold."""

import numpy as np

from hanlib.training.linear_fit import Strengths
from hanlib.training.mixing import log_loss, temperature

# Up to this many documents the strength is chosen on all folds, from here on one says enough.
CHOOSE_ON_ALL_FOLDS = 5_000
# With more labels per document the strengths are chosen on the most frequent ones.
CHOOSE_ON_COLUMNS = 20


class StrengthSearch:
    """The choice of the strengths, and the out-of-fold logits of the chosen ones.

    First the strength of the n-grams is chosen, then that of the latent directions, then the first
    again. Each moves from the middle of its values to a neighbor as long as the loss falls.

    Args:
        problem: a `LinearFit`.
        weights: weights of the documents, as `LinearFit.fit` takes them.
        grid: the values to try for each field of `Strengths`, two sequences in increasing order;
            the second is empty if there are no latent directions.
        folds: number of folds.
        seed: decides which documents form a fold.
        report: called with `(phase, done, total)`, in documents.

    Attributes:
        best: the chosen `Strengths`.
        losses: the mean loss per document by `Strengths`; see `FittedNGrams`.
        logits: `<float32>[docs, columns]`, each document's from a fit without it.
    """

    def __init__(self, problem, weights, grid, folds, seed, report):
        self.problem, self.weights, self.report = problem, weights, report
        self.strengths, self.latent = map(tuple, grid)
        documents = len(problem.targets)
        self.folds, self.seed = min(folds, documents), seed
        self.fold = np.random.default_rng(seed).permutation(documents) % self.folds
        self.logits, self.losses = np.zeros_like(problem.targets), {}
        middle = self.latent[len(self.latent) // 2] if self.latent else None
        self.best = Strengths(self.strengths[len(self.strengths) // 2], middle)
        self._lowest, self._starts = np.inf, {}

    def run(self):
        """Chooses, fits every fold, and returns the search itself."""
        if self.folds > 1:
            complete = self._choose()
            for fold in range(self.folds):
                if fold not in complete:
                    self._report("cross-validating n-grams", fold / self.folds)
                    self._hold_out(self.logits, fold, self.best)
            self._report("cross-validating n-grams", 1)
        return self

    def _choose(self):
        """Chooses the strengths; returns the folds whose logits are known then."""
        targets = self.problem.targets
        if targets.shape[1] > CHOOSE_ON_COLUMNS and not self.problem.softmax:
            frequent = np.argsort(-(targets * self.weights).sum(axis=0), kind="stable")
            self._choose_on(np.sort(frequent[:CHOOSE_ON_COLUMNS]))
            return ()
        folds = range(self.folds if len(targets) <= CHOOSE_ON_ALL_FOLDS else 1)
        self._try(self.best, folds)
        self._climb("ngrams", self.strengths, folds)
        if self.latent:
            self._climb("latent", self.latent, folds)
            self._climb("ngrams", self.strengths, folds)
        return folds

    def _choose_on(self, columns):
        weights = self.weights[:, columns] if self.weights.shape[1] > 1 else self.weights
        grid = (self.strengths, self.latent)
        part = self.problem.of_columns(columns)
        search = StrengthSearch(part, weights, grid, self.folds, self.seed, self.report)
        search._choose()
        self.best, self.losses = search.best, search.losses

    def _climb(self, name, values, folds):
        """Moves one strength to the neighboring value, as long as the loss falls."""
        for step in (1, -1):
            while 0 <= (place := values.index(getattr(self.best, name)) + step) < len(values):
                if not self._try(self.best._replace(**{name: values[place]}), folds):
                    break

    def _try(self, strengths, folds):
        """Whether these strengths are better than all that were tried."""
        if strengths in self.losses:
            return False
        most = len(self.strengths) + len(self.latent)
        self._report("choosing the strength of n-grams", min(len(self.losses) / most, 1))
        logits, held_out = np.zeros_like(self.logits), np.isin(self.fold, folds)
        for fold in folds:
            self._starts[fold] = self._hold_out(logits, fold, strengths, self._starts.get(fold))
        loss = self.losses[strengths] = self._loss(logits, held_out)
        if loss < self._lowest:
            self._lowest, self.best, self.logits = loss, strengths, logits
            return True
        return False

    def _hold_out(self, logits, fold, strengths, start=None):
        """Fits without a fold, writes its logits, and returns the solution."""
        held_out = self.fold == fold
        weights = np.where(held_out[:, None], np.float32(0), self.weights)
        kernel, bias, solution = self.problem.fit(weights, strengths, start)
        logits[held_out] = self.problem.present[held_out] @ kernel + bias
        return solution

    def _report(self, phase, share):
        self.report(phase, int(share * len(self.fold)), len(self.fold))

    def _loss(self, logits, documents):
        logits, rest = logits[documents], (self.problem.targets[documents], self.problem.softmax)
        rest = (*rest, self.weights[documents])
        return log_loss(logits * temperature(logits, *rest), *rest)
