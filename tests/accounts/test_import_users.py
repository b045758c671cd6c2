"""``import_users``: who is taken over and who is not, from every system, and what is told of it."""

import io
import json
import stat
import uuid
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from accounts import personal_data
from accounts.importing import existing, people
from accounts.models import ImportedHashKind, ImportedIdentity
from ostiary import privacy
from ostiary.models import Event
from ostiary.privacy import pseudonym_of
from tests.accounts import exports, flow
from tests.accounts.conftest import make_person
from tests.accounts.importing import reasons, report, run

User = get_user_model()
pytestmark = pytest.mark.django_db
__all__ = ["report"]


# --- Keycloak ------------------------------------------------------------------------------------


def test_a_person_of_a_realm_signs_in_with_the_password_they_had(tmp_path):
    told = run(exports.realm(tmp_path, exports.keycloak_user()))

    assert "Imported: 1" in told
    assert flow.sign_in(Browser(), "Alice@Example.com", "admin").status_code == 302
    assert User.objects.get().password.startswith("argon2$argon2id$")


def test_what_the_realm_knows_becomes_claims(tmp_path):
    user = exports.keycloak_user(
        firstName="Alice",
        lastName="Liddell",
        attributes={
            "locale": ["de"],
            "zoneinfo": ["Europe/Berlin"],
            "avatar": ["https://example.com/a.png"],
        },
    )

    run(exports.realm(tmp_path, user), claim=["avatar=picture"])

    alice = User.objects.get()
    assert (alice.name, alice.given_name, alice.family_name) == (
        "Alice Liddell",
        "Alice",
        "Liddell",
    )
    assert (alice.preferred_username, alice.locale) == ("alice", "de")
    assert (alice.zoneinfo, alice.picture) == ("Europe/Berlin", "https://example.com/a.png")
    assert alice.date_joined == datetime(2024, 6, 27, 7, 46, 29, 959000, tzinfo=UTC)


def test_several_files_and_several_realms_in_one_file_are_read(tmp_path):
    first = exports.realm(tmp_path, exports.keycloak_user("alice"), name="acme-users-0.json")
    second = exports.write(
        tmp_path / "all.json",
        [
            {"realm": "one", "users": [exports.keycloak_user("bob")]},
            {"realm": "two", "users": [exports.keycloak_user("carol")]},
        ],
    )

    run(first, second)

    assert User.objects.count() == 3


def test_an_address_that_was_not_verified_there_is_not_verified_here(tmp_path):
    run(
        exports.realm(
            tmp_path,
            exports.keycloak_user("alice"),
            exports.keycloak_user("bob", emailVerified=False),
            exports.keycloak_user("carol", requiredActions=["VERIFY_EMAIL"]),
        )
    )

    verified = User.objects.filter(email_verified_at__isnull=False)
    assert [person.email for person in verified] == ["alice@example.com"]


def test_who_is_switched_off_there_is_switched_off_here(tmp_path):
    run(exports.realm(tmp_path, exports.keycloak_user(enabled=False)))

    assert not User.objects.get().is_active
    assert flow.sign_in(Browser(), "alice@example.com", "admin").status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"requiredActions": ["UPDATE_PASSWORD"]},
        {"credentials": [{**exports.KEYCLOAK_ADMIN, "temporary": True}]},
        {"credentials": []},
        {"credentials": [exports.credential("pbkdf2-sha256", 10**9, "c2FsdA==", "A" * 44)]},
        {"credentials": [exports.credential("rot13", 1, "c2FsdA==", "A" * 44)]},
        {"credentials": [{"type": "password", "secretData": "{", "credentialData": "{"}]},
    ],
)
def test_who_has_no_password_to_take_over_chooses_one_by_mail(tmp_path, fields):
    told = run(exports.realm(tmp_path, exports.keycloak_user(**fields)))

    assert "1 of the imported users have no password here" in told
    assert not User.objects.get().has_usable_password()
    assert flow.sign_in(Browser(), "alice@example.com", "admin").status_code == 400
    flow.recover(Browser(), flow.recovery_link("alice@example.com"))
    assert flow.sign_in(Browser(), "alice@example.com", flow.NEW_PASSWORD).status_code == 302


