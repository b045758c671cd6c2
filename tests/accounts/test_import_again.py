"""``import_users`` again: what has changed in the other system since, told in whichever order.

What has ended there ends here, whatever is asked for (SECURITY J3).
"""

import io
import json
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from accounts.models import ImportedIdentity
from ostiary import privacy
from ostiary.models import Event, Session
from tests.accounts import exports, flow
from tests.accounts.conftest import make_person
from tests.accounts.importing import counts, reasons, report, run

User = get_user_model()
pytestmark = pytest.mark.django_db
__all__ = ["report"]

SECRET = "secret"
"""The password of ``KEYCLOAK_ARGON2``; that of the others is “admin”."""


def realm(folder, *users, name="realm.json"):
    return exports.realm(folder, *users, name=name)


def signs_in(password, email="alice@example.com", browser=None):
    return flow.sign_in(browser or Browser(), email, password).status_code == 302


# --- passwords that end there --------------------------------------------------------------------

ENDED = {
    "to be changed": {"requiredActions": ["UPDATE_PASSWORD"]},
    "temporary": {"credentials": [{**exports.KEYCLOAK_ADMIN, "temporary": True}]},
    "removed": {"credentials": []},
    "of a kind that can't be read": {
        "credentials": [exports.credential("rot13", 1, "c2FsdA==", "A" * 44)]
    },
    "switched off": {"enabled": False},
}


@pytest.mark.parametrize("fields", ENDED.values(), ids=ENDED)
@pytest.mark.parametrize("mode", ["skip", "update"])
@pytest.mark.parametrize("has_signed_in", [False, True])
def test_a_password_that_has_ended_there_ends_here(tmp_path, fields, mode, has_signed_in):
    run(realm(tmp_path, exports.keycloak_user()))
    browser = Browser()
    if has_signed_in:
        assert signs_in("admin", browser=browser)

    told = counts(realm(tmp_path, exports.keycloak_user(**fields)), existing=mode)

    assert told["updated"] == 1
    assert not signs_in("admin")
    assert not Session.objects.filter(ended_at__isnull=True).exists()
    if has_signed_in:
        assert not flow.is_signed_in(browser)


def test_it_tells_whose_and_why(tmp_path, report):
    user = exports.keycloak_user()
    run(realm(tmp_path, user))

    lines = report(realm(tmp_path, {**user, "requiredActions": ["UPDATE_PASSWORD"]}))

    assert reasons(lines) == [(user["id"], "updated", "password_left")]
    assert "to be changed" in lines[0]["text"]
    assert Event.objects.get(kind="person.import_updated").details["fields"] == ["password"]


def test_what_has_ended_is_not_brought_back_by_an_older_export(tmp_path, report):
    older = realm(tmp_path, exports.keycloak_user(), name="older.json")
    run(older)
    run(realm(tmp_path, exports.keycloak_user(requiredActions=["UPDATE_PASSWORD"])))

    lines = report(older, existing="update")

    assert not signs_in("admin")
    assert [line["reason"] for line in lines] == ["password_left"]


def test_a_new_password_after_one_that_ended_is_taken(tmp_path):
    run(realm(tmp_path, exports.keycloak_user()))
    assert signs_in("admin")
    run(realm(tmp_path, exports.keycloak_user(requiredActions=["UPDATE_PASSWORD"])))

    run(realm(tmp_path, exports.keycloak_user(credentials=[exports.KEYCLOAK_ARGON2])))

    assert signs_in(SECRET)
    assert not signs_in("admin")


@pytest.mark.parametrize("has_signed_in", [False, True])
def test_a_password_that_was_changed_there_is_changed_here(tmp_path, has_signed_in):
    run(realm(tmp_path, exports.keycloak_user()))
    browser = Browser()
    if has_signed_in:
        assert signs_in("admin", browser=browser)

    run(realm(tmp_path, exports.keycloak_user(credentials=[exports.KEYCLOAK_ARGON2])))

    assert not signs_in("admin")
    assert not flow.is_signed_in(browser)
    assert signs_in(SECRET)


