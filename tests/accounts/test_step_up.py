"""What is sensitive is done by someone who has just proved who they are (SECURITY C8)."""

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import User
from ostiary import assurance
from ostiary.conf import ostiary_settings
from tests.accounts import flow
from tests.accounts.conftest import make_person
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

OWN = {
    "/account/security/": {"current_password": flow.PASSWORD, "password": flow.NEW_PASSWORD},
    "/account/email/": {"email": "alice@new.example"},
    "/account/privacy/erase/": {},
    "/account/privacy/export/": {},
}
OF_OPERATORS = {
    "/admin/ostiary_accounts/user/add/": {"email": "made@example.com", "is_superuser": "on"},
    "/admin/ostiary_accounts/user/{person}/change/": {"email": "a@b.example", "is_staff": "on"},
    "/admin/auth/group/add/": {"name": "Made"},
    "/admin/auth/group/{group}/change/": {"name": "Other"},
}


def let_pass(browser, seconds: int) -> None:
    """Let so much time pass since the person proved who they are."""
    session = browser.session
    session[assurance.SESSION_KEY]["auth_time"] -= seconds
    session.save()


def asked_to_prove_it(answer) -> bool:
    where = answer.get("Location", "")
    return where.startswith("/signin/?") and "reauthenticate=1" in where


def test_the_time_is_within_what_the_catalogue_wants():
    assert 5 * 60 <= ostiary_settings.STEP_UP_SECONDS <= 15 * 60


@pytest.mark.parametrize("path", OWN)
def test_a_person_changes_what_protects_their_account_after_a_fresh_sign_in(
    signed_in_browser, person, path
):
    assert signed_in_browser.get(path).status_code == 200
    let_pass(signed_in_browser, ostiary_settings.STEP_UP_SECONDS + 1)

    assert asked_to_prove_it(signed_in_browser.get(path))
    assert asked_to_prove_it(signed_in_browser.post(path, OWN[path]))

    person.refresh_from_db()
    assert (person.email, person.check_password(flow.PASSWORD)) == ("alice@example.com", True)
    assert flow.delivered() == []


@pytest.mark.parametrize("path", OF_OPERATORS)
def test_an_operator_gives_powers_after_a_fresh_sign_in(person, path):
    group = Group.objects.create(name="Desk")
    operator = desk_of(make_person("operator@example.com", is_staff=True, is_superuser=True))
    path_now = path.format(person=person.pk, group=group.pk)
    assert operator.get(path_now).status_code == 200
    let_pass(operator, ostiary_settings.STEP_UP_SECONDS + 1)

    assert asked_to_prove_it(operator.get(path_now))
    assert asked_to_prove_it(operator.post(path_now, OF_OPERATORS[path]))

    person.refresh_from_db()
    assert (person.email, person.is_staff) == ("alice@example.com", False)
    assert [group.name for group in Group.objects.all()] == ["Desk"]
    assert User.objects.count() == 2


def test_who_only_looks_is_not_asked(person):
    operator = make_person("operator@example.com", is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(codename="view_user"))
    browser = desk_of(operator)
    let_pass(browser, ostiary_settings.STEP_UP_SECONDS + 1)

    assert browser.get(f"/admin/ostiary_accounts/user/{person.pk}/change/").status_code == 200
