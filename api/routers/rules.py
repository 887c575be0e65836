"""Alert rules: what is watched. Analysts make rules and change their own, admins all."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response
from sqlalchemy import Connection

from api.asking import AnalystParam, check_own
from api.errors import Problem, documented
from api.lookup import find_device, find_geofence, find_metric, find_rule, find_space
from api.parameters import StoreParam, Text
from api.routers.spaces import called
from api.schemas_rules import FoundOut, PreviewIn, PreviewOut, RuleIn, RuleOut, RulesOut, read_condition
from core.alert_conditions import Condition, Count, Geofence, Metric, State
from db import alert_rules
from db.queries import alerts
from db.queries.alert_json import metric_of, metrics_of
from db.queries.alerts import StoredRule
from db.store import Store
from db.watching import holds_now

router = APIRouter(prefix="/api/v1", tags=["alerts"])

_MADE: Final[dict[int | str, Any]] = {201: {"description": "It was made", "model": RuleOut}}
_MOST_SHOWN: Final = 100

RuleName = Annotated[Text, Path(description="The name of the rule, percent-encoded", examples=["Too fast"])]


@router.get("/rules", response_model=RulesOut, response_model_exclude_unset=True, responses=documented(503))
def get_rules(store: StoreParam) -> RulesOut:
    """All rules: what each looks for, whether it can, and how many alerts of it are open."""
    with store.connect() as connection:
        found = alerts.list_rules(connection)
        known = metrics_of(connection, (one.rule.condition for one in found))
    return RulesOut(items=[RuleOut.of(one, metric_of(one.rule.condition, known)) for one in found])


@router.get(
    "/rules/{name:path}",
    response_model=RuleOut,
    response_model_exclude_unset=True,
    responses=documented(404, 422, 503),
)
def get_rule(store: StoreParam, name: RuleName) -> RuleOut:
    """One rule."""
    with store.connect() as connection:
        return _described(connection, find_rule(connection, name))


@router.put(
    "/rules/{name:path}",
    response_model=RuleOut,
    response_model_exclude_unset=True,
    responses=_MADE | documented(401, 403, 404, 422, 503),
)
def put_rule(store: StoreParam, analyst: AnalystParam, response: Response, name: RuleName, wanted: RuleIn) -> RuleOut:
    """Make a rule, or say anew what it watches: 201 where it is new. Needs an analyst; another's rule needs an admin.

    The device, metric, space, geofence or state that it names must be there, so that no slip of the pen is watched for
    ever.
    """
    with store.connect() as connection, connection.begin():
        known = alerts.get_rule(connection, name)
        if known is not None:
            check_own(analyst, known.author)
        try:
            rule = wanted.rule(name)
            if known is None or known.rule.condition != rule.condition:  # what it watches may go later
                _check_is_there(connection, store, rule.condition)
            is_new = alert_rules.put_rule(connection, rule, called(analyst))
        except ValueError as error:
            raise Problem(422, str(error)) from None
        made = _described(connection, find_rule(connection, name))
    if is_new:
        response.status_code = 201
    return made


@router.delete("/rules/{name:path}", status_code=204, responses=documented(401, 403, 404, 422, 503))
def delete_rule(store: StoreParam, analyst: AnalystParam, name: RuleName) -> None:
    """Remove a rule. Its alerts close, and stay to be read. Needs an analyst; another's rule needs an admin."""
    with store.connect() as connection, connection.begin():
        check_own(analyst, find_rule(connection, name).author)
        alert_rules.remove_rule(connection, name, called(analyst))


@router.post("/rules/preview", responses=documented(401, 403, 422, 503))
def post_preview(
    store: StoreParam,
    analyst: AnalystParam,  # noqa: ARG001 - it is asked for, not looked at
    asked: PreviewIn,
) -> PreviewOut:
    """For whom a condition holds now, before a rule with it is made. Needs an analyst."""
    try:
        condition = read_condition(asked.condition)
    except ValueError as error:
        raise Problem(422, str(error)) from None
    with store.connect() as connection:
        found, problem = holds_now(connection, condition)
    return PreviewOut(holds=len(found), subjects=[FoundOut.of(one) for one in found[:_MOST_SHOWN]], problem=problem)


def _described(connection: Connection, stored: StoredRule) -> RuleOut:
    condition = stored.rule.condition
    return RuleOut.of(stored, metric_of(condition, metrics_of(connection, [condition])))


def _check_is_there(connection: Connection, store: Store, condition: Condition) -> None:
    """Raise Problem 404 where something that the condition names is not there."""
    if isinstance(condition, Count):
        if condition.space is not None:
            find_space(connection, condition.space)
        return
    if condition.device is not None:
        find_device(connection, condition.device)
    if isinstance(condition, Metric):
        find_metric(connection, condition.metric)
    elif isinstance(condition, Geofence):
        find_geofence(connection, condition.geofence)
    elif isinstance(condition, State):
        _check_state(store, condition)


def _check_state(store: Store, condition: State) -> None:
    machines = {one.name: one for one in store.site.current.rules.machines}
    machine = machines.get(condition.machine)
    if machine is None:
        detail = f"no state machine is called {condition.machine!r}; there are {', '.join(machines) or 'none'}"
        raise Problem(404, f"{detail} (the setting event_types)")
    states = sorted({step.to for step in machine.events.values()})
    if condition.state not in states:
        raise Problem(404, f"{machine.name} has no state {condition.state!r}; it has {', '.join(states) or 'none'}")
