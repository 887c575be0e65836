"""Reasons of the quarantine that are nobody's fault: messages in order that hold nothing which Waypost keeps.

They count as quarantined, so that the account adds up, and the Pipeline page sets them apart from what needs a look.
"""

from typing import Final

AIS_WITHOUT_USE: Final = "AIS message without place or name"
OWNTRACKS_WITHOUT_USE: Final = "OwnTracks message without a place"
WITHOUT_USE: Final = frozenset({AIS_WITHOUT_USE, OWNTRACKS_WITHOUT_USE})
