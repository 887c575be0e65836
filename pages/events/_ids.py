"""Ids of the Events page."""

from typing import Final

PAGE: Final = "events"
TYPE: Final = "events-type"
SEARCH: Final = "events-search"
MARK: Final = "events-mark"
BANNER: Final = "events-banner"
PROBLEMS: Final = "events-problems"
TABLE: Final = "events-table"
NOTE: Final = "events-note"
NEWER: Final = "events-newer"
OLDER: Final = "events-older"
NEXT: Final = "events-next"
BEHIND: Final = "events-behind"
CLEAR: Final = "events-clear"
