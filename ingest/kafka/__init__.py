"""Kafka: topics to read from, where the topic is the journal, and topics to write to."""

# The sources' factory makes Kafka's, and that is built on what sources share: loaded in this order, either can be asked
# for first.
import ingest.sources  # noqa: F401 - for its effect
