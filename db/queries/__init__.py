"""Every question that pages and API ask, one module a topic, as SQLAlchemy Core; answers are the rows of `rows.py`.

    devices.list_devices(connection, *, fleet, kind, search, limit, offset) -> list[Device]
    devices.get_device(connection, name) -> Device | None
    devices.list_fleets(connection) -> list[str]
    latest.latest_all(connection, *, fleet, bbox) / latest.latest_one(connection, name)
    metrics.list_metrics(connection) -> list[Metric], metrics.get_metric(connection, name)
    summary.fleet_summary(connection, metric, span, *, fleet, device_id) -> Summary
    summary.summary_by_device(connection, metric, span, *, fleet, limit) -> list[DeviceSummary]
    series.device_series / series.fleet_series(connection, metric, span, *, points, ...) -> Series
    track.device_track(connection, device_id, span, *, max_points) -> Track

Every function takes an open SQLAlchemy Connection and raises nothing of its own; an unknown device or metric is None.
"""
