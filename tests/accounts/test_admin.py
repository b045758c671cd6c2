"""What operators may do to people, and that all of it is told (SECURITY G1)."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.test import Client as Browser

from ostiary import events
from ostiary.models import Event, Session
from ostiary.privacy import pseudonym_of
from tests.accounts import flow
from tests.accounts.conftest import make_person
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

User = get_user_model()
PEOPLE = "/admin/ostiary_accounts/user/"
GROUPS = "/admin/auth/group/"


def operator(*permissions: str, **fields) -> Browser:
    """A browser in which an operator with these permissions is signed in."""
    person = make_person("operator@example.com", is_staff=True, **fields)
    for permission in permissions:
        person.user_permissions.add(
            Permission.objects.get(codename=permission, content_type__model="user")
        )
    return desk_of(person)


@pytest.fixture
def superuser():
    return operator(is_superuser=True)


def form_of(person, **changes) -> dict[str, object]:
    """The change form as it was shown, with changes."""
    verified = person.email_verified_at
    form = {
        "email": person.email,
        "email_verified_at_0": verified.strftime("%Y-%m-%d") if verified else "",
        "email_verified_at_1": verified.strftime("%H:%M:%S") if verified else "",
        "is_active": "on" if person.is_active else "",
        "name": person.name,
        "given_name": person.given_name,
        "family_name": person.family_name,
        "preferred_username": person.preferred_username,
        "picture": person.picture,
        "locale": person.locale,
        "zoneinfo": person.zoneinfo,
        **changes,
    }
    return {name: value for name, value in form.items() if value != ""}


def change(browser, person, **changes):
    return browser.post(f"{PEOPLE}{person.pk}/change/", form_of(person, **changes))


def told(kind: str) -> tuple[Event, dict]:
    event = Event.objects.get(kind=kind)
    return event, events.personal_details(event)


def test_a_person_made_here_has_no_password_and_sets_one_by_mail(superuser):
    answer = superuser.post(
        f"{PEOPLE}add/", {"email": "Made@Example.com", "is_active": "on", "name": "Made"}
    )

    assert answer["Location"] == PEOPLE
    made = User.objects.get(name="Made")
    assert made.email == "Made@example.com"
    assert not made.has_usable_password()
    browser = Browser()
    flow.recover(browser, flow.recovery_link(made.email))
    flow.sign_in(browser, made.email, flow.NEW_PASSWORD)
    assert flow.is_signed_in(browser)
    event, personal = told("person.created")
    assert event.subject == pseudonym_of(made)
    assert personal["after"]["email"] == "Made@example.com"


def test_a_twin_of_an_address_is_a_form_error(superuser, person):
    answer = superuser.post(f"{PEOPLE}add/", {"email": "ALICE@example.com", "is_active": "on"})

    assert answer.status_code == 200
    assert "An account with this email address already exists." in answer.content.decode()


def test_no_password_and_no_hash_is_shown(superuser, person):
    page = superuser.get(f"{PEOPLE}{person.pk}/change/").content.decode()

    assert "argon2" not in page
    assert 'name="password"' not in page


def test_a_change_is_an_event_with_who_what_before_and_after(superuser, person):
    change(superuser, person, name="Alice Pleasance")

    event, personal = told("person.changed")
    by = User.objects.get(email="operator@example.com")
    assert event.subject == pseudonym_of(person)
    assert event.details == {"operator": pseudonym_of(by), "fields": ["name"]}
    assert personal == {"before": {"name": "Alice Liddell"}, "after": {"name": "Alice Pleasance"}}


def test_personal_values_are_encrypted_in_the_log(superuser, person):
    change(superuser, person, name="Alice Pleasance")

    event, _ = told("person.changed")
    assert "Pleasance" not in str(event.details)
    assert b"Pleasance" not in bytes(event.personal)


def test_groups_are_told_by_name(superuser, person):
    editors = Group.objects.create(name="Editors")

    change(superuser, person, groups=[editors.pk])

    _, personal = told("person.changed")
    assert personal["before"]["groups"] == ""
    assert personal["after"]["groups"] == "Editors"
    assert list(person.groups.all()) == [editors]


def test_the_person_reads_of_it_and_not_of_the_operators_browser(superuser, person):
    change(superuser, person, name="Alice Pleasance")
    browser = Browser()
    flow.sign_in(browser, person.email)

    page = browser.get("/account/activity/").content.decode()

    assert "An administrator changed the account" in page
    _, personal = told("person.changed")
    assert personal.keys() == {"before", "after"}


def test_a_new_address_is_not_verified(superuser, person):
    change(superuser, person, email="alice@new.example")

    person.refresh_from_db()
    assert (person.email, person.email_verified_at) == ("alice@new.example", None)


@pytest.mark.parametrize("way", ["form", "action"])
def test_who_is_switched_off_is_signed_out_everywhere(superuser, signed_in_browser, person, way):
    if way == "form":
        change(superuser, person, is_active="")
    else:
        superuser.post(PEOPLE, {"action": "deactivate", "_selected_action": [str(person.pk)]})

    assert not flow.is_signed_in(signed_in_browser)
    session = Session.objects.get(user=person)
    assert (session.ended_at is not None, session.end_reason) == (True, "disabled")
    assert flow.sign_in(Browser(), person.email).status_code == 400
    event, personal = told("person.changed" if way == "form" else "person.deactivated")
    assert event.details["fields"] == ["is_active"]
    assert (personal["before"], personal["after"]) == (
        {"is_active": "True"},
        {"is_active": "False"},
    )


def test_signing_out_everywhere_leaves_the_account_as_it_is(superuser, signed_in_browser, person):
    superuser.post(PEOPLE, {"action": "end_sessions", "_selected_action": [str(person.pk)]})

    assert not flow.is_signed_in(signed_in_browser)
    assert flow.sign_in(Browser(), person.email).status_code == 302
    by = User.objects.get(email="operator@example.com")
    event, _ = told("person.signed_out")
    assert (event.subject, event.details["operator"]) == (pseudonym_of(person), pseudonym_of(by))


def test_nobody_is_deleted_by_a_click(superuser, person):
    superuser.post(f"{PEOPLE}{person.pk}/delete/", {"post": "yes"})
    assert User.objects.filter(pk=person.pk).exists()
    assert "delete_selected" not in superuser.get(PEOPLE).content.decode()


def test_an_operator_without_the_permission_sees_and_changes_nothing(person):
    browser = operator()

    assert browser.get(PEOPLE).status_code == 403
    assert change(browser, person, name="Mallory").status_code == 403


def test_who_may_view_may_not_change(person):
    browser = operator("view_user")

    assert browser.get(f"{PEOPLE}{person.pk}/change/").status_code == 200
    assert change(browser, person, name="Mallory").status_code == 403
    browser.post(PEOPLE, {"action": "deactivate", "_selected_action": [str(person.pk)]})
    person.refresh_from_db()
    assert (person.name, person.is_active) == ("Alice Liddell", True)


def test_who_may_change_people_gives_nobody_privileges(person):
    browser = operator("view_user", "change_user", "add_user")
    page = browser.get(f"{PEOPLE}{person.pk}/change/").content.decode()
    assert not re.search(r'name="(is_staff|is_superuser|groups|user_permissions)"', page)

    privileges = {"is_staff": "on", "is_superuser": "on"}
    change(browser, person, name="Alice", **privileges)
    browser.post(f"{PEOPLE}add/", {"email": "m@example.com", "is_active": "on", **privileges})

    person.refresh_from_db()
    assert (person.name, person.is_staff, person.is_superuser) == ("Alice", False, False)
    assert not User.objects.get(email="m@example.com").is_superuser


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
def test_who_may_change_people_can_not_take_an_operator_over(privilege):
    chief = make_person("chief@example.com", **{privilege: True})
    browser = operator("view_user", "change_user", "delete_user")

    assert change(browser, chief, email="mallory@example.com").status_code == 403
    assert browser.post(f"{PEOPLE}{chief.pk}/delete/", {"post": "yes"}).status_code == 403
    for action in ("deactivate", "end_sessions", "delete_selected"):
        browser.post(PEOPLE, {"action": action, "_selected_action": [str(chief.pk)], "post": "yes"})

    chief.refresh_from_db()
    assert (chief.email, chief.is_active) == ("chief@example.com", True)


def test_people_are_found_by_address_name_and_id(superuser, person, other_person):
    for wanted in ("alice@", "Liddell", str(person.pk)):
        page = superuser.get(PEOPLE, {"q": wanted}).content.decode()
        assert "alice@example.com" in page
        assert "bob@example.com" not in page
    assert superuser.get(PEOPLE, {"q": "no such \x00 ' person"}).status_code == 200


def test_links_and_their_hashes_are_not_in_the_admin(superuser):
    page = superuser.get("/admin/").content.decode()

    assert "recoverytoken" not in page
    assert "pendingregistration" not in page


def test_the_old_address_is_told_of_an_operators_change_and_can_take_it_back(superuser, person):
    change(superuser, person, email="alice@new.example")

    [message] = flow.delivered()
    assert message.to == ["alice@example.com"]
    browser = Browser()
    browser.get(flow.link_in(message))
    assert browser.post("/account/email/undo/").status_code == 200
    person.refresh_from_db()
    assert person.email == "alice@example.com"


def test_a_person_is_told_that_what_they_may_do_was_changed(superuser, person):
    change(superuser, person, name="Alice Pleasance")
    assert flow.delivered() == []

    change(superuser, person, is_staff="on")

    [message] = flow.delivered()
    assert message.to == [person.email]
    assert message.subject == "Your permissions at Ostiary were changed"


def group_form(name: str, *codenames: str) -> dict[str, object]:
    permissions = Permission.objects.filter(codename__in=codenames, content_type__model="user")
    return {"name": name, "permissions": [str(one.pk) for one in permissions]}


def test_what_a_group_may_do_is_told_to_the_log(superuser):
    superuser.post(f"{GROUPS}add/", group_form("Desk", "view_user"))
    group = Group.objects.get()
    superuser.post(f"{GROUPS}{group.pk}/change/", group_form("Desk", "view_user", "change_user"))
    superuser.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"})

    user = "ostiary_accounts"
    seen = [event.details for event in Event.objects.filter(kind="group.changed").order_by("id")]
    assert [one["after"] for one in seen] == [
        [f"{user}.view_user"],
        [f"{user}.change_user", f"{user}.view_user"],
        [],
    ]
    assert not Group.objects.exists()


def test_nobody_gives_themselves_a_permission_by_a_group_of_theirs():
    group = Group.objects.create(name="Desk")
    browser = operator()
    person = User.objects.get(email="operator@example.com")
    person.groups.add(group)
    of_groups = Permission.objects.filter(content_type__model="group")
    person.user_permissions.set(of_groups)

    form = group_form("Desk", "change_user")
    assert browser.post(f"{GROUPS}{group.pk}/change/", form).status_code == 403
    assert browser.post(f"{GROUPS}add/", form).status_code == 403
    assert browser.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"}).status_code == 403
    assert not group.permissions.exists()
