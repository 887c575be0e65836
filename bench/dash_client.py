"""Asks the callbacks of pages as a browser does, without one: the same requests to the same server."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

Values = Mapping[tuple[str, str], Any]
"""What controls say: by (id, property); an id that is an object is its JSON with sorted keys, without spaces."""
TICK: Final = '"part":"tick","refresh":'


@dataclass(frozen=True)
class Callback:
    """A callback of the server, as /_dash-dependencies tells it."""

    output: str
    inputs: list[dict[str, str]]
    state: list[dict[str, str]]

    def body(self, values: Values, changed: list[str]) -> dict[str, Any]:
        """The request that asks for it while the page's controls say `values`."""
        outputs = [_dependency(part) for part in self.output.strip(".").split("...")]
        return {
            "output": self.output,
            "outputs": outputs if self.output.startswith("..") else outputs[0],
            "inputs": [_valued(one, values) for one in self.inputs],
            "state": [_valued(one, values) for one in self.state],
            "changedPropIds": changed,
        }


class Dashboard:
    """The callbacks of a running Waypost."""

    def __init__(self, dependencies: list[dict[str, Any]]) -> None:
        self._callbacks = [
            Callback(one["output"], one["inputs"], one["state"])
            for one in dependencies
            if not one["clientside_function"]
        ]

    def refreshed_by(self, page: str) -> list[Callback]:
        """The callbacks that fill `page`: those that its interval calls. Raises LookupError where there are none."""
        return self._with_input(f"{{{TICK}{json.dumps(page)}}}")

    def of(self, component_id: str) -> Callback:
        """The callback that has this component among its inputs. Raises LookupError."""
        return self._with_input(component_id)[0]

    def _with_input(self, component_id: str) -> list[Callback]:
        found = [one for one in self._callbacks if any(asked["id"] == component_id for asked in one.inputs)]
        if not found:
            raise LookupError(f"no callback has {component_id} as an input")
        return found


async def dashboard(client: httpx.AsyncClient) -> Dashboard:
    """What the server that `client` asks can be asked for."""
    answer = await client.get("/_dash-dependencies")
    answer.raise_for_status()
    return Dashboard(answer.json())


async def ask(client: httpx.AsyncClient, callback: Callback, values: Values, changed: list[str]) -> httpx.Response:
    """The answer of a callback, which must be one with data."""
    answer = await client.post("/_dash-update-component", json=callback.body(values, changed))
    assert answer.status_code == 200, f"{answer.status_code} {answer.text[:300]}"
    return answer


def changed_tick(page: str) -> list[str]:
    """What a browser says has changed when the interval of `page` has passed."""
    return [f"{{{TICK}{json.dumps(page)}}}.n_intervals"]


def _dependency(text: str) -> dict[str, Any]:
    component_id, _, name = text.replace("\\.", "\0").rpartition(".")
    component_id = component_id.replace("\0", ".")
    return {"id": json.loads(component_id) if component_id.startswith("{") else component_id, "property": name}


def _valued(one: Mapping[str, str], values: Values) -> dict[str, Any]:
    component_id = one["id"]
    made: dict[str, Any] = {
        "id": json.loads(component_id) if component_id.startswith("{") else component_id,
        "property": one["property"],
    }
    if (component_id, one["property"]) in values:
        made["value"] = values[component_id, one["property"]]
    return made