def test_the_report_tells_what_stays_behind(tmp_path, report):
    user = exports.keycloak_user(
        credentials=[exports.KEYCLOAK_ADMIN, {"type": "otp"}, {"type": "webauthn"}],
        requiredActions=["CONFIGURE_TOTP"],
        federatedIdentities=[{"identityProvider": "google"}],
        attributes={"picture": ["no address"], "zoneinfo": ["Mars/Olympus"], "shoe": ["42"]},
    )

    lines = report(exports.realm(tmp_path, user))

    assert {(line["outcome"], line["record"], line["file"]) for line in lines} == {
        ("imported", 1, "realm.json")
    }
    assert sorted(line["reason"] for line in lines) == [
        "claim_left",
        "claim_left",
        "identity_left",
        "required_action_left",
        "second_factor_left",
    ]
    assert "otp, webauthn" in " ".join(line["text"] for line in lines)


def test_the_report_holds_no_password_and_no_hash_and_is_its_owners_alone(tmp_path):
    path = tmp_path / "report.jsonl"
    path.touch(mode=0o644)
    bad = exports.keycloak_user("bob", credentials=[{**exports.KEYCLOAK_ADMIN, "type": "secret"}])
    costly = exports.credential("pbkdf2-sha512", 10**9, "U0FMVA==", "SEFTSA==")
    run(
        exports.realm(tmp_path, bad, exports.keycloak_user(credentials=[costly])),
        report=path,
    )

    told = path.read_text()
    assert "work factor" in told
    for secret in ("1u7BLvfSPxQFpwc5jpGSA", "x/bm4Y3D", "U0FMVA", "SEFTSA", "argon2$", "!"):
        assert secret not in told
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


