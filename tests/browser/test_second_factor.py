"""An authenticator app in a real browser: set up, used, mistyped, lost."""

import re
import subprocess

import pyotp
import pytest

from mfa.models import AuthenticatorApp
from ostiary.models import Session
from tests.machine import program
from tests.mfa.flow import code_of

from .conftest import enter_code, fits, new_person, sign_in, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.needs("mfa")]

CARD = "main .field-errors"


def scanned(page, tmp_path):
    """What a phone's camera sees: the QR code of the page, in a picture of it."""
    zbarimg = program("zbarimg")
    picture = tmp_path / "page.png"
    page.screenshot(path=picture, full_page=True)
    read = subprocess.run(
        [zbarimg, "--quiet", "--raw", picture], capture_output=True, text=True, check=True
    )
    return read.stdout.strip()


def sign_out(page, issuer):
    page.goto(f"{issuer}/signout/")
    submit(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_app_is_set_up_by_its_picture_and_the_next_sign_in_asks_for_its_code(
    open_window, issuer, tmp_path, scheme, alice
):
    page = open_window(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    page.goto(f"{issuer}/account/security/")
    sign_in(page)
    page.get_by_role("link", name="Authenticator app").click()
    page.locator("input[name=name]").fill("Phone")
    assert fits(page)
    app = pyotp.parse_uri(scanned(page, tmp_path))
    assert app.name == alice.email
    assert app.secret == page.locator("code.key").inner_text().replace(" ", "")
    enter_code(page, app.now())
    page.get_by_text("Authenticator app turned on").wait_for()
    page.get_by_role("button", name="Create codes").click()
    recovery_code = page.locator("[data-codes] code").first.inner_text()
    assert page.locator("main .button-primary:visible").all_inner_texts() == ["I’ve saved my codes"]
    AuthenticatorApp.objects.update(last_t=-1)  # half a minute later
    sign_out(page, issuer)

    page.goto(f"{issuer}/account/sessions/")
    sign_in(page)
    assert page.url.partition("?")[0] == f"{issuer}/signin/second-step/app/"
    assert page.locator("input[name=code]").get_attribute("autocomplete") == "one-time-code"
    enter_code(page, "000000")
    assert "Wait for the app to show the next one" in page.locator(CARD).inner_text()
    code = app.now()
    enter_code(page, f"{code[:3]} {code[3:]}")
    page.wait_for_url(f"{issuer}/account/sessions/")
    assert Session.objects.get(ended_at__isnull=True).amr == ["pwd", "otp", "mfa"]
    sign_out(page, issuer)

    page.goto(f"{issuer}/account/sessions/")
    sign_in(page)
    enter_code(page, code)
    assert "already used" in page.locator(CARD).inner_text()
    page.get_by_role("link", name="backup code").click()
    enter_code(page, recovery_code)
    page.wait_for_url(f"{issuer}/account/sessions/")


def test_who_guesses_is_told_how_long_to_wait(page, issuer, transactional_db):
    bob = new_person("bob@example.com")
    AuthenticatorApp.objects.create(user=bob, key=AuthenticatorApp.new_key(), confirmed=True)
    page.goto(f"{issuer}/signin/")
    sign_in(page, bob.email)

    for _ in range(11):
        enter_code(page, "000000")

    assert page.get_by_role("heading", level=1).inner_text() == "Too many attempts"
    assert "minutes and try again" in page.inner_text("main")


def test_an_application_is_told_that_two_factors_were_shown(page, relying_party, alice):
    app = AuthenticatorApp.objects.create(
        user=alice, key=AuthenticatorApp.new_key(), confirmed=True
    )
    page.goto(f"{relying_party}/login?acr_values=urn:ostiary:aal2")
    sign_in(page)
    enter_code(page, code_of(app))
    page.get_by_role("button", name="Allow", exact=True).click()

    page.wait_for_url(f"{relying_party}/")
    shown = page.inner_text("body")
    assert "urn:ostiary:aal2" in shown
    assert re.search(r"pwd\W+otp\W+mfa", shown)
