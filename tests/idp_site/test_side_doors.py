"""No credential changes by a side door (SECURITY H8, J2).

Each address of the site that changes one is listed with what has to be shown there first; a new one
fails, until somebody has said on which side it stands.
"""

from __future__ import annotations

import getpass
import re
import uuid
from collections.abc import Iterator
from io import StringIO

import pytest
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.management import call_command
from django.test import Client as Browser
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from ostiary import events, outbox
from ostiary.models import Event, Session
from tests.operators import desk_of

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
NEW = "seven violet herons crossing"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def of(app: str, names: str) -> set[str]:
    """The names of an app's addresses."""
    return {f"{app}:{name}" for name in names.split()}


FRESH = {
    "ostiary_accounts:security",
    "ostiary_accounts:email",
    "ostiary_mfa:app",
    "ostiary_mfa:app_confirm",
    "ostiary_mfa:app_change",
    "ostiary_mfa:app_remove",
    "ostiary_mfa:email_code",
    "ostiary_mfa:email_code_confirm",
    "ostiary_mfa:email_code_remove",
    "ostiary_mfa:phone",
    "ostiary_mfa:phone_confirm",
    "ostiary_mfa:phone_keep",
    "ostiary_mfa:phone_remove",
    "ostiary_mfa:recovery_codes",
    "ostiary_passkeys:passkeys",
    "ostiary_passkeys:rename",
    "ostiary_passkeys:remove",
}
"""The person, who has confirmed just now who they are."""
BY_API = {
    "ostiary_passkeys:api_passkey",
    "ostiary_passkeys:api_registration_options",
    "ostiary_passkeys:api_registration",
}
"""The same, answered in JSON."""
BY_MAILED_TOKEN = {
    "ostiary_accounts:verify",
    "ostiary_accounts:invitation",
    "ostiary_accounts:recover_set",
    "ostiary_accounts:email_confirm",
    "ostiary_accounts:email_undo",
    "ostiary_accounts:factor_recovery_go_on",
    "ostiary_accounts:support",
    "ostiary_accounts:not_me",
}
"""Whoever reads the person's mail, once."""
WITHIN_SIGN_IN = {
    "ostiary_accounts:change_breached",
    "ostiary_accounts:change_short",
    "ostiary_accounts:check_mail",
    "ostiary_passkeys:offer",
    "ostiary_passkeys:set_up",
}
"""Who has shown a factor in this browser, and is not signed in yet."""
CHANGES = FRESH | BY_API | BY_MAILED_TOKEN | WITHIN_SIGN_IN

LEADS_TO_OURS = {
    "admin:password_change": "ostiary_accounts:security",
    "admin:password_change_done": "ostiary_accounts:security",
    "ostiary_accounts:change_password": "ostiary_accounts:security",
    "admin:auth_user_password_change": "admin:ostiary_accounts_supportcase_add",
}
"""Doors of Django's, and of password managers, behind which ours are."""

OF_APPLICATIONS = "ostiary_oauth:"
"""Addresses for applications, and for what people allow them: no credential of a person."""
CHANGES_NONE = {
    *("home", "mailbox", "healthz", "readyz", "metrics"),
    *of("ostiary", "mail_reports verify_receipt receipt_keys region_erasures region_keys"),
    *of("ostiary", "logo accent"),
    *of(
        "ostiary_accounts",
        """
        signin signin_email signin_code signin_link confirm_signin signout terms strength
        signup recover recover_sent language account profile activity sessions privacy
        picture picture_file picture_remove
        end_session end_other_sessions not_me_done
        factor_recovery factor_recovery_sent factor_recovery_stop factor_recovery_stop_here
        support_stop support_stop_here email_again email_cancel
        export export_download erase erasure_keep erasure_keep_here
        """,
    ),
    *of(
        "ostiary_mfa",
        """
        app_challenge sms_challenge email_challenge recovery_code_challenge enrol factors
        recovery_codes_download sms_status trusted_devices trusted_device_end
        trusted_devices_end
        """,
    ),
    *of(
        "ostiary_passkeys",
        """
        api_passkeys api_csrf api_authentication_options api_authentication signin second_step
        related_origins endpoints asset_links site_association
        """,
    ),
}
"""What is looked at, what ends something, and where credentials are shown or asked for."""
ADMIN_BESIDE_ROWS = {
    *of("admin", "index login logout autocomplete jsi18n view_on_site app_list (?P<url>.*)$"),
    *of("admin", "ostiary_messages ostiary_message_html ostiary_oauth_trustrule_try"),
}
"""Pages of the administration that change no credential of a person."""
OPERATORS_HELP = {
    "admin:ostiary_mfa_person",
    "admin:ostiary_factorreset_decide",
    "admin:ostiary_accounts_supportcase_step",
}
"""Where operators take factors away and help people back in, with a fresh sign-in."""
ROWS = re.compile(r"_(changelist|add|history|delete|change)$|^admin:<path:object_id>/$")