REFUSED = {
    "no_email": {"email": None},
    "invalid_email": {"email": "alice at example.com"},
    "no_id": {"id": ""},
    "service_account": {"serviceAccountClientId": "api"},
    "malformed": {"email": {"nested": True}},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_who_can_not_be_taken_over_is_refused_and_the_others_are_not(tmp_path, report, reason):
    bad = exports.keycloak_user("bad", **REFUSED[reason])

    lines = report(exports.realm(tmp_path, bad, exports.keycloak_user("good")))

    assert [(line["record"], line["reason"]) for line in lines] == [(1, reason)]
    assert [person.email for person in User.objects.all()] == ["good@example.com"]


@pytest.mark.parametrize(
    "user",
    [
        "a text",
        7,
        None,
        [],
        exports.keycloak_user(id="x" * 256),
        exports.keycloak_user(email="alice\u0000@example.com"),
        exports.keycloak_user(email=["a@example.com"]),
        exports.keycloak_user(email="аlice@example.com"),  # a Cyrillic а
        exports.keycloak_user(enabled="perhaps"),
        exports.keycloak_user(requiredActions=[{}]),
    ],
)
def test_input_of_anything_is_refused_and_never_an_error(tmp_path, report, user):
    [line] = report(exports.realm(tmp_path, user))

    assert (line["outcome"], line["record"]) == ("refused", 1)
    assert not User.objects.exists()


def test_a_time_that_can_not_be_is_left_out(tmp_path):
    run(exports.realm(tmp_path, exports.keycloak_user(createdTimestamp=99999999999999)))

    assert User.objects.get().date_joined.year in (datetime.now(UTC).year, 5138)


def test_two_with_one_address_in_other_letters_are_one_and_the_second_is_refused(tmp_path, report):
    same = ["alice@example.com", "ALICE@Example.COM", "ａlice@example.com", " alice@example.com "]
    users = [exports.keycloak_user(f"u{n}", email=email) for n, email in enumerate(same)]

    lines = report(exports.realm(tmp_path, *users, exports.keycloak_user("u0", email="b@x.org")))

    assert [line["reason"] for line in lines] == ["duplicate"] * 4
    assert User.objects.count() == 1


def test_nobody_gets_powers_by_an_import(tmp_path, report):
    powerful = Group.objects.create(name="admins")
    powerful.permissions.add(Permission.objects.first())
    user = exports.keycloak_user(
        groups=["/admins", "/staff/berlin"], realmRoles=["admin"], is_staff=True, is_superuser=True
    )

    lines = report(exports.realm(tmp_path, user), groups=True)

    alice = User.objects.get()
    assert (alice.is_staff, alice.is_superuser) == (False, False)
    assert [group.name for group in alice.groups.all()] == ["staff/berlin"]
    assert [line["reason"] for line in lines] == ["group_left"]


def test_groups_are_left_unless_asked_for(tmp_path):
    run(exports.realm(tmp_path, exports.keycloak_user(groups=["/staff"])))

    assert not Group.objects.exists()


def test_ids_are_kept_if_asked_for_so_that_sub_stays(tmp_path, report):
    alice = exports.keycloak_user("alice", id=str(uuid.uuid4()))
    erased = exports.keycloak_user("bob", id=str(uuid.uuid4()))
    privacy.shred(erased["id"])

    lines = report(
        exports.realm(tmp_path, alice, erased, exports.keycloak_user("carol", id="7")),
        keep_ids=True,
    )

    assert [str(person.pk) for person in User.objects.all()] == [alice["id"]]
    assert reasons(lines) == [(erased["id"], "refused", "erased"), ("7", "refused", "malformed")]


def test_who_was_erased_is_not_brought_back_by_a_list(tmp_path, report):
    privacy.shred(str(uuid.uuid4()), ["Bob@Example.com"])

    bob, carol = exports.keycloak_user("bob"), exports.keycloak_user("carol")
    lines = report(exports.realm(tmp_path, bob, carol))

    assert reasons(lines) == [(bob["id"], "refused", "erased")]
    assert User.objects.get().email == "carol@example.com"


def test_the_old_id_is_remembered_under_the_name_of_the_source(tmp_path):
    user = exports.keycloak_user()
    run(exports.realm(tmp_path, user), source="acme")

    identity = ImportedIdentity.objects.get(source="acme", external_id=user["id"])
    assert identity.user == User.objects.get()


def test_each_person_finds_it_in_their_activity(tmp_path):
    run(exports.realm(tmp_path, exports.keycloak_user()))

    event = Event.objects.get(kind="person.imported")
    assert event.subject == pseudonym_of(User.objects.get())
    assert event.details == {"source": "keycloak"}
    browser = Browser()
    flow.sign_in(browser, "alice@example.com", "admin")
    assert "imported from another system" in browser.get("/account/activity/").content.decode()


def test_names_are_as_people_write_them_and_as_the_site_lets_them_be(tmp_path, report, settings):
    settings.OSTIARY_ACCOUNTS = {
        **settings.OSTIARY_ACCOUNTS,
        "NAME_POLICIES": ["accounts.confusable.refuse_mixed_scripts"],
    }
    users = [
        exports.keycloak_user("alice", firstName="مه\u200cسا", lastName="van\u00a0Dam"),
        exports.keycloak_user("bob", firstName="Аdmin"),  # a Cyrillic А
    ]

    lines = report(exports.realm(tmp_path, *users))

    alice, bob = User.objects.order_by("email")
    assert (alice.given_name, alice.family_name) == ("مه\u200cسا", "van\u00a0Dam")
    assert (bob.given_name, bob.name) == ("", "")
    assert [(line["external_id"], line["reason"]) for line in lines] == [
        (users[1]["id"], "claim_left")
    ] * 2


def test_the_old_id_is_told_to_the_person_and_erased_with_them(tmp_path):
    user = exports.keycloak_user()
    run(exports.realm(tmp_path, user), source="acme")
    alice = User.objects.get()

    [told] = personal_data.export(alice)["imported_from"]
    assert (told["source"], told["external_id"]) == ("acme", user["id"])
    personal_data.erase(alice)
    assert not ImportedIdentity.objects.exists()


# --- again ---------------------------------------------------------------------------------------


def test_a_second_run_changes_nothing(tmp_path):
    realm = exports.realm(tmp_path, exports.keycloak_user("alice"), exports.keycloak_user("bob"))
    run(realm)
    before = list(User.objects.values())

    told = run(realm)

    assert "Already here: 2" in told
    assert list(User.objects.values()) == before
    assert Event.objects.filter(kind__startswith="person.").count() == 2


def test_a_dry_run_tells_the_same_and_changes_nothing(tmp_path):
    make_person("bob@example.com")
    realm = exports.realm(
        tmp_path,
        *(exports.keycloak_user(name, groups=["/g"]) for name in ("alice", "bob", "alice")),
    )

    told = run(realm, dry_run=True, groups=True)

    assert User.objects.count() == 1
    assert not ImportedIdentity.objects.exists()
    assert not ImportedHashKind.objects.exists()
    assert not Group.objects.exists()
    assert not Event.objects.exists()
    assert told.replace("Would be imported", "Imported").replace(
        "Would be updated", "Updated"
    ) == run(realm, groups=True)
    assert "Imported: 1" in run(exports.realm(tmp_path, exports.keycloak_user("dave")))


def test_who_is_here_already_is_left_alone(tmp_path, report):
    bob = make_person("Bob@Example.com", name="Bob")

    lines = report(exports.realm(tmp_path, exports.keycloak_user("bob", firstName="Eve")))

    assert [line["reason"] for line in lines] == ["existing"]
    assert User.objects.get().name == bob.name
    assert flow.sign_in(Browser(), "bob@example.com", "admin").status_code == 400


def test_an_update_joins_what_both_have_verified_and_keeps_what_is_here(tmp_path):
    bob = make_person("bob@example.com", given_name="Bob")
    user = exports.keycloak_user("bob", firstName="Robert", lastName="Tables", enabled=False)

    assert "Updated: 1" in run(exports.realm(tmp_path, user), existing="update")

    bob.refresh_from_db()
    assert (bob.given_name, bob.family_name, bob.is_active) == ("Bob", "Tables", True)
    assert ImportedIdentity.objects.get().user == bob
    assert flow.sign_in(Browser(), bob.email).status_code == 302


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ({"email_verified_at": None}, {}),
        ({}, {"emailVerified": False}),
        ({"is_staff": True}, {}),
        ({"is_superuser": True}, {}),
    ],
)
def test_an_account_is_not_joined_to_an_address_that_someone_may_have_made_up(
    tmp_path, report, here, there
):
    make_person("bob@example.com", **here)

    lines = report(
        exports.realm(tmp_path, exports.keycloak_user("bob", firstName="Eve", **there)),
        existing="update",
    )

    assert [line["reason"] for line in lines] in (["existing"], ["operator"])
    assert User.objects.get().given_name == ""
    assert not ImportedIdentity.objects.exists()


