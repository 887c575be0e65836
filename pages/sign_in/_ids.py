"""Ids of the sign-in page."""

from typing import Final

FORM: Final = "sign-in-form"
PROBLEM: Final = "sign-in-problem"
