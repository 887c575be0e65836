"""Runtime settings, what devices are called, and the audit of both."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from api.asking import AdminParam, VisitorParam
from api.errors import Problem, documented, problem
from api.lookup import find_device, unknown_device
from api.parameters import DeviceName, StoreParam, Text
from api.routers.devices import device_out
from api.schemas import DeviceOut
from api.schemas_settings import AuditOut, ChangeOut, NamesIn, SettingOut, SettingsOut, ValueIn
from auth.roles import Role
from core.site import InvalidSetting
from core.site_fields import FIELDS
from db.naming import check_given, name_devices
from db.queries.audit import list_changes
from db.store import Store

router = APIRouter(prefix="/api/v1", tags=["settings"])

_MOST: Final = 500


@router.get("/settings", responses=documented(503))
def get_settings(store: StoreParam, visitor: VisitorParam) -> SettingsOut:
    """Every runtime setting with its value, default and limits. Anyone may read them; but the value of one that is
    secret is null for who is no admin."""
    store.site.refresh()
    values = store.site.values()
    may = visitor.may(Role.ADMIN)
    told = {name: values[name] if may or not field.secret else None for name, field in FIELDS.items()}
    return SettingsOut(settings=[_setting(store, name, value) for name, value in told.items()])


@router.put("/settings/{name}", responses=documented(401, 403, 404, 422, 503), response_model=SettingOut)
def put_setting(store: StoreParam, admin: AdminParam, name: str, asked: ValueIn) -> SettingOut | JSONResponse:
    """Set one for everyone: effective in every process and every open page within two seconds.

    A value outside of its limits is 422 and says why; `errors` names the setting.
    """
    try:
        value = store.site.change(_known(name), asked.value, str(admin.name)).after
    except InvalidSetting as error:
        return problem(422, str(error), errors=[{"where": error.name, "what": str(error)}])
    return _setting(store, name, value)


@router.delete("/settings/{name}", responses=documented(401, 403, 404, 422, 503), response_model=SettingOut)
def delete_setting(store: StoreParam, admin: AdminParam, name: str) -> SettingOut | JSONResponse:
    """Let its default hold again."""
    try:
        value = store.site.reset(_known(name), str(admin.name)).after
    except InvalidSetting as error:
        return problem(422, str(error), errors=[{"where": error.name, "what": str(error)}])
    return _setting(store, name, value)


@router.put("/devices/{name:path}", responses=documented(401, 403, 404, 422, 503), response_model=DeviceOut)
def put_device(store: StoreParam, admin: AdminParam, name: DeviceName, asked: NamesIn) -> DeviceOut | Response:
    """Give a device a label or put it into a fleet, whatever it sends of itself."""
    given, errors = {}, []
    for key in asked.model_fields_set:
        try:
            given[key] = check_given(getattr(asked, key))
        except ValueError as error:
            errors.append({"where": key, "what": str(error)})
    if errors:
        return problem(422, errors[0]["what"], errors=errors)
    if not name_devices(store, [name], given, str(admin.name)):
        raise unknown_device(name)
    with store.connect() as connection:
        device = find_device(connection, name)
    return device_out(device)


@router.get("/audit", responses=documented(401, 403, 422, 503))
def get_audit(
    store: StoreParam,
    admin: AdminParam,  # noqa: ARG001 - it is asked for, not looked at
    what: Annotated[Text | None, Query(description="Only of what begins so, such as summary.")] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before", pattern="^[0-9]{1,18}$")] = None,
) -> AuditOut:
    """Who changed what, from what to what, newest first."""
    with store.connect() as connection:
        found = list_changes(connection, limit=limit + 1, before=None if cursor is None else int(cursor), what=what)
    more = len(found) > limit
    return AuditOut(
        items=[ChangeOut.of(change) for change in found[:limit]], next=str(found[limit - 1].id) if more else None
    )


def _known(name: str) -> str:
    if name not in FIELDS:
        raise Problem(404, f"no setting is called {name!r}; GET /api/v1/settings lists those there are")
    return name


def _setting(store: Store, name: str, value: object) -> SettingOut:
    return SettingOut.of(FIELDS[name], value, store.site.initial[name], store.site.stored.get(name))
