"""Configuration from the environment and `.env`, prefix WAYPOST_ (docs/configuration.md lists every name)."""

import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from core.errors import StartupError

PREFIX = "WAYPOST_"


class Settings(BaseSettings):
    """All settings. Every one has a default that runs the demo on this machine alone."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(Path(".waypost"), description="Where the embedded servers, the journal and secrets live")
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one")] = 8050
    allow_anonymous: bool = Field(
        False,
        description="Let anyone look when HOST is not a loopback address; otherwise Waypost refuses to start there",
    )
    allowed_hosts: str = Field("", description="More host names that browsers may use, separated by commas")

    database_url: str | None = Field(None, description="PostgreSQL or TimescaleDB; unset: embedded PostgreSQL")
    redis_url: str | None = Field(None, description="Redis or Valkey; unset: embedded Valkey")
    sources: str | None = Field(None, description="Source URLs separated by spaces or commas; unset: the demo")
    collector_topic: str | None = Field(None, description="Topic that the HTTP collector writes to, not the journal")
    forward: str | None = Field(None, description="Topic that every stored message is passed on to")

    admin_password: SecretStr | None = Field(None, description="Password of the admin made at the first start")
    ingest_token: SecretStr | None = Field(None, description="Collector token made at the first start")
    secret_key: SecretStr | None = Field(None, description="Signs cookies; unset: made once and kept in DATA_DIR")
    session_hours: Annotated[float, Field(gt=0, le=8760, description="Hours until somebody must sign in anew")] = 12.0

    tick_ms: Annotated[int, Field(ge=10, le=10_000, description="How often journalled messages are stored")] = 50
    batch_messages: Annotated[int, Field(ge=100, le=200_000, description="Most messages stored in one go")] = 50_000
    journal_segment_mb: Annotated[int, Field(ge=1, le=4096, description="Size of one journal file")] = 64
    journal_max_mb: Annotated[int, Field(ge=2, le=1_000_000, description="Size of the whole journal on disk")] = 2048
    keep_journal_hours: Annotated[
        int, Field(ge=0, description="Hours that stored journal files stay for replay; 0: until room is needed")
    ] = 0
    lake: bool = Field(False, description="Keep all that was received as Parquet, too")
    lake_url: str | None = Field(None, description="Where the lake is: a folder, or a URL that fsspec knows")
    lake_minutes: Annotated[int, Field(ge=1, le=1440, description="A journal file goes to the lake at this age")] = 60
    keep_lake_days: Annotated[
        int, Field(ge=0, description="Days that the lake keeps what was received; 0: for ever")
    ] = 0
    max_body_mb: Annotated[int, Field(ge=1, le=60, description="Largest body of a request that brings messages")] = 10
    quarantine_max: Annotated[int, Field(ge=0, description="Messages kept that could not be used")] = 100_000
    max_devices: Annotated[int, Field(ge=1, description="Messages of more devices than this are refused")] = 100_000
    max_metrics: Annotated[int, Field(ge=1, description="Values of more metrics than this are refused")] = 500
    keep_raw_days: Annotated[int, Field(ge=0, description="Days that positions and measurements live; 0: for ever")] = 0
    keep_minute_days: Annotated[
        int, Field(ge=0, description="Days that statistics by the minute live; 0: for ever")
    ] = 0
    keep_hour_days: Annotated[int, Field(ge=0, description="Days that statistics by the hour live; 0: for ever")] = 0
    compress_after_hours: Annotated[int, Field(ge=1, description="TimescaleDB compresses what is this old")] = 2
    chunk_hours: Annotated[int, Field(ge=1, le=744, description="Length of TimescaleDB's chunks")] = 24
    max_ahead_s: Annotated[
        int, Field(ge=0, le=31_536_000, description="A timestamp further ahead of the clock is refused")
    ] = 300

    stopped_below: Annotated[float, Field(ge=0, description="m/s; slower than this is stopped")] = 0.5
    silent_after_s: Annotated[int, Field(ge=1, description="A device not heard from for this long is silent")] = 120

    cache_s: Annotated[
        float, Field(ge=0, le=60, description="How long an answer of the REST API is kept for others who ask the same")
    ] = 1.0
    max_track_days: Annotated[int, Field(ge=1, le=36_600, description="Most days that one track may span")] = 31
    max_viewers: Annotated[int, Field(ge=1, description="Most live maps open at once, a worker")] = 2000

    tiles_url: str | None = Field(None, description="Online map tiles, such as https://host/{z}/{x}/{y}.png")
    tiles_attribution: str = Field("", description="Whose tiles these are; shown on the map")

    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="The least that is logged")
    ] = "info"
    log_format: Annotated[Literal["text", "json"], Field(description="For people, or for machines")] = "text"

    @model_validator(mode="before")
    @classmethod
    def _empty_is_unset(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Compose files write `NAME=${NAME:-}`; an empty password, key or directory must never be meant by it."""
        return {name: value for name, value in values.items() if value != "" or name == "sources"}

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _coarser_lives_as_long(self) -> Self:
        """A rollup is made again from what is finer: that must not be gone while the rollup can still change."""
        levels = [("raw", self.keep_raw_days), ("minute", self.keep_minute_days), ("hour", self.keep_hour_days)]
        for (finer, short), (coarser, long) in pairwise(levels):
            if long and (short == 0 or short > long):
                raise ValueError(
                    f"keep_{coarser}_days is {long}, but must be 0 or at least keep_{finer}_days ({short})"
                )
        return self

    @property
    def demo(self) -> bool:
        """Whether the demo recording is played: no sources were named."""
        return self.sources is None

    def source_urls(self) -> list[str]:
        """The source URLs, in the order given. A comma parts two where a transport follows it: brokers have theirs."""
        pieces = re.split(r"\s|,(?=[A-Za-z]+://)", self.sources or "")
        return [url for url in (piece.strip(",") for piece in pieces) if url]


def load() -> Settings:
    """Settings from the environment. Raises StartupError with one line that names what is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:
            raise StartupError(f"Settings do not go together: {first['msg']}. Correct them and start again.") from None
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise StartupError(
            f"{name} is not usable: {first['msg']} (it is {first['input']!r}). Correct it and start again."
        ) from None


def unknown_names() -> list[str]:
    """Names with our prefix in the environment or `.env` that are no setting: most often a typing error."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    from_file = DotEnvSettingsSource(Settings).env_vars
    return sorted(
        name
        for name in {*os.environ, *(name.upper() for name in from_file)}
        if name.startswith(PREFIX) and name.upper() not in known and not name.startswith("WAYPOST_TEST_")
    )