def test_an_update_brings_what_has_changed_since(tmp_path):
    run(exports.realm(tmp_path, exports.keycloak_user(emailVerified=False, firstName="Alice")))
    newer = exports.keycloak_user(
        firstName="Alicia", enabled=False, credentials=[exports.KEYCLOAK_ARGON2]
    )

    assert "Updated: 1" in run(exports.realm(tmp_path, newer), existing="update")

    alice = User.objects.get()
    assert alice.given_name == "Alicia"
    assert alice.email_verified_at
    assert not alice.is_active
    assert alice.check_password("secret")
    event = Event.objects.get(kind="person.import_updated")
    assert "password" in event.details["fields"]
    assert "Already here: 1" in run(exports.realm(tmp_path, newer), existing="update")


def test_an_update_takes_nobodys_own_password_and_switches_nobody_on(tmp_path):
    realm = exports.realm(tmp_path, exports.keycloak_user())
    run(realm)
    flow.recover(Browser(), flow.recovery_link("alice@example.com"))
    User.objects.update(is_active=False)
    alice = User.objects.get()

    run(
        exports.realm(tmp_path, exports.keycloak_user(email="other@example.com")), existing="update"
    )

    after = User.objects.get()
    assert (after.password, after.is_active, after.email) == (alice.password, False, alice.email)


def test_someone_who_signs_up_at_the_same_moment_costs_the_others_nothing(tmp_path, monkeypatch):
    """The batch meets an account that was not there when it looked."""
    make_person("bob@example.com")
    monkeypatch.setattr(existing.Existing, "_owners_of", lambda self, wanted: {})

    told = run(
        exports.realm(tmp_path, *(exports.keycloak_user(n) for n in ("alice", "bob", "carol"))),
        groups=True,
    )

    assert "Imported: 2" in told
    assert "existing: 1" in told
    assert ImportedIdentity.objects.count() == 2


def test_only_so_many_kinds_of_hashes_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(people, "MOST_KINDS", 1)
    users = [
        exports.keycloak_user("alice"),
        exports.keycloak_user("bob", credentials=[exports.KEYCLOAK_ARGON2]),
    ]

    told = run(exports.realm(tmp_path, *users))

    assert "password_left: 1" in told
    assert [kind.kind for kind in ImportedHashKind.objects.all()] == ["pb256$27500"]