def test_who_has_signed_in_by_the_same_password_is_left_alone(tmp_path):
    file = realm(tmp_path, exports.keycloak_user())
    run(file)
    browser = Browser()
    assert signs_in("admin", browser=browser)

    assert counts(file, existing="update")["here"] == 1

    assert flow.is_signed_in(browser)


@pytest.mark.parametrize("fields", [*ENDED.values()][:3])
def test_a_password_of_ones_own_choice_is_nothing_to_the_other_system(tmp_path, fields):
    run(realm(tmp_path, exports.keycloak_user()))
    flow.recover(Browser(), flow.recovery_link("alice@example.com"))

    run(realm(tmp_path, exports.keycloak_user(**fields)), existing="update")
    changed = exports.keycloak_user(credentials=[exports.KEYCLOAK_ARGON2])
    run(realm(tmp_path, changed), existing="update")

    assert signs_in(flow.NEW_PASSWORD)
    assert not signs_in(SECRET)


def test_a_password_that_another_source_brought_is_nothing_to_this_one(tmp_path):
    run(realm(tmp_path, exports.keycloak_user()), source="one")
    second = exports.keycloak_user(credentials=[])
    run(realm(tmp_path, second), source="two", existing="update")

    run(realm(tmp_path, second), source="two", existing="update")

    assert signs_in("admin")


def test_an_export_that_tells_nothing_of_passwords_ends_none(tmp_path):
    run(realm(tmp_path, exports.keycloak_user()))
    silent = exports.keycloak_user()
    del silent["credentials"]

    run(realm(tmp_path, silent), existing="update")

    assert signs_in("admin")


def test_operators_are_left_alone_in_any_case(tmp_path):
    run(realm(tmp_path, exports.keycloak_user()))
    User.objects.update(is_staff=True)

    run(realm(tmp_path, exports.keycloak_user(credentials=[], enabled=False)), existing="update")

    assert User.objects.get().is_active
    assert User.objects.get().check_password("admin")


def test_who_came_before_marks_were_kept_is_known_by_the_kind_of_hash(tmp_path):
    run(realm(tmp_path, exports.keycloak_user()))
    ImportedIdentity.objects.update(password_mark="")

    run(realm(tmp_path, exports.keycloak_user(credentials=[])))

    assert not signs_in("admin")


# --- the rule of short passwords -----------------------------------------------------------------


@pytest.fixture
def asks_for_longer(settings):
    step = "accounts.short_password.ChangeShortPassword"
    steps = [*settings.OSTIARY["SIGNIN_STEPS"], step]
    settings.OSTIARY = {**settings.OSTIARY, "SIGNIN_STEPS": steps}


def test_a_short_password_that_came_along_is_let_be_at_every_sign_in(tmp_path, asks_for_longer):
    run(realm(tmp_path, exports.keycloak_user()))

    for _ in range(2):
        answer = flow.sign_in(Browser(), "alice@example.com", "admin")
        assert answer.url == "/account/"


def test_a_short_one_that_was_chosen_here_is_asked_to_be_longer(tmp_path, asks_for_longer):
    run(realm(tmp_path, exports.keycloak_user()))
    assert signs_in("admin")
    alice = User.objects.get()
    alice.set_password("fvbnuyht")  # beside a second factor, say, that has gone since
    alice.save()

    answer = flow.sign_in(Browser(), "alice@example.com", "fvbnuyht")

    assert answer.url == "/signin/longer-password/"


def test_of_who_was_joined_to_an_old_identity_the_password_is_their_own(tmp_path, asks_for_longer):
    make_person("alice@example.com", password=make_password("fvbnuyht"))
    run(realm(tmp_path, exports.keycloak_user()), existing="update")

    answer = flow.sign_in(Browser(), "alice@example.com", "fvbnuyht")

    assert answer.url == "/signin/longer-password/"


# --- a new address -------------------------------------------------------------------------------


def test_the_new_address_of_who_has_not_been_here_is_taken(tmp_path):
    run(realm(tmp_path, exports.keycloak_user()))
    moved = exports.keycloak_user(email="alice@new.example.com")

    told = counts(realm(tmp_path, moved), existing="update")

    alice = User.objects.get()
    assert (alice.email, bool(alice.email_verified_at)) == ("alice@new.example.com", True)
    assert told["changes"] == {"email": 1, "email_verified_at": 1}
    assert signs_in("admin", "alice@new.example.com")
    assert not signs_in("admin", "alice@example.com")


