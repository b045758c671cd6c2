"""A person connects a device, in a real browser (RFC 8628 §3.3)."""

from __future__ import annotations

import pytest

from oauth import device_authorization
from oauth.models import Client, DeviceGrant

from .conftest import fits, sign_in, watch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user_code(issuer) -> str:
    """The code that a television shows."""
    television = Client(
        name="Fieldnotes on television",
        client_type="public",
        grant_types=[device_authorization.GRANT_TYPE, "refresh_token"],
        scopes=["openid", "profile", "api:read"],
        audiences=["http://localhost:9/"],
    )
    television.full_clean()
    television.save()
    answer = device_authorization.start(
        television, television.scopes, television.audiences, "203.0.113.9"
    )
    return str(answer["user_code"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("decision", "status"),
    [("Allow", DeviceGrant.AUTHORIZED), ("Deny", DeviceGrant.DENIED)],
)
def test_a_person_enters_the_code_and_decides(
    open_window, issuer, alice, user_code, scheme, decision, status
):
    page = open_window(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    wrong = watch(page)

    def looked_at(name: str) -> None:
        assert fits(page), name

    page.goto(f"{issuer}/oauth/device")
    sign_in(page)
    looked_at("code")
    page.get_by_label("Code").fill("BCDF-GHJK")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Wrong code.").wait_for()
    looked_at("wrong")
    page.get_by_label("Code").fill(user_code.lower().replace("-", ""))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Connect Fieldnotes on television?").wait_for()
    assert page.get_by_text(user_code).is_visible()
    assert page.get_by_text("203.0.113.9").is_visible()
    looked_at("confirm")
    page.get_by_role("button", name=decision, exact=True).click()
    page.get_by_role("status").wait_for()
    looked_at(f"done-{status}")

    assert DeviceGrant.objects.get().status == status
    assert wrong == []