def test_iterations_that_grew_with_the_releases_are_one_kind(tmp_path, monkeypatch):
    """As a table of Django has them: nobody's password is lost for the age of its hash."""
    monkeypatch.setattr(people, "MOST_KINDS", 1)
    path = tmp_path / "people.csv"
    rounds = range(100, 2000, 100)
    hasher = PBKDF2PasswordHasher()
    path.write_text(
        "email,password_hash\n"
        + "".join(f"p{n}@example.com,{hasher.encode('x', 'salt', n)}\n" for n in rounds)
    )

    run(path, form="csv")

    kept = User.objects.exclude(password__startswith="!")
    assert kept.count() == len(rounds)
    assert ImportedHashKind.objects.count() == len(rounds)


def test_keycloaks_list_of_users_is_read_too(tmp_path):
    """As its admin API gives it: no hashes, and so nothing that is said of passwords."""
    alice = exports.keycloak_user("alice")
    alice.pop("credentials")
    path = tmp_path / "users.json"
    path.write_text(json.dumps([alice]))

    assert "Imported: 1" in run(path)


# --- the other systems ---------------------------------------------------------------------------


def auth0_lines(folder, *users):
    path = folder / "auth0.ndjson"
    path.write_text("".join(json.dumps(user) + "\n" for user in users))
    return path


def test_auth0s_export_with_hashes(tmp_path, report):
    password = "abc"
    users = [
        {
            "_id": {"$oid": "60425dc43519d90068f82973"},
            "email": "alice@example.com",
            "email_verified": True,
            "passwordHash": exports.AUTH0_BCRYPT,
            "password_set_date": {"$date": "2021-03-05T16:34:12.775Z"},
            "tenant": "acme",
            "connection": "Username-Password-Authentication",
            "_tmp_is_unique": True,
        },
        {
            "user_id": "google-oauth2|1039",
            "email": "bob@example.com",
            "email_verified": True,
            "name": "Bob",
            "nickname": "bob",
            "blocked": True,
            "created_at": "2021-03-05T16:34:12.775Z",
            "user_metadata": {"lang": "fr"},
            "identities": [{"provider": "google-oauth2"}],
        },
    ]

    lines = report(auth0_lines(tmp_path, *users), form="auth0", claim=["lang=locale"])

    alice, bob = User.objects.order_by("email")
    assert alice.check_password(password)
    assert (bob.name, bob.locale, bob.is_active) == ("Bob", "fr", False)
    assert bob.date_joined.year == 2021
    assert [identity.external_id for identity in ImportedIdentity.objects.order_by("id")] == [
        "auth0|60425dc43519d90068f82973",
        "google-oauth2|1039",
    ]
    assert reasons(lines) == [("google-oauth2|1039", "imported", "identity_left")]


def test_auth0s_form_of_bulk_import(tmp_path, report):
    scrypt = {
        "algorithm": "scrypt",
        "hash": {
            "value": "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2",
            "encoding": "hex",
        },
        "salt": {"value": "SodiumChloride", "encoding": "utf8"},
        "cost": 16384,
        "blockSize": 8,
        "parallelization": 1,
        "keylen": 32,
    }
    md5 = {"algorithm": "md5", "hash": {"value": "5f4dcc3b5aa765d61d8327deb882cf99"}}
    users = [
        {"user_id": "1", "email": "a@example.com", "custom_password_hash": scrypt},
        {"user_id": "2", "email": "b@example.com", "custom_password_hash": md5},
        {"user_id": "3", "email": "c@example.com", "password_hash": exports.AUTH0_BCRYPT},
        {"user_id": "4", "email": "d@example.com", "custom_password_hash": {"algorithm": "pbkdf2"}},
        {"user_id": "5", "email": "e@example.com", "custom_password_hash": "odd"},
    ]

    lines = report(exports.write(tmp_path / "users.json", users), form="auth0")

    first, _, third, *_ = User.objects.order_by("email")
    assert first.check_password("pleaseletmein")
    assert third.check_password("abc")
    assert first.email_verified_at is None
    assert reasons(lines) == [(number, "imported", "password_left") for number in ("2", "4", "5")]
    assert "md5" in lines[0]["text"]


