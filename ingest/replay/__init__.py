"""Replay: what was received in a window of time is decoded again, as sources are read now, and stored once more."""

from ingest.replay.run import Outcome, Replay, Window

__all__ = ["Outcome", "Replay", "Window"]