def test_a_recovery_that_was_begun_at_the_old_address_is_dead(tmp_path):
    run(realm(tmp_path, exports.keycloak_user()))
    link = flow.recovery_link("alice@example.com")

    moved = exports.keycloak_user(email="alice@new.example.com")
    run(realm(tmp_path, moved), existing="update")

    assert flow.recover(Browser(), link).status_code != 302
    assert signs_in("admin", "alice@new.example.com")


@pytest.mark.parametrize(
    ("before", "fields"),
    [
        (lambda: None, {"emailVerified": False}),
        (lambda: signs_in("admin"), {}),
        (lambda: flow.recover(Browser(), flow.recovery_link("alice@example.com")), {}),
        (lambda: make_person("alice@new.example.com"), {}),
        (lambda: privacy.shred("somebody", ["alice@new.example.com"]), {}),
    ],
    ids=["not verified", "has signed in", "has a password of their own", "another's", "erased"],
)
def test_a_new_address_is_not_taken(tmp_path, report, before, fields):
    run(realm(tmp_path, exports.keycloak_user()))
    before()
    moved = exports.keycloak_user(email="alice@new.example.com", **fields)

    lines = report(realm(tmp_path, moved), existing="update")

    assert [line["reason"] for line in lines] == ["email_left"]
    assert lines[0]["external_id"] == moved["id"]
    assert ImportedIdentity.objects.get().user.email == "alice@example.com"


def of(name, address, **fields):
    return exports.keycloak_user(name, email=f"{address}@example.com", **fields)


MOVES = {
    "a chain": {"a": "b", "b": "c", "c": "d"},
    "two change places": {"a": "b", "b": "a", "c": "c"},
    "three change places": {"a": "b", "b": "c", "c": "a"},
}


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("size", [1, 500])
def test_people_move_to_the_addresses_that_others_leave(tmp_path, monkeypatch, moves, order, size):
    monkeypatch.setattr("accounts.management.commands.import_users.BATCH", size)
    run(realm(tmp_path, *(of(name, name) for name in "abc")))
    keys = {one.external_id: one.user_id for one in ImportedIdentity.objects.all()}
    moved = [of(name, address) for name, address in moves.items()][::order]
    file = realm(tmp_path, *moved)

    trial = counts(file, existing="update", dry_run=True)
    told = counts(file, existing="update")

    assert {**trial, "dry_run": False} == told
    assert told["reasons"] == {}
    for user in moved:
        assert User.objects.get(email=user["email"]).pk == keys[user["id"]]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("size", [1, 500])
def test_somebody_new_gets_the_address_that_another_leaves(tmp_path, monkeypatch, order, size):
    monkeypatch.setattr("accounts.management.commands.import_users.BATCH", size)
    run(realm(tmp_path, of("a", "a")))
    users = [of("a", "elsewhere"), of("new", "a")][::order]

    told = counts(realm(tmp_path, *users), existing="update")

    assert (told["imported"], told["updated"], told["refused"]) == (1, 1, 0)
    by_id = {one.external_id: one.user.email for one in ImportedIdentity.objects.all()}
    assert by_id == {user["id"]: user["email"] for user in users}


def test_without_update_nobody_gets_the_account_of_who_moved(tmp_path, report):
    run(realm(tmp_path, of("a", "a")))
    users = [of("a", "elsewhere"), of("new", "a")]

    lines = report(realm(tmp_path, *users))

    assert reasons(lines) == [(users[1]["id"], "refused", "duplicate")]
    assert ImportedIdentity.objects.get().user.email == "a@example.com"


# --- users here, hashes there --------------------------------------------------------------------

