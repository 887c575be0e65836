"""What the API says of runtime settings and of the audit."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Moment
from core.site_fields import Field as SiteField
from core.site_fields import Value
from db.queries.audit import Change
from db.settings import Stored


class SettingOut(BaseModel):
    """A runtime setting: its value now, its default and limits, and what it changes. `updated_at` is null while the
    default holds. A `secret` one has the value null for who is no admin."""

    name: str
    label: str
    says: str
    kind: Literal["number", "choice", "text", "json"]
    unit: str
    value: Any
    default: Any
    least: float | None
    most: float | None
    choices: list[str]
    secret: bool
    updated_at: Moment | None

    @classmethod
    def of(cls, field: SiteField, value: Value, default: Value, stored: Stored | None) -> Self:
        """One setting."""
        return cls(
            name=field.name,
            label=field.label,
            says=field.says,
            kind=field.kind,
            unit=field.unit,
            value=value,
            default=default,
            least=field.least,
            most=field.most,
            choices=list(field.choices),
            secret=field.secret,
            updated_at=None if stored is None else stored.updated_at,
        )


class SettingsOut(BaseModel):
    """All runtime settings."""

    settings: list[SettingOut]


class ValueIn(BaseModel):
    """A value for a setting."""

    value: Any = Field(description="A number, a text, or JSON, as the setting is", examples=[1])

    model_config = ConfigDict(extra="forbid")


class NamesIn(BaseModel):
    """What to call a device. A name that is left out stays; null or an empty one shows again what the device sends."""

    label: str | None = None
    fleet: str | None = None

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"label": "Airport shuttle"}]})


class ChangeOut(BaseModel):
    """One entry of the audit; `from` and `to` are null where there was or is nothing."""

    model_config = ConfigDict(populate_by_name=True)

    id: int
    at: Moment
    who: str
    what: str
    before: Any = Field(alias="from")
    after: Any = Field(alias="to")

    @classmethod
    def of(cls, change: Change) -> Self:
        """A change."""
        return cls(
            id=change.id, at=change.at, who=change.who, what=change.what, before=change.before, after=change.after
        )


class AuditOut(BaseModel):
    """A page of the audit; `next` is the cursor of the page behind it, null at the end."""

    items: list[ChangeOut]
    next: str | None
