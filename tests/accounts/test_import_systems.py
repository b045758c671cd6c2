"""``import_users`` with the files of nine systems: in both orders, twice, with the report read."""

import json

import pytest
from django.contrib.auth import get_user_model
from django.test import Client as Browser

from accounts.importing.formats import FORMATS
from accounts.models import ImportedIdentity
from tests.accounts import exports, flow
from tests.accounts.importing import counts, reasons, report, run
from tests.accounts.systems import SYSTEMS

User = get_user_model()
pytestmark = pytest.mark.django_db
__all__ = ["report"]


@pytest.fixture(autouse=True)
def firebase_project(settings):
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, **exports.FIREBASE}


def files_of(system, folder):
    """The two files of a system."""
    for name, text in system.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in system.files]


def everybody():
    """All that is known of people here, by the ids that they had."""
    people = {}
    for identity in ImportedIdentity.objects.select_related("user"):
        user = identity.user
        people[identity.external_id] = {
            field.name: getattr(user, field.name)
            for field in User._meta.concrete_fields
            if field.name not in ("id", "updated_at", "email_verified_at", "password")
        }
        if not user.date_joined.year < 2025:
            people[identity.external_id].pop("date_joined")  # of whom it isn't told, the moment
        people[identity.external_id]["is_verified"] = bool(user.email_verified_at)
        people[identity.external_id]["password"] = (
            user.password if user.has_usable_password() else ""
        )
    return people


def test_there_are_files_of_every_system():
    assert SYSTEMS.keys() == FORMATS.keys()


@pytest.mark.parametrize("how", ["together", "one after the other", "and update"])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("form", SYSTEMS)
def test_files_of_a_system_in_either_order_and_twice(tmp_path, report, form, order, how):
    system = SYSTEMS[form]
    files = files_of(system, tmp_path)[::order]
    mode = "update" if how == "and update" else "skip"

    if how == "together":
        assert sorted(reasons(report(*files, form=form))) == sorted(system.told)
    else:
        for file in files:
            run(file, form=form, existing=mode)
    once = everybody()
    again = [counts(*files, form=form, existing=mode) for _ in range(2)][-1]

    assert again["imported"] == again["updated"] == 0
    assert everybody() == once
    ann = User.objects.get(email="ann@example.com")
    assert {name: str(getattr(ann, name)) for name in system.ann} == system.ann
    assert {user.email for user in User.objects.filter(email_verified_at=None)} == {
        *system.unverified
    }
    assert {user.email for user in User.objects.filter(is_active=False)} == {*system.off}
    for address, password in system.passwords.items():
        assert flow.sign_in(Browser(), address, password).status_code == 302
    counts(*files, form=form, existing=mode)
    for address, password in system.passwords.items():
        assert flow.sign_in(Browser(), address, password).status_code == 302


@pytest.mark.parametrize("form", SYSTEMS)
def test_both_orders_end_alike(tmp_path, form):
    files = files_of(SYSTEMS[form], tmp_path)
    ends = []
    for order in (1, -1):
        run(*files[::order], form=form)
        ends.append(everybody())
        User.objects.all().delete()

    assert ends[0] == ends[1]
    assert len(ends[0]) >= 3


@pytest.mark.parametrize("form", SYSTEMS)
def test_a_dry_run_tells_the_same(tmp_path, form):
    files = files_of(SYSTEMS[form], tmp_path)

    trial = counts(*files, form=form, dry_run=True)

    assert not User.objects.exists()
    assert {**trial, "dry_run": False} == counts(*files, form=form)


