"""The way of a message: sources, journal, decoders, pipeline, and the scheduler that drives it."""
