"""The sign-in page leads back into Waypost, and nowhere else."""

import pytest

from auth.roles import Role, Visitor
from pages.sign_in._parts import form, safe_path, signed_in
from tests.pages.test_summary import parts_of, words


@pytest.mark.parametrize("path", ["/", "/pipeline", "/pipeline?group=no+device%7Cgate", "/device/a%2Fb", "/a?next=//b"])
def test_a_path_of_ours_is_gone_back_to(path: str) -> None:
    assert safe_path(path) == path


@pytest.mark.parametrize(
    "wanted",
    [
        None, "", 7, ["/a"], "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil",
        "javascript:alert(1)", "/a\nb", "/\t/evil.example", "evil", "/sign-in", "/sign-in?next=/", " /a", "//[",
    ],
)  # fmt: skip
def test_nothing_else_is(wanted: object) -> None:
    assert safe_path(wanted) == ""


def test_the_form_is_one_that_password_managers_know() -> None:
    fields = {p.name: p.autoComplete for p in parts_of(form("/pipeline")) if getattr(p, "autoComplete", None)}
    assert fields == {"user": "username", "password": "current-password"}


def test_who_is_signed_in_is_said_with_the_way_out() -> None:
    shown = signed_in(Visitor("admin", Role.ADMIN), "/pipeline")
    assert "You are signed in as  admin" in words(shown)
    assert [p.href for p in parts_of(shown) if hasattr(p, "href")] == ["/pipeline", "/settings"]
    viewer = signed_in(Visitor("vera", Role.VIEWER), "")
    assert [p.href for p in parts_of(viewer) if hasattr(p, "href")] == ["/"]
    assert any(hasattr(p, "data-sign-out") for p in parts_of(shown))
