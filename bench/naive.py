"""The same panels built naively: raw rows into pandas, from there into a figure."""

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import psycopg

from bench.questions import END, ONE, START

RAW = "SELECT device_id, ts, lat, lon, speed, heading FROM position WHERE {where} ORDER BY ts"
FIVE = ", ".join(str(ONE + n) for n in range(5))
WEEK = f"ts >= '{START.isoformat()}' AND ts < '{END.isoformat()}'"
DAY = f"ts >= '{END.isoformat()}'::timestamptz - interval '1 day' AND ts < '{END.isoformat()}'"

Panel = Callable[[psycopg.Connection], go.Figure]


def summary(connection: psycopg.Connection) -> go.Figure:
    """The fleet's mean over a day, by five minutes."""
    rows = _read(connection, DAY)
    found = rows.set_index("ts")["speed"].resample("5min").agg(["mean", "min", "max"])
    return go.Figure([go.Scatter(x=found.index, y=found[name], name=name) for name in found])


def top(connection: psycopg.Connection) -> go.Figure:
    """The ten devices with the highest speed of a day."""
    highest = _read(connection, DAY).groupby("device_id")["speed"].max().nlargest(10)
    return go.Figure(go.Bar(x=highest.to_numpy(), y=highest.index.astype(str), orientation="h"))


def history(connection: psycopg.Connection) -> go.Figure:
    """Five devices over a week."""
    rows = _read(connection, f"device_id IN ({FIVE}) AND {WEEK}")
    return go.Figure(
        [go.Scatter(x=one["ts"], y=one["speed"], name=str(device)) for device, one in rows.groupby("device_id")]
    )


def device(connection: psycopg.Connection) -> go.Figure:
    """One device over a week: its track, and speed and heading over time."""
    rows = _read(connection, f"device_id = {ONE} AND {WEEK}")
    return go.Figure(
        [
            go.Scattermap(lat=rows["lat"], lon=rows["lon"], mode="lines"),
            go.Scatter(x=rows["ts"], y=rows["speed"]),
            go.Scatter(x=rows["ts"], y=rows["heading"]),
        ]
    )


PANELS: dict[str, Panel] = {"summary": summary, "top": top, "history": history, "device": device}


def _read(connection: psycopg.Connection, where: str) -> pd.DataFrame:
    cursor = connection.execute(RAW.format(where=where).encode())
    names = [column.name for column in cursor.description or ()]
    return pd.DataFrame(cursor.fetchall(), columns=names)
