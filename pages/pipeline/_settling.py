"""When the messages of the open group of the quarantine have to be shown anew."""

from typing import Any

from pages.pipeline._load import View


def settled_group(
    view: View, opened: str, before: dict[str, Any] | None, at: float, *, is_waited_for: bool
) -> dict[str, Any] | None:
    """How the group stands at `at` (s since 1970), where that is another than `before`; None where it is the same.

    Who waits to hear that it was decoded again is told each time: that it is done may have been seen before the browser
    knew that it had asked. A group that has grown is left as it is, as somebody may be reading it.
    """
    group = view.group(opened)
    count, again = (group.count, group.again) if group else (0, 0)
    now = {"group": opened, "count": count, "again": again, "at": at}
    if not opened or not before or before["group"] != opened:
        return now
    return now if is_waited_for or again != before["again"] or count < before["count"] else None
