"""What tests of alerts share: a database with a watch on it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from tests.alerts.alarm import Alarm, alarm_on
from tests.db.conftest import storing_in


@pytest.fixture
def alarm(engine: Engine, database_url: URL) -> Iterator[Alarm]:
    """On an empty database."""
    with storing_in(database_url) as (storing, _), alarm_on(engine, database_url, storing) as made:
        yield made