AUTH0_USER = {
    "user_id": "auth0|6573765d9fa97e13efcc3201",
    "email": "jane@example.com",
    "email_verified": True,
    "name": "Jane Doe",
    "given_name": "Jane",
    "family_name": "Doe",
    "nickname": "jane",
    "created_at": "2023-12-08T20:44:31.608Z",
    "identities": [
        {
            "user_id": "6573765d9fa97e13efcc3201",
            "provider": "auth0",
            "connection": "Username-Password-Authentication",
            "isSocial": False,
        }
    ],
}
AUTH0_HASH = {
    "_id": {"$oid": "6573765d9fa97e13efcc3201"},
    "email": "jane@example.com",
    "username": "jane",
    "email_verified": True,
    "tenant": "dev-example",
    "connection": "Username-Password-Authentication",
    "passwordHash": exports.AUTH0_BCRYPT,
    "_tmp_is_unique": True,
    "version": "1.1",
    "identifiers": [{"type": "email", "value": "jane@example.com", "verified": True}],
    "last_password_reset": {"$date": "2023-12-08T20:44:31.608Z"},
}


@pytest.fixture
def auth0_files(tmp_path):
    """What the tenant exports, and what its support sends later."""
    users = tmp_path / "users.ndjson"
    users.write_text(json.dumps(AUTH0_USER) + "\n")
    return users, exports.write(tmp_path / "hashes.json", [AUTH0_HASH])


def all_of(person):
    return {
        name: value
        for name, value in User.objects.filter(pk=person.pk).values()[0].items()
        if name not in ("id", "updated_at", "email_verified_at")
    }


@pytest.mark.parametrize("order", [1, -1], ids=["users first", "hashes first"])
@pytest.mark.parametrize("how", ["together", "update", "skip"])
@pytest.mark.parametrize("times", [1, 2])
def test_users_and_hashes_are_one_in_either_order(auth0_files, order, how, times):
    """ory/docs #2330: Auth0 gives two files."""
    files = auth0_files[::order]

    for _ in range(times):
        if how == "together":
            run(*files, form="auth0")
        else:
            for file in files:
                run(file, form="auth0", existing=how)

    jane = User.objects.get()
    assert signs_in("abc", "jane@example.com")
    assert (jane.name, jane.given_name, jane.nickname) == ("Jane Doe", "Jane", "jane")
    assert jane.date_joined == datetime(2023, 12, 8, 20, 44, 31, 608000, tzinfo=UTC)
    assert ImportedIdentity.objects.count() == 1


def test_both_orders_end_alike(auth0_files):
    ends = []
    for order in (1, -1):
        run(*auth0_files[::order], form="auth0")
        ends.append(all_of(User.objects.get()))
        User.objects.all().delete()

    assert ends[0] == ends[1]


def test_a_dry_run_of_both_tells_the_same(auth0_files):
    for files in (auth0_files, auth0_files[::-1]):
        told = counts(*files, form="auth0", dry_run=True)
        assert (told["imported"], told["merged"], told["without_password"]) == (1, 1, 0)
        assert {**told, "dry_run": False} == counts(*files, form="auth0")
        User.objects.all().delete()


def test_a_run_that_was_killed_between_both_is_begun_again(auth0_files):
    users, hashes = auth0_files
    run(users, form="auth0")

    run(users, hashes, form="auth0")

    assert signs_in("abc", "jane@example.com")


def test_groups_come_with_the_second_record_too(tmp_path):
    hashes, users = tmp_path / "hashes.csv", tmp_path / "users.csv"
    hashes.write_text(f"external_id,email,password_hash\n1,a@example.com,{exports.AUTH0_BCRYPT}\n")
    users.write_text("external_id,email,groups\n1,a@example.com,berlin\n")

    for _ in range(2):
        run(hashes, users, form="csv", groups=True)

    assert [group.name for group in User.objects.get().groups.all()] == ["berlin"]
    assert Group.objects.count() == 1


def test_one_id_with_two_addresses_is_told(tmp_path, report):
    users = [of("a", "first"), of("a", "second")]

    lines = report(realm(tmp_path, *users))

    assert reasons(lines) == [(users[0]["id"], "refused", "duplicate")]
    assert User.objects.get().email == "first@example.com"


# --- two records with one address ----------------------------------------------------------------