def names(resolver=None, space="") -> Iterator[str]:
    """The name of each address of the site."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from names(pattern, inner)
        elif isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name or pattern.pattern}"


def test_every_address_is_said_to_change_a_credential_or_none():
    """A new one is to be put into one of the lists above, and what changes a credential behind a
    fresh sign-in, a mailed token or a pending sign-in."""
    of_people = {name for name in names() if not name.startswith((OF_APPLICATIONS, "admin:"))}

    assert of_people - CHANGES - LEADS_TO_OURS.keys() == CHANGES_NONE & of_people


def test_every_page_of_the_administration_beside_its_rows_is_known():
    pages = {name for name in names() if name.startswith("admin:") and not ROWS.search(name)}

    assert pages <= ADMIN_BESIDE_ROWS | OPERATORS_HELP | {
        name for name in LEADS_TO_OURS if name.startswith("admin:")
    }


def test_no_form_of_the_administration_sets_a_password():
    """Django's own has one at ``<id>/password/``, and at the page of a new person."""
    for model, of in admin.site._registry.items():
        assert not isinstance(of, auth_admin.UserAdmin), model
        assert "password" not in {field.name for field in model._meta.fields} & {
            name for _, options in (of.fieldsets or []) for name in options["fields"]
        }


@pytest.fixture
def superuser(db):
    return new_person("root@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def alice(db):
    return new_person("alice@example.com")


def new_person(email, **fields):
    return get_user_model().objects.create_user(
        email, PASSWORD, email_verified_at=timezone.now(), **fields
    )


def signed_in(user):
    browser = Browser()
    browser.force_login(user, BACKEND)
    return browser


def told(user):
    """What the log and the mailbox say of a changed password."""
    while outbox.deliver_due():
        pass
    subjects = [each.subject for each in mail.outbox if user.email in each.to]
    return (
        events.of(user).filter(kind="password.changed").count(),
        sum("password for" in subject and "was changed" in subject for subject in subjects),
    )


def address_of(name):
    for args in ([], [uuid.uuid4()], [1]):
        try:
            return reverse(name, args=args)
        except NoReverseMatch:
            continue
    raise AssertionError(name)


@pytest.mark.parametrize("name", sorted(FRESH))
def test_an_old_sign_in_changes_no_credential(alice, settings, name):
    settings.OSTIARY = {**settings.OSTIARY, "STEP_UP_SECONDS": 1}
    browser = signed_in(alice)
    session = browser.session
    shown = session["ostiary.assurance"]
    session["ostiary.assurance"] = {**shown, "auth_time": shown["auth_time"] - 60}
    session.save()

    answer = browser.post(address_of(name), {"current_password": PASSWORD, "password": NEW})

    assert answer.status_code == 302
    assert "reauthenticate=1" in answer["Location"]
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


@pytest.mark.parametrize("name", sorted(FRESH | BY_MAILED_TOKEN | WITHIN_SIGN_IN | BY_API))
def test_a_visitor_changes_no_credential(alice, name):
    before = get_user_model().objects.values().get()

    answer = Browser().post(address_of(name), {"password": NEW, "confirm": "1"})

    assert answer.status_code in (302, 400, 401, 403, 404, 405)
    assert get_user_model().objects.values().get() == before


@pytest.mark.parametrize(("door", "ours"), LEADS_TO_OURS.items())
def test_a_door_of_django_leads_to_ours(superuser, door, ours):
    desk = desk_of(superuser)
    fields = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    for answer in (desk.get(address_of(door)), desk.post(address_of(door), fields)):
        assert answer.status_code in (302, 405)
        assert answer.status_code == 405 or answer["Location"].partition("?")[0] == reverse(ours)

    superuser.refresh_from_db()
    assert superuser.check_password(PASSWORD)


def test_the_command_of_django_tells_it_too(alice, monkeypatch):
    """``changepassword``: the log, the person, and every session with what it gave."""
    browser = signed_in(alice)
    monkeypatch.setattr(getpass, "getpass", lambda prompt="": NEW)

    call_command("changepassword", alice.email, stdout=StringIO())

    assert told(alice) == (1, 1)
    assert browser.get("/account/").status_code == 302
    assert Session.objects.get(user=alice).ended_at
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_an_operator_who_is_made_by_a_command_is_in_the_log(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)

    call_command("createsuperuser", email="root@example.com", interactive=False, stdout=StringIO())

    root = get_user_model().objects.get()
    assert events.of(root).get().kind == "person.created"
    assert told(root) == (0, 0)


@pytest.mark.urls("tests.idp_site.with_djangos_doors")
@pytest.mark.parametrize(
    ("door", "fields"),
    [
        ("/password_change/", {"old_password": PASSWORD, "new_password1": NEW}),
        ("/people/{pk}/password/", {"password1": NEW, "usable_password": "true"}),
    ],
)
def test_where_a_project_mounts_djangos_forms_they_tell_it_too(alice, superuser, door, fields):
    """``django.contrib.auth``: its view, and the form of its administration."""
    of = alice if "{pk}" not in door else superuser
    browser = signed_in(of)
    sent = {
        **fields,
        **{name.replace("1", "2"): text for name, text in fields.items() if "1" in name},
    }

    answer = browser.post(door.format(pk=alice.pk), sent)

    assert answer.status_code == 302, answer.content
    assert told(alice) == (1, 1)
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_a_password_that_is_only_hashed_anew_is_no_change(alice, settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    before = alice.password

    assert alice.check_password(PASSWORD)

    assert alice.password != before
    assert told(alice) == (0, 0)


def test_our_own_pages_tell_it_once(alice):
    browser = signed_in(alice)

    browser.post("/account/security/", {"current_password": PASSWORD, "password": NEW})

    assert told(alice) == (1, 1)
    assert browser.get("/account/").status_code == 200
    assert Event.objects.filter(kind="password.changed").count() == 1
