"""What the API takes and answers about annotations."""

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, field_validator

from api.schemas import Moment
from db.queries.annotations import Annotation

_EXAMPLE: dict[str, JsonValue] = {
    "id": 7,
    "from": "2026-11-22T20:00:00.000Z",
    "to": "2026-11-22T21:30:00.000Z",
    "device_id": "bus-8929",
    "text": "Towed to the depot",
    "author": "admin",
    "created_at": "2026-11-22T21:31:10.000Z",
}


class AnnotationIn(BaseModel):
    """A text over a span, or at the moment `from` where `to` is left out; about one device, or about none."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{k: _EXAMPLE[k] for k in ("from", "text")}]}
    )

    start: Annotated[AwareDatetime, Field(alias="from")]
    end: Annotated[AwareDatetime | None, Field(alias="to")] = None
    device_id: str | None = Field(None, max_length=1024)
    text: str = Field(max_length=2000)

    @field_validator("start", "end")
    @classmethod
    def _within_calendar(cls, moment: datetime | None) -> datetime | None:
        """In UTC, which the first and the last day of the calendar may not have."""
        try:
            return None if moment is None else moment.astimezone(UTC)
        except OverflowError:
            raise ValueError("is no moment that a calendar has") from None


class AnnotationOut(BaseModel):
    """What somebody wrote; `to` is null at a moment, `device_id` null where it is about no device in particular."""

    model_config = ConfigDict(populate_by_name=True, json_schema_extra={"examples": [_EXAMPLE]})

    id: int
    start: Annotated[Moment, Field(serialization_alias="from")]
    end: Annotated[Moment | None, Field(serialization_alias="to")]
    device_id: str | None
    text: str
    author: str
    created_at: Moment

    @classmethod
    def of(cls, found: Annotation) -> Self:
        """A row."""
        return cls(
            id=found.id,
            start=found.start,
            end=found.end,
            device_id=found.device,
            text=found.text,
            author=found.author,
            created_at=found.created_at,
        )


class AnnotationsOut(BaseModel):
    """Annotations that touch a span, the newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE]}]})

    items: list[AnnotationOut]