def test_firebases_export(tmp_path, report, settings):
    users = [
        {
            "localId": "UVTKmZVx5TfFHVmUyzOo",
            "email": "alice@example.com",
            "emailVerified": True,
            "displayName": "Alice",
            "photoUrl": "https://example.com/a.png",
            "createdAt": "1486324289000",
            "providerUserInfo": [{"providerId": "password"}],
            **exports.FIREBASE_HASH,
        },
        {"localId": "2", "email": "b@example.com", "disabled": True, "mfaInfo": [{}]},
    ]
    file = exports.write(tmp_path / "users.json", {"users": users})
    with pytest.raises(CommandError, match="FIREBASE_SIGNER_KEY"):
        run(file, form="firebase")
    settings.OSTIARY_ACCOUNTS = {**settings.OSTIARY_ACCOUNTS, **exports.FIREBASE}

    lines = report(file, form="firebase")

    assert reasons(lines) == [("2", "imported", "second_factor_left")]
    alice = User.objects.get(email="alice@example.com")
    assert (alice.name, alice.picture) == ("Alice", "https://example.com/a.png")
    assert (alice.date_joined.year, bool(alice.email_verified_at)) == (2017, True)
    assert flow.sign_in(Browser(), alice.email, exports.FIREBASE_PASSWORD).status_code == 302


def test_cognitos_table(tmp_path, report):
    file = tmp_path / "cognito.csv"
    file.write_text(
        "name,given_name,email,email_verified,zoneinfo,cognito:mfa_enabled,cognito:username\n"
        '"Liddell, Alice",Alice,alice@example.com,TRUE,Europe/Paris,TRUE,alice-1\n'
        ",,bob@example.com,false,,FALSE,bob-1\n"
    )

    lines = report(file, form="cognito")

    alice, bob = User.objects.order_by("email")
    assert (alice.name, alice.zoneinfo) == ("Liddell, Alice", "Europe/Paris")
    assert (bool(alice.email_verified_at), bob.email_verified_at) == (True, None)
    assert reasons(lines) == [
        ("alice-1", "imported", "second_factor_left"),
        ("alice-1", "imported", "password_left"),
        ("bob-1", "imported", "password_left"),
    ]


def test_a_table_of_ones_own(tmp_path, report):
    file = tmp_path / "people.csv"
    file.write_text(
        "\ufeffemail,email_verified,password_hash,is_active,groups,given_name,Tongue\n"
        f"Alice@Example.com,yes,{exports.AUTH0_BCRYPT},,berlin; paris,Alice,fr\n"
        "bob@example.com,,secret,no,,,\n"
    )

    lines = report(file, form="csv", claim=["Tongue=locale"], groups=True)

    alice, bob = User.objects.order_by("given_name").reverse()
    assert alice.check_password("abc")
    assert (alice.email, alice.locale) == ("Alice@example.com", "fr")
    assert sorted(group.name for group in alice.groups.all()) == ["berlin", "paris"]
    assert (bob.is_active, bob.email_verified_at) == (False, None)
    assert reasons(lines) == [("bob@example.com", "imported", "password_left")]
    assert ImportedIdentity.objects.filter(external_id="alice@example.com").exists()


# --- what can't be read --------------------------------------------------------------------------

BROKEN = [
    ("keycloak", b'{"users": [{"id": "1"}, ', "Not valid JSON"),
    ("keycloak", b'{"users": []}', "The files have no users"),
    ("keycloak", b'{"clients": []}', "The files have no users"),
    ("keycloak", b"", "Not valid JSON"),
    ("keycloak", b"\xff\xfe{}", "Not valid JSON"),
    ("auth0", b'{"user_id": "1"}\n{"user_id', "Line 2 isn't valid JSON"),
    ("auth0", b'"' + b"x" * (1024 * 1024 + 1), "Line 1 is too long"),
    ("auth0", b"[" * 100_000, "nested too deep"),
    ("auth0", b'{"a":' * 10_000, "Line 1 isn't valid JSON"),
    ("keycloak", b'{"users": [' + b'{"a":' * 10_000, "nested too deep"),
    ("csv", b"mail,shoe\na@example.com,42\n", "There is no column 'email': mail, shoe"),
    ("csv", b"email,email\na@example.com,b@example.com\n", "appears twice"),
    ("csv", b"email,name\na@example.com\n", "a different number of columns"),
    ("csv", b"email\na@example.com,b\n", "a different number of columns"),
    ("csv", b"email\n\xff\xfe@example.com\n", "not valid CSV"),
    ("csv", b'email\n"a@example.com', "not valid CSV"),
    ("csv", b"", "The files have no users"),
]


