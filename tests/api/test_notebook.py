"""The blocks of docs/notebook.md run as they stand, and say what pandas computes from the messages."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core.types import to_micros
from tests.api.conftest import Serve
from tests.api.feed import SECOND, Feed, message

TEXT = (Path(__file__).parents[2] / "docs" / "notebook.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
START = to_micros(pd.Timestamp("2026-11-22T20:00:00Z").to_pydatetime())


def test_every_block_runs_and_its_numbers_are_those_of_the_messages(feed: Feed, serve: Serve) -> None:
    rows = [(f"d{i}", START + s * SECOND, float((s // 60 + 3 * i) % 30)) for i in range(6) for s in range(0, 3600, 20)]
    feed.store(message(device, ts, speed=speed) for device, ts, speed in rows)
    frame = pd.DataFrame(rows, columns=["device", "ts", "speed"])
    served = serve(cache_s=0)
    namespace: dict[str, Any] = {}
    assert len(BLOCKS) == 5
    for block in BLOCKS:
        exec(block.replace("http://localhost:8050", served.url), namespace)  # noqa: S102 - our own docs
    best = frame.groupby("device")["speed"].max().sort_index().sort_values(ascending=False, kind="stable").head(5)
    assert namespace["top"]["device_id"].tolist() == best.index.tolist()
    assert namespace["top"]["value"].tolist() == pytest.approx((best * 3.6).tolist())
    asked = frame[frame["device"].isin(namespace["names"])]
    assert namespace["mean"] == pytest.approx(asked["speed"].mean())
    assert len(namespace["by_device"]) == 60
    assert (namespace["unit"], namespace["fleet"]["max"].max()) == ("m/s", 29.0)
    assert namespace["fleet"]["n"].sum() == len(frame)
    assert "send points=" in namespace["said"]
