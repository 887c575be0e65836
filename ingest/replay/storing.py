"""Stores what was received once more: rows merge, and the account of what was accounted for stays as it is."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from db.batch import Batch, Tally
from ingest.storing import Storer
from ingest.work import Work


class Unaccounted(Batch):
    """Its messages were counted when they came. `changed` and `same` count what became of them now."""

    changed = 0
    same = 0

    def tallies(self, stored: npt.NDArray[np.bool_]) -> dict[str, Tally]:
        """Nothing for the ledger."""
        tallies = super().tallies(stored).values()
        self.changed, self.same = sum(t.stored for t in tallies), sum(t.duplicate for t in tallies)
        return {}


class AgainStorer(Storer):
    """Stores without accounting. `last` is the batch that was stored last."""

    last: Unaccounted

    def _batch_of(self, work: Sequence[Work]) -> Batch:
        self.last = Unaccounted(self.frontier)
        self.last.rules = self._rules()
        for w in work:
            self._add(self.last, w, 0)
        self.last.sort()
        return self.last