@pytest.mark.parametrize(("form", "content", "why"), BROKEN)
def test_a_broken_file_is_told_in_a_sentence(tmp_path, form, content, why):
    file = tmp_path / "broken"
    file.write_bytes(content)

    with pytest.raises(CommandError, match=why):
        run(file, form=form)


def test_nobody_is_imported_of_a_json_document_that_breaks_off(tmp_path):
    file = exports.realm(tmp_path, exports.keycloak_user())
    file.write_bytes(file.read_bytes()[:-1])

    with pytest.raises(CommandError, match="Not valid JSON"):
        run(file)
    assert not User.objects.exists()


def test_nobody_is_imported_of_lines_that_break_off_and_the_mended_file_is_taken(tmp_path):
    users = [{"user_id": name, "email": f"{name}@example.com"} for name in ("a", "b", "c")]
    file = auth0_lines(tmp_path, *users)
    file.write_text(file.read_text()[:-5])
    with pytest.raises(CommandError, match="2 users before it were read, and nobody"):
        run(file, form="auth0")
    assert not User.objects.exists()

    assert "Imported: 3" in run(auth0_lines(tmp_path, *users), form="auth0")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        run(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"claim": ["shoe=size"]}, "ATTRIBUTE=CLAIM"),
        ({"claim": ["=locale"]}, "ATTRIBUTE=CLAIM"),
        ({"claim": ["x=password"]}, "ATTRIBUTE=CLAIM"),
        ({"source": "x" * 51}, "at most 50"),
    ],
)
def test_options_that_make_no_sense_are_told(tmp_path, options, why):
    with pytest.raises(CommandError, match=why):
        run(exports.realm(tmp_path, exports.keycloak_user()), **options)


def test_without_the_hashers_nothing_is_imported(tmp_path, settings):
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[:1]

    with pytest.raises(CommandError, match=r"accounts\.foreign_hashers\.Pbkdf2Sha512"):
        run(exports.realm(tmp_path, exports.keycloak_user()))
    assert not User.objects.exists()


# --- how it goes ---------------------------------------------------------------------------------


def test_statements_do_not_grow_with_people(tmp_path):
    def count(people):
        realm = exports.realm(
            tmp_path, *(exports.keycloak_user(f"{n}-of-{people}") for n in range(people))
        )
        with flow.statements() as statements:
            run(realm, source=f"{people} people")
        return len(statements)

    # (Two of them ask whether somebody among them was erased, and one who is there no more.)
    assert count(100) == count(10) <= 13


class Terminal(io.StringIO):
    """Somebody looks on."""

    def isatty(self):
        return True


def test_a_terminal_shows_how_far_it_is(tmp_path):
    terminal = Terminal()
    users = [exports.keycloak_user(f"person-{n}") for n in range(3)]

    call_command(
        "import_users",
        str(exports.realm(tmp_path, *users)),
        format="keycloak",
        stdout=terminal,
    )

    shown = terminal.getvalue()
    assert "Reading: 100%" in shown
    assert "Importing: 100%" in shown
    assert shown.index("Importing") < shown.index("Imported: 3")


def test_what_is_no_terminal_gets_no_bar(tmp_path):
    assert "%" not in run(exports.realm(tmp_path, exports.keycloak_user()))


def test_the_admin_finds_people_by_their_old_id_and_changes_nothing(tmp_path, admin_client):
    user = exports.keycloak_user()
    run(exports.realm(tmp_path, user))
    identity = ImportedIdentity.objects.get()

    listed = admin_client.get("/admin/ostiary_accounts/importedidentity/", {"q": user["id"]})

    assert user["id"] in listed.content.decode()
    change = f"/admin/ostiary_accounts/importedidentity/{identity.pk}/change/"
    assert admin_client.post(change, {"source": "x"}).status_code == 403
