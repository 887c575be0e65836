"""Keeps the columns of metrics that viewers of this worker look at: Redis announces places, values are read there."""

import time
from collections.abc import Mapping
from typing import Final

import numpy as np

from api.live.frames import Ids
from api.live.picture import Picture
from core.errors import StoreUnavailable
from core.types import POSITION_METRICS
from db.live import LiveReader

_RETRY_S: Final = 1.0


class ValueColumns:
    """Brings values into a picture, as they are wanted. One read of Redis for all viewers."""

    def __init__(self, picture: Picture, live: LiveReader) -> None:
        self._picture = picture
        self._live = live
        self._revision = 0
        self._next_try = 0.0

    async def refresh(self, wanted: set[str]) -> None:
        """Have the values of these metrics up to date. Raises StoreUnavailable or ValueError, then not before 1 s."""
        if not wanted and not self._picture.has_values:
            return
        measured = wanted.difference(POSITION_METRICS)
        missing = self._picture.keep_values(measured)
        if not measured or time.monotonic() < self._next_try:
            return
        if not missing and self._picture.revision <= self._revision:
            return
        revision = self._picture.revision
        ids = self._picture.ids() if missing else self._picture.changed_since(self._revision)
        try:
            values = await self._live.read_values(None if missing else ids.tolist())
        except (StoreUnavailable, ValueError):
            self._next_try = time.monotonic() + _RETRY_S
            raise
        for metric in measured:
            self._picture.set_values(metric, ids, column_of(values, metric, ids))
        self._revision = revision


def column_of(values: Mapping[int, Mapping[str, float]], metric: str, ids: Ids) -> "np.typing.NDArray[np.float32]":
    """The values of `metric` of these devices, in their order; NaN where there is none."""
    nothing: Mapping[str, float] = {}
    nan = float("nan")
    with np.errstate(over="ignore"):
        return np.array([values.get(device, nothing).get(metric, nan) for device in ids.tolist()], np.float64).astype(
            np.float32
        )