@pytest.mark.parametrize("form", SYSTEMS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_changes_nothing(tmp_path, form, encoding):
    """As Excel and PowerShell write them."""
    system = SYSTEMS[form]
    files = files_of(system, tmp_path)
    trial = counts(*files, form=form, dry_run=True)

    for file in files:
        file.write_text(file.read_text(encoding="utf-8").lstrip("\ufeff"), encoding=encoding)

    assert counts(*files, form=form, dry_run=True) == trial


def test_the_report_tells_where_each_record_is(tmp_path, report):
    system = SYSTEMS["supabase"]

    lines = report(*files_of(system, tmp_path), form="supabase")

    of_table = next(line for line in lines if line["reason"] == "anonymous")
    assert (of_table["file"], of_table["record"], of_table["line"]) == ("users.csv", 3, 4)
    of_document = next(line for line in lines if line["reason"] == "duplicate")
    assert (of_document["file"], of_document["record"], of_document["line"]) == (
        "users.json",
        2,
        None,
    )


# --- further shapes ------------------------------------------------------------------------------


def test_clerks_command_line_and_api(tmp_path, report):
    """``clerk migrate export clerk``, and ``GET /v1/users``."""
    exported = {
        "userId": "user_1",
        "email": "ann@example.com",
        "emailAddresses": ["second@example.com"],
        "unverifiedEmailAddresses": ["third@example.com"],
        "firstName": "Ann",
        "lastName": "Example",
        "publicMetadata": {"lang": "fr"},
        "banned": True,
        "createdAt": "2024-01-02T03:04:05.678Z",
    }
    listed = {
        "id": "user_2",
        "object": "user",
        "primary_email_address_id": "idn_2",
        "email_addresses": [
            {"id": "idn_1", "email_address": "old@example.com", "verification": None},
            {
                "id": "idn_2",
                "email_address": "ben@example.com",
                "verification": {"status": "verified", "strategy": "email_code"},
            },
        ],
        "password_enabled": False,
        "two_factor_enabled": True,
        "has_image": True,
        "image_url": "https://img.example/ben.png",
        "external_accounts": [{"provider": "oauth_google"}],
        "created_at": 1704164645678,
    }
    file = exports.write(tmp_path / "users.json", [exported, listed])

    lines = report(file, form="clerk", claim=["lang=locale"])

    ann, ben = User.objects.order_by("email")
    assert (ann.name, ann.locale, ann.is_active) == ("Ann Example", "fr", False)
    assert ann.date_joined.year == ben.date_joined.year == 2024
    assert (bool(ann.email_verified_at), bool(ben.email_verified_at)) == (True, True)
    assert (ben.email, ben.picture) == ("ben@example.com", "https://img.example/ben.png")
    assert reasons(lines) == [
        ("user_1", "imported", "password_left"),
        ("user_2", "imported", "second_factor_left"),
        ("user_2", "imported", "identity_left"),
    ]


def test_supabases_admin_api(tmp_path):
    user = {
        "id": "1b0c7b4e-0000-4000-8000-000000000001",
        "aud": "authenticated",
        "email": "ann@example.com",
        "email_confirmed_at": "2024-02-26T14:04:29.153624Z",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {"first_name": "Ann", "last_name": "Example"},
        "banned_until": "2020-01-01T00:00:00Z",
        "is_anonymous": False,
    }
    file = exports.write(tmp_path / "users.json", {"users": [user], "aud": "authenticated"})

    told = counts(file, form="supabase")

    ann = User.objects.get()
    assert (ann.name, ann.is_active, bool(ann.email_verified_at)) == ("Ann Example", True, True)
    assert told["reasons"] == {"password_left": 1}


def test_a_table_for_the_import_of_workos(tmp_path):
    file = tmp_path / "users.csv"
    file.write_text(
        "user_id,email,email_verified,first_name,last_name,password_hash,password_hash_type\n"
        f"u1,ann@example.com,true,Ann,Example,{exports.AUTH0_BCRYPT},bcrypt\n"
    )

    run(file, form="workos")

    assert User.objects.get().check_password("abc")


OKTA_PBKDF2 = {
    "algorithm": "PBKDF2",
    "iterationCount": 4096,
    "keySize": 20,
    "digestAlgorithm": "SHA1_HMAC",
    "salt": "c2FsdA==",
    "value": "SwB5AbdlSJq+rUnZJvch0GWkKcE=",
}
"""RFC 6070, of “password”."""


@pytest.mark.parametrize(
    ("kept", "password"), [(OKTA_PBKDF2, "password"), ({"algorithm": "SHA-256"}, None)]
)
def test_hashes_in_the_form_of_oktas_import(tmp_path, kept, password):
    user = {
        "id": "00u1",
        "status": "ACTIVE",
        "profile": {"login": "ann@example.com", "email": "ann@example.com"},
        "credentials": {"password": {"hash": kept}},
    }

    told = counts(exports.write(tmp_path / "users.json", [user]), form="okta")

    assert told["without_password"] == (password is None)
    if password:
        assert User.objects.get().check_password(password)


def test_a_password_that_expired_at_okta_ends_here(tmp_path):
    user = {
        "id": "00u1",
        "status": "ACTIVE",
        "profile": {"email": "ann@example.com"},
        "credentials": {"password": {"hash": OKTA_PBKDF2}},
    }
    run(exports.write(tmp_path / "users.json", [user]), form="okta")

    run(exports.write(tmp_path / "users.json", [{**user, "status": "RECOVERY"}]), form="okta")

    assert not User.objects.get().has_usable_password()


def test_who_is_to_choose_a_new_password_at_cognito_keeps_none_here(tmp_path):
    table = tmp_path / "users.csv"
    table.write_text(f"external_id,email,password_hash\nsub-1,a@x.org,{exports.AUTH0_BCRYPT}\n")
    run(table, form="csv", source="pool")
    user = {
        "Username": "ann",
        "Attributes": [{"Name": "sub", "Value": "sub-1"}, {"Name": "email", "Value": "a@x.org"}],
        "UserStatus": "RESET_REQUIRED",
        "Enabled": True,
    }

    file = exports.write(tmp_path / "users.json", {"Users": [user]})
    run(file, form="cognito", source="pool")

    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize("form", SYSTEMS)
@pytest.mark.parametrize("odd", ["text", 7, None, True, ["list"], {"object": {}}, 1.5])
def test_odd_values_anywhere_are_never_an_error(tmp_path, form, odd):
    """Each value of each record once: the person is imported with a note, or refused with a
    reason."""
    for name, text in SYSTEMS[form].files.items():
        if not name.endswith("json"):
            continue
        document = json.loads(text) if name.endswith(".json") else None
        if document is None:
            document = [json.loads(line) for line in text.splitlines()]
        records = (
            document
            if isinstance(document, list)
            else next(value for value in document.values() if isinstance(value, list))
        )
        first = records[0]
        records[:] = [{**first, "id": f"x{number}", key: odd} for number, key in enumerate(first)]

        told = counts(exports.write(tmp_path / name, document), form=form, dry_run=True)

        done = sum(told[what] for what in ("imported", "merged", "refused"))
        assert done == len(records)
