"""The search for few units of one document whose change gives it another label.

Units are words or sentences. The steps, each of which is only taken to find a smaller set:

1. The units are changed in the order of their integrated gradients, the strongest support for the
   label first, until the label changes. The units that are not needed are put back.
2. Each unit is changed alone. Those that move the label most are the candidates of a beam search,
   which adds one unit per step to the best sets of the previous step and keeps the sets that come
   closest to another label.
3. Of the set that is found, the units that are not needed are put back.
"""

import numpy as np

# Variants of a document that are classified at once, before it is known whether more are needed.
_AT_ONCE = 32
# The beam search: sets per step, units that are tried with each set, and steps.
_BEAM = 3
_CANDIDATES = 24
_STEPS = 16
# Units that are changed alone; of a longer document, those with the strongest scores.
_ALONE = 512


class Search:
    """The search in one document; sets of units are `<bool>[units]`, true for changed ones.

    Args:
        variants: the `Variants` of the document.
        scores: `<float>[units]`, integrated gradients for the most probable class.
        target: index of the most probable class.
        to: index of the label to reach; None: any other.
    """

    def __init__(self, variants, scores, target, to=None):
        self.variants, self.target, self.to = variants, target, to
        self.classifier = variants.network.classifier
        self.units = len(scores)
        self.whole = self.probabilities(np.zeros([1, self.units], bool))[0]
        # A label below its threshold is gained by removing what opposes it.
        self.has_label = not self.classifier.multi_label or self._reaches(self.whole)
        self.strength = scores if self.has_label else -scores

    def run(self, most):
        """A minimal set of at most `most` units whose change gives another label, or None."""
        if self.to == self.target:
            return None
        found = self._prefix(most)
        if found is not None:
            found = self._pruned(found)
        limit = most if found is None else int(found.sum()) - 1
        smaller = self._beam(min(limit, _STEPS))
        return found if smaller is None else self._pruned(smaller)

    def probabilities(self, changed):
        """`<float32>[variants, classes]` of the document with each set of units changed."""
        return self.variants.network.probabilities(self.variants.logits(changed)).numpy()

    def label(self, probabilities):
        """The label for `<float32>[classes]`."""
        name = self.classifier.classes[self.target]
        if self.classifier.multi_label:
            return name if self._reaches(probabilities) else f"not {name}"
        return self.classifier.classes[int(probabilities.argmax())]

    def _reaches(self, probabilities):
        threshold = np.float32(self.classifier.thresholds[self.target])
        return bool(probabilities[self.target] >= threshold)

    def _leads(self, changed):
        """How far each set of units is from another label, negative if it gives one."""
        if self.classifier.multi_label:
            threshold = np.float32(self.classifier.thresholds[self.target])
            p = self.probabilities(changed)[:, self.target]
            # The label is kept at the threshold itself, and gained there.
            return np.where(p >= threshold, 1, -1) * (np.abs(p - threshold) + 1e-9) * self._sign
        logits = self.variants.logits(changed)
        wanted = logits.argmax(axis=1) == self.to
        if self.to is None:
            wanted = logits.argmax(axis=1) != self.target
            others = logits.copy()
            others[:, self.target] = -np.inf
            lead = logits[:, self.target] - others.max(axis=1)
        else:
            lead = logits.max(axis=1) - logits[:, self.to]
        return np.where(wanted, -np.abs(lead) - 1e-9, np.abs(lead))

    @property
    def _sign(self):
        return 1 if self.has_label else -1

    def _prefix(self, most):
        """The strongest units, as few as give another label, or None."""
        rank = np.empty(self.units, np.int64)
        rank[np.argsort(-self.strength, kind="stable")] = np.arange(self.units)
        for start in range(1, most + 1, _AT_ONCE):
            sizes = np.arange(start, min(start + _AT_ONCE, most + 1))
            changed = rank[None, :] < sizes[:, None]
            flipped = np.flatnonzero(self._leads(changed) < 0)
            if len(flipped):
                return changed[flipped[0]]
        return None

    def _beam(self, steps):
        """A set of at most `steps` units that gives another label, or None."""
        if steps < 1:
            return None
        chosen = np.argsort(-self.strength, kind="stable")[:_ALONE]
        sets = np.zeros([len(chosen), self.units], bool)
        sets[np.arange(len(chosen)), chosen] = True
        leads = self._leads(sets)
        candidates = chosen[np.argsort(leads, kind="stable")[:_CANDIDATES]]
        for step in range(1, steps + 1):
            order = np.argsort(leads, kind="stable")[:_BEAM]
            if leads[order[0]] < 0:
                return sets[order[0]]
            if step < steps:
                sets = self._longer(sets[order], candidates)
                if not len(sets):
                    return None
                leads = self._leads(sets)
        return None

    @staticmethod
    def _longer(sets, candidates):
        """Each set with each candidate that it lacks."""
        more = np.repeat(sets, len(candidates), axis=0)
        added = np.tile(candidates, len(sets))
        new = ~more[np.arange(len(more)), added]
        more, added = more[new], added[new]
        more[np.arange(len(more)), added] = True
        return np.unique(more, axis=0)

    def _pruned(self, changed):
        """`changed` without the units that are not needed, the weakest first."""
        while changed.sum() > 1:
            chosen = np.flatnonzero(changed)
            fewer = np.repeat(changed[None], len(chosen), axis=0)
            fewer[np.arange(len(chosen)), chosen] = False
            needless = np.flatnonzero(self._leads(fewer) < 0)
            if not len(needless):
                break
            weakest = np.argmin(np.abs(self.strength[chosen[needless]]))
            changed = fewer[needless[weakest]]
        return changed
