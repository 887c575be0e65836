"""docs/sources.md tells of every transport and every option."""

from pathlib import Path

import pytest

from ingest.sources import TRANSPORTS

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", TRANSPORTS)
def test_a_transport_and_its_options_are_in_the_docs(scheme: str) -> None:
    assert f"`{scheme}://" in DOCS
    missing = [option for option in TRANSPORTS[scheme].form.options if f"`{option}`" not in DOCS]
    assert not missing