BY_GOOGLE = {
    "user_id": "google-oauth2|100",
    "email": "two@example.com",
    "email_verified": True,
    "name": "Two One",
    "identities": [{"provider": "google-oauth2", "user_id": "100"}],
}
BY_PASSWORD = {
    "user_id": "auth0|100",
    "email": "Two@Example.com",
    "email_verified": True,
    "passwordHash": exports.AUTH0_BCRYPT,
    "identities": [{"provider": "auth0", "user_id": "100"}],
}


def lines_of(folder, *users):
    path = folder / f"{len([*folder.iterdir()])}.ndjson"
    path.write_text("".join(json.dumps(user) + "\n" for user in users))
    return path


@pytest.mark.parametrize("order", [1, -1], ids=["Google first", "password first"])
@pytest.mark.parametrize("how", ["one file", "two files", "two runs", "two runs that update"])
def test_of_two_records_with_one_address_the_one_with_the_password_wins(
    tmp_path, report, order, how
):
    """FusionAuth/fusionauth-site #2156."""
    users = [BY_GOOGLE, BY_PASSWORD][::order]
    files = [lines_of(tmp_path, *users)]
    if how != "one file":
        files = [lines_of(tmp_path, user) for user in users]
    if how.startswith("two runs"):
        mode = "update" if how.endswith("update") else "skip"
        for file in files:
            run(file, form="auth0", existing=mode)
    else:
        lines = report(*files, form="auth0")
        assert ("google-oauth2|100", "refused", "duplicate") in reasons(lines)
        assert "auth0|100" in next(line["text"] for line in lines if line["outcome"] == "refused")

    assert ImportedIdentity.objects.get().external_id == "auth0|100"
    assert signs_in("abc", "two@example.com")


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("loser", "winner"),
    [
        ({"email_verified": False, "passwordHash": exports.AUTH0_BCRYPT}, {}),
        ({"blocked": True, "passwordHash": exports.AUTH0_BCRYPT}, {}),
    ],
    ids=["whose address is not verified", "who is switched off"],
)
def test_a_password_is_not_all(tmp_path, order, loser, winner):
    both = [
        {"user_id": "auth0|a", "email": "x@example.com", "email_verified": True, **loser},
        {"user_id": "auth0|z", "email": "x@example.com", "email_verified": True, **winner},
    ]

    run(lines_of(tmp_path, *both[::order]), form="auth0")

    assert ImportedIdentity.objects.get().external_id == "auth0|z"
    assert not signs_in("abc", "x@example.com")


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_alike_the_order_decides_nothing(tmp_path, order):
    both = [{**BY_PASSWORD, "user_id": f"auth0|{n}"} for n in (1, 2)][::order]

    run(lines_of(tmp_path, *both), form="auth0")

    assert ImportedIdentity.objects.get().external_id == "auth0|1"


def test_an_account_that_somebody_uses_is_not_given_to_another_record(tmp_path, report):
    run(lines_of(tmp_path, BY_GOOGLE), form="auth0")
    flow.recover(Browser(), flow.recovery_link("two@example.com"))

    lines = report(lines_of(tmp_path, BY_PASSWORD), form="auth0")

    assert ("auth0|100", "refused", "duplicate") in reasons(lines)
    assert ImportedIdentity.objects.get().external_id == "google-oauth2|100"
    assert not signs_in("abc", "two@example.com")


def test_an_account_whose_address_is_verified_goes_to_nobody_whose_is_not(tmp_path, report):
    """Who made up the address in another connection of the tenant."""
    run(lines_of(tmp_path, BY_GOOGLE), form="auth0")
    both = [{**one, "email_verified": False} for one in (BY_GOOGLE, BY_PASSWORD)]

    lines = report(lines_of(tmp_path, *both), form="auth0", existing="update")

    assert ("auth0|100", "refused", "duplicate") in reasons(lines)
    assert not signs_in("abc", "two@example.com")


def test_what_has_ended_ends_though_its_record_is_refused(tmp_path, report):
    """Of two with one address, of whom the first has been here."""
    first = {**exports.keycloak_user("first"), "email": "x@example.com"}
    other = {**exports.keycloak_user("other"), "email": "x@example.com"}
    run(realm(tmp_path, first))
    assert signs_in("admin", "x@example.com")
    first["requiredActions"] = ["UPDATE_PASSWORD"]

    lines = report(realm(tmp_path, first, other))

    assert (first["id"], "refused", "duplicate") in reasons(lines)
    assert not signs_in("admin", "x@example.com")


