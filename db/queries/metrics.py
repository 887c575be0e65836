"""The named series there are."""

from sqlalchemy import Connection, case, select

from db.queries.rows import Metric
from db.tables import metric

_COLUMNS = (metric.c.id, metric.c.name, metric.c.unit, metric.c.label, metric.c.stored_in)


def list_metrics(connection: Connection) -> list[Metric]:
    """All metrics: speed, altitude and heading first, then measurements by name."""
    first = case((metric.c.stored_in == "position", metric.c.id), else_=2**31 - 1)
    return [Metric(*row) for row in connection.execute(select(*_COLUMNS).order_by(first, metric.c.name))]


def get_metric(connection: Connection, name: str) -> Metric | None:
    """The metric called `name`."""
    row = connection.execute(select(*_COLUMNS).where(metric.c.name == name)).first()
    return None if row is None else Metric(*row)
