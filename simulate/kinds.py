"""Kinds of invented vehicles: how fast they are, how they brake and turn, how often they stop, how far they get."""

from typing import Final

import msgspec


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of vehicle. SI units: m, s, m/s, m/s².

    share: of a fleet, 0 to 1. fleets: who runs them.
    top: the highest speed. accelerates, brakes: at most, along the way; sideways: at most, in a bend.
    radius: of the narrowest bend. block: from one crossing to the next.
    stops: the chance to stop at a crossing, and dwell: for how long on average.
    reach: how far a full battery goes; idle: for how long it lasts standing.
    """

    name: str
    share: float
    fleets: tuple[str, ...]
    top: float
    accelerates: float
    brakes: float
    sideways: float
    radius: float
    block: float
    stops: float
    dwell: float
    reach: float
    idle: float


KINDS: Final = (
    Kind(
        name="bus",
        share=0.2,
        fleets=("City Transit",),
        top=14.0,
        accelerates=1.0,
        brakes=1.2,
        sideways=1.2,
        radius=11.0,
        block=240.0,
        stops=0.6,
        dwell=18.0,
        reach=180_000.0,
        idle=20 * 3600.0,
    ),
    Kind(
        name="van",
        share=0.3,
        fleets=("Parcel North", "Parcel South"),
        top=19.0,
        accelerates=1.8,
        brakes=2.5,
        sideways=2.0,
        radius=7.0,
        block=180.0,
        stops=0.3,
        dwell=60.0,
        reach=220_000.0,
        idle=40 * 3600.0,
    ),
    Kind(
        name="car",
        share=0.3,
        fleets=("Car Share", "Service"),
        top=25.0,
        accelerates=2.5,
        brakes=3.0,
        sideways=2.5,
        radius=6.0,
        block=220.0,
        stops=0.25,
        dwell=25.0,
        reach=300_000.0,
        idle=60 * 3600.0,
    ),
    Kind(
        name="truck",
        share=0.1,
        fleets=("Freight",),
        top=22.0,
        accelerates=0.7,
        brakes=1.5,
        sideways=1.0,
        radius=13.0,
        block=450.0,
        stops=0.15,
        dwell=120.0,
        reach=350_000.0,
        idle=60 * 3600.0,
    ),
    Kind(
        name="bike",
        share=0.1,
        fleets=("Couriers",),
        top=8.0,
        accelerates=1.0,
        brakes=2.0,
        sideways=1.5,
        radius=3.0,
        block=120.0,
        stops=0.3,
        dwell=40.0,
        reach=60_000.0,
        idle=30 * 3600.0,
    ),
)