def test_who_was_deleted_there_and_made_anew_is_the_same_person(tmp_path):
    run(lines_of(tmp_path, BY_PASSWORD), form="auth0")
    assert signs_in("abc", "two@example.com")
    anew = {**BY_PASSWORD, "user_id": "auth0|200"}

    told = counts(lines_of(tmp_path, anew), form="auth0", existing="update", absent="deactivate")

    assert (told["updated"], told["switched_off"]) == (1, 0)
    assert ImportedIdentity.objects.get().external_id == "auth0|200"
    assert signs_in("abc", "two@example.com")


def test_a_password_is_filled_in_of_whom_another_source_brought_without(tmp_path):
    without = exports.keycloak_user(credentials=[])
    run(realm(tmp_path, without), source="one")

    run(realm(tmp_path, exports.keycloak_user()), source="two", existing="update")

    assert User.objects.count() == 1
    assert signs_in("admin")


# --- who is gone there ---------------------------------------------------------------------------


def all_but_the_last(tmp_path, count=6):
    users = [exports.keycloak_user(f"person-{n}") for n in range(count)]
    run(realm(tmp_path, *users))
    return users, realm(tmp_path, *users[:-1])


def test_who_is_gone_there_is_told_and_left(tmp_path, report):
    users, file = all_but_the_last(tmp_path)

    lines = report(file)

    assert reasons(lines) == [(users[-1]["id"], "absent", "absent")]
    assert "No longer in the files: 1 (deactivated: 0)" in run(file)
    assert not User.objects.filter(is_active=False).exists()


def test_who_is_gone_there_is_switched_off_if_asked_for(tmp_path, report):
    users, file = all_but_the_last(tmp_path)
    gone, browser = users[-1], Browser()
    assert signs_in("admin", gone["email"], browser)

    trial = counts(file, absent="deactivate", dry_run=True)
    assert trial["switched_off"] == 1
    assert User.objects.filter(is_active=True).count() == 6
    lines = report(file, absent="deactivate")

    assert reasons(lines) == [(gone["id"], "switched_off", "absent")]
    assert [person.email for person in User.objects.filter(is_active=False)] == [gone["email"]]
    assert not flow.is_signed_in(browser)
    assert not Session.objects.filter(ended_at__isnull=True).exists()
    assert not signs_in("admin", gone["email"])
    assert counts(file, absent="deactivate")["switched_off"] == 0


def test_whoever_is_refused_now_is_not_gone(tmp_path):
    users, _file = all_but_the_last(tmp_path)
    users[-1]["email"] = None

    told = counts(realm(tmp_path, *users), absent="deactivate")

    assert (told["refused"], told["switched_off"]) == (1, 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda user: User.objects.filter(pk=user.pk).update(is_staff=True),
        lambda user: User.objects.filter(pk=user.pk).update(is_superuser=True),
        lambda user: ImportedIdentity.objects.create(
            source="other", external_id="1", user=user, made_account=True
        ),
        lambda user: ImportedIdentity.objects.filter(user=user).update(made_account=False),
    ],
    ids=["operator", "superuser", "from elsewhere too", "made here"],
)
def test_who_is_not_only_of_that_source_is_never_switched_off(tmp_path, report, change):
    users, file = all_but_the_last(tmp_path)
    change(User.objects.get(email=users[-1]["email"]))

    lines = report(file, absent="deactivate")

    assert reasons(lines) == [(users[-1]["id"], "absent", "absent")]
    assert not User.objects.filter(is_active=False).exists()


def test_of_another_source_and_of_people_who_signed_up_nobody_is_gone(tmp_path):
    make_person("bob@example.com")
    run(realm(tmp_path, exports.keycloak_user("other")), source="other")
    users, file = all_but_the_last(tmp_path)

    told = counts(file, absent="deactivate")

    assert told["switched_off"] == 1
    assert User.objects.filter(is_active=True).count() == 7
    assert users


