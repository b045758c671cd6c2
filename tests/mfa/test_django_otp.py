"""Authenticator apps are devices of django-otp: what speaks to those works with ours."""

from datetime import UTC, datetime

import django_otp
import pytest
from django.contrib.auth import login
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django_otp.decorators import otp_required
from django_otp.forms import OTPAuthenticationForm
from django_otp.middleware import OTPMiddleware

from mfa import oath
from mfa.challenge import is_unverified
from mfa.models import AuthenticatorApp
from tests.mfa import flow


@pytest.fixture
def request_of(rf, client, app):
    """A request in a session of Alice's, or of nobody's."""

    def make(user):
        request = rf.get("/")
        request.session = client.session
        request.user = user
        return request

    return make


def test_a_device_is_found_and_verifies_its_code_once(app):
    code = flow.code_of(app)
    assert list(django_otp.devices_for_user(app.user)) == [app]
    assert django_otp.user_has_device(app.user)

    assert django_otp.verify_token(app.user, app.persistent_id, code) == app
    assert django_otp.verify_token(app.user, app.persistent_id, code) is None
    assert django_otp.match_token(app.user, code) is None


def test_a_device_takes_a_number_for_a_code(app, clock):
    seconds = next(s for s in range(0, 10**6, 30) if oath.totp(app.key, s).startswith("0"))
    clock.now = datetime.fromtimestamp(seconds, UTC)

    assert app.verify_token(int(flow.code_of(app)))


def test_an_unconfirmed_device_is_no_device(person):
    app = AuthenticatorApp.objects.create(user=person, key=AuthenticatorApp.new_key())

    assert not django_otp.user_has_device(person)
    assert list(django_otp.devices_for_user(person, confirmed=False)) == [app]


def test_a_device_is_found_by_its_persistent_id_and_a_wrong_one_is_none(app, other_person):
    code = flow.code_of(app)
    assert django_otp.verify_token(other_person, app.persistent_id, code) is None
    for strange in ("", "x/1", "ostiary_mfa.authenticatorapp/x", "ostiary_mfa.nothing/1"):
        assert django_otp.verify_token(app.user, strange, code) is None


def test_guesses_by_this_way_are_counted_with_all_others(app):
    for _ in range(10):
        assert not app.verify_token("000000")

    assert not app.verify_token(flow.code_of(app))


def test_otp_required_lets_in_who_has_shown_a_code(request_of, app):
    page = otp_required(lambda request: HttpResponse("in"))
    middleware = OTPMiddleware(page)
    request = request_of(app.user)
    assert middleware(request).status_code == 302

    django_otp.login(request, app)

    assert middleware(request).content == b"in"
    assert middleware(request_of(AnonymousUser())).status_code == 302


def test_a_sign_in_by_the_form_of_django_otp_is_verified(request_of, app):
    told = {"username": app.user.get_username(), "password": flow.PASSWORD}
    request = request_of(AnonymousUser())
    told |= {"otp_device": app.persistent_id, "otp_token": flow.code_of(app)}
    form = OTPAuthenticationForm(request, told)
    assert form.is_valid(), form.errors

    login(request, form.get_user(), backend="django.contrib.auth.backends.ModelBackend")

    OTPMiddleware(lambda request: HttpResponse())(request)
    assert request.user.is_verified()
    assert not is_unverified(request)


def test_a_device_that_was_removed_verifies_nobody(request_of, app):
    request = request_of(app.user)
    django_otp.login(request, app)
    app.delete()

    OTPMiddleware(lambda request: HttpResponse())(request)

    assert not request.user.is_verified()