def test_an_account_that_was_here_before_is_never_switched_off(tmp_path):
    make_person("person-5@example.com")
    users = [exports.keycloak_user(f"person-{n}") for n in range(6)]
    run(realm(tmp_path, *users), existing="update")

    told = counts(realm(tmp_path, *users[:-1]), absent="deactivate")

    assert (told["absent"], told["switched_off"]) == (1, 0)


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_file_that_may_have_been_cut_switches_nobody_off_and_changes_nothing(tmp_path, dry_run):
    users = [exports.keycloak_user(f"person-{n}") for n in range(20)]
    run(realm(tmp_path, *users))
    changed = [{**user, "firstName": "Anna"} for user in users]

    with pytest.raises(CommandError, match=r"3 of 20 users .* --absent-most 15"):
        counts(
            realm(tmp_path, *changed[:17]),
            absent="deactivate",
            existing="update",
            dry_run=dry_run,
        )

    assert not User.objects.filter(is_active=False).exists()
    assert not User.objects.filter(given_name="Anna").exists()
    file = realm(tmp_path, *users[:17])
    told = counts(file, absent="deactivate", absent_most=15)
    assert told["switched_off"] == 3


@pytest.mark.parametrize(
    ("share", "right"), [("17%", True), ("17", True), ("-1", False), ("x", False)]
)
def test_the_share_that_may_go_is_a_percentage(tmp_path, share, right):
    _users, file = all_but_the_last(tmp_path, count=12)
    arguments = ["import_users", str(file), "--format", "keycloak", f"--absent-most={share}"]
    arguments.append("--absent=deactivate")
    if right:
        call_command(*arguments, stdout=io.StringIO())
        return
    with pytest.raises(CommandError, match="absent-most"):
        call_command(*arguments, stdout=io.StringIO())


def test_an_empty_file_switches_nobody_off(tmp_path):
    _users, _file = all_but_the_last(tmp_path)

    with pytest.raises(CommandError, match="The files have no users"):
        counts(realm(tmp_path), absent="deactivate", absent_most=100)

    assert not User.objects.filter(is_active=False).exists()


def supabase(folder, *rows):
    """A table of ``auth.users``; a row without an address was deleted, which leaves no more."""
    path = folder / "users.csv"
    lines = ["id,email,email_confirmed_at,encrypted_password,deleted_at"]
    for key, email in rows:
        kept = (
            f"{email},2024-01-01 00:00:00+00,{exports.AUTH0_BCRYPT},"
            if email
            else ("e3b0c44298fc1c149afbf4c8996fb924,,,2024-03-01 00:00:00+00")
        )
        lines.append(f"{key},{kept}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_of_whom_the_file_says_that_they_were_deleted_the_account_is_switched_off(tmp_path, report):
    run(supabase(tmp_path, ("1", "ann@example.com"), ("2", "ben@example.com")), form="supabase")
    browser = Browser()
    assert signs_in("abc", "ben@example.com", browser)

    lines = report(
        supabase(tmp_path, ("1", "ann@example.com"), ("2", ""), ("3", "")), form="supabase"
    )

    assert reasons(lines) == [("2", "updated", "deleted"), ("3", "refused", "deleted")]
    assert not flow.is_signed_in(browser)
    assert not signs_in("abc", "ben@example.com")
    assert signs_in("abc", "ann@example.com")


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("has_been_here", [False, True])
def test_who_was_deleted_and_signed_up_anew_there_keeps_the_account(tmp_path, order, has_been_here):
    run(supabase(tmp_path, ("1", "ann@example.com")), form="supabase")
    if has_been_here:
        assert signs_in("abc", "ann@example.com")

    rows = [("1", ""), ("2", "ann@example.com")][::order]
    run(supabase(tmp_path, *rows), form="supabase", existing="update")

    assert ImportedIdentity.objects.get(user__email="ann@example.com").external_id == "2"
    assert signs_in("abc", "ann@example.com")


def test_who_comes_back_there_stays_switched_off_and_is_told(tmp_path, report):
    users, file = all_but_the_last(tmp_path)
    run(file, absent="deactivate")

    lines = report(realm(tmp_path, *users), existing="update")

    assert reasons(lines) == [(users[-1]["id"], "here", "disabled_here")]
    assert not User.objects.get(email=users[-1]["email"]).is_active
