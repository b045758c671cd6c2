"""``import_users``: what is odd about somebody is left out with a note, and they come in.

And tables whose columns have other names than ours.
"""

import json

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError

from accounts.importing.person import CLAIMS
from tests.accounts import exports
from tests.accounts.importing import counts, reasons, report, run

User = get_user_model()
pytestmark = pytest.mark.django_db
__all__ = ["report"]

ODD = {
    "locale": {"country": "US", "language": "en"},
    "name": "Lin\tTwo",
    "nickname": "half an emoji \ud83d",
    "user_metadata": "free text",
    "gender": {"label": "x"},
    "given_name": True,
    "profile": 1.5,
    "picture": "data:image/png;base64,AAAA",
    "zoneinfo": "Mars/Olympus",
    "birthdate": "02/01/1985",
    "family_name": ["Lin", {"second": "name"}],
    "identities": "auth0",
    "email_verified": "perhaps",
}


@pytest.mark.parametrize("claim", ODD)
def test_one_odd_claim_is_left_out_and_the_others_come(tmp_path, report, claim):
    """wso2/product-is #6105, auth0-user-import-export-extension #62."""
    file = tmp_path / "users.ndjson"
    user = {
        "user_id": "auth0|7",
        "email": "lin@example.com",
        "email_verified": True,
        "website": "https://lin.example.com/",
        claim: ODD[claim],
    }
    file.write_text(json.dumps(user) + "\n")

    lines = report(file, form="auth0", claim=["lang=locale"])

    assert reasons(lines) == [("auth0|7", "imported", "claim_left")]
    assert claim in lines[0]["text"]
    lin = User.objects.get()
    assert lin.website == "https://lin.example.com/"
    if claim != "email_verified":
        assert lin.email_verified_at
        assert not getattr(lin, claim, "")


@pytest.mark.parametrize(
    "fields",
    [
        {"credentials": "many"},
        {"credentials": ["one"]},
        {"attributes": ["locale"]},
        {"attributes": {"locale": {"de": 1}}},
        {"groups": {"a": 1}},
        {"firstName": {"first": "A"}},
    ],
)
def test_of_a_realm_too(tmp_path, report, fields):
    user = exports.keycloak_user(**fields)

    lines = report(exports.realm(tmp_path, user), groups=True)

    assert reasons(lines) == [(user["id"], "imported", "claim_left")]


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"user_id": "auth0|8", "email": {"a": 1}}, ("auth0|8", "malformed")),
        (
            {"user_id": "auth0|8", "email": "x@example.com", "blocked": "?"},
            ("auth0|8", "malformed"),
        ),
        ({"user_id": {"a": 1}, "email": "x@example.com"}, ("", "no_id")),
        ("text", ("", "malformed")),
    ],
)
def test_each_refusal_names_the_record(tmp_path, report, record, told):
    """By its id, and by its line."""
    file = tmp_path / "users.ndjson"
    file.write_text('{"user_id": "1", "email": "a@example.com"}\n\n' + json.dumps(record) + "\n")

    [line] = report(file, form="auth0")

    assert (line["external_id"], line["reason"]) == told
    assert (line["file"], line["record"], line["line"]) == ("users.ndjson", 2, 3)


# --- tables --------------------------------------------------------------------------------------


def write(folder, text, **how):
    path = folder / "people.csv"
    path.write_text(text, **how)
    return path


VALUES = {
    "name": "Ann Example",
    "given_name": "Ann",
    "family_name": "Example",
    "middle_name": "M.",
    "nickname": "annie",
    "preferred_username": "ann",
    "profile": "https://example.com/ann",
    "picture": "https://example.com/ann.png",
    "website": "https://ann.example.com/",
    "gender": "female",
    "birthdate": "1985-02-01",
    "zoneinfo": "Europe/Berlin",
    "locale": "de",
}


def test_every_listed_column_arrives(tmp_path):
    assert VALUES.keys() == {*CLAIMS}
    head, row = ",".join(["email", *VALUES]), ",".join(["ann@example.com", *VALUES.values()])

    run(write(tmp_path, f"{head}\n{row}\n"), form="csv")

    ann = User.objects.get()
    assert {name: str(getattr(ann, name)) for name in VALUES} == VALUES


@pytest.mark.parametrize(
    ("locale", "kept"),
    [
        ("de", "de"),
        ("de_AT", "de-AT"),
        ("de-AT", "de-AT"),
        ("de_DE.UTF-8", "de-DE"),
        ("de_DE.ISO-8859-15@euro", "de-DE"),
        ("sr_RS@latin", "sr-RS"),
        ("zh_Hant_TW", "zh-Hant-TW"),
        ("C", ""),
        ("POSIX", ""),
        ("C.UTF-8", ""),
        ("German", ""),
        ("de;fr", ""),
    ],
)
def test_languages_as_systems_write_them(tmp_path, locale, kept):
    told = counts(write(tmp_path, f"email,locale\na@example.com,{locale}\n"), form="csv")

    assert User.objects.get().locale == kept
    assert told["reasons"] == ({} if kept else {"claim_left": 1})


@pytest.mark.parametrize(
    ("word", "verified"),
    [
        *((word, True) for word in ("t", "true", "TRUE", "yes", "Y", "1", "WAHR", "vrai")),
        *((word, False) for word in ("f", "false", "FALSE", "no", "0", "", "FALSCH", "faux")),
        *((word, True) for word in ("2024-01-01T00:00:00Z", "2024-01-01 00:00:00+00")),
    ],
)
def test_yes_and_no_as_systems_write_them(tmp_path, word, verified):
    """``COPY … CSV`` of PostgreSQL, Excel, and the time at which it was."""
    told = counts(write(tmp_path, f"email,email_verified\na@example.com,{word}\n"), form="csv")

    assert bool(User.objects.get().email_verified_at) == verified
    assert told["reasons"] == {}


@pytest.mark.parametrize("word", ["2024-01-01", "perhaps"])
def test_whether_an_account_is_on_has_to_be_said_clearly(tmp_path, report, word):
    [line] = report(write(tmp_path, f"email,is_active\na@example.com,{word}\n"), form="csv")

    assert (line["outcome"], line["reason"]) == ("refused", "malformed")


@pytest.mark.parametrize("born", ["0000-02-01", "1985", "02/01/1985", "2999-01-01", "1650-01-01"])
def test_a_birthday_that_can_not_be_read_for_sure_is_left_out(tmp_path, report, born):
    [line] = report(write(tmp_path, f"email,birthdate\na@example.com,{born}\n"), form="csv")

    assert (line["reason"], "birthdate" in line["text"]) == ("claim_left", True)
    assert User.objects.get().birthdate is None


@pytest.mark.parametrize("between", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_tables_as_excel_saves_them(tmp_path, between, encoding):
    text = (
        between.join(("email", "name")) + "\r\n" + between.join(("a@example.com", "Zoë")) + "\r\n"
    )
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""

    run(write(tmp_path, mark + text, encoding=encoding, newline=""), form="csv")

    assert User.objects.get().name == "Zoë"


def test_a_table_in_another_encoding_is_told(tmp_path):
    with pytest.raises(CommandError, match="not valid CSV in UTF-8 or UTF-16"):
        run(write(tmp_path, "email,name\na@example.com,Zoë\n", encoding="cp1252"), form="csv")


OTHERS = (
    "id,mail,encrypted_password,email_confirmed_at,aud,shoe\n"
    f"7,ann@example.com,{exports.AUTH0_BCRYPT},2024-01-01 00:00:00+00,authenticated,42\n"
)
MAP = [
    "external_id=id",
    "email=mail",
    "password_hash=encrypted_password",
    "email_verified=email_confirmed_at",
]


def test_columns_of_other_names_are_mapped_and_unknown_ones_told(tmp_path):
    file = write(tmp_path, OTHERS)

    told = run(file, form="csv", map=MAP)

    ann = User.objects.get()
    assert (ann.check_password("abc"), bool(ann.email_verified_at)) == (True, True)
    assert "Unknown columns: aud, shoe." in told
    assert "--map" in told
    assert "--ignore" in told
    programs = counts(file, form="csv", map=MAP, ignore=["aud"])
    assert programs["columns_passed_by"] == ["shoe"]
    assert "Unknown columns:" not in run(file, form="csv", map=MAP, ignore=["aud", "shoe"])


def test_a_known_column_is_passed_over_if_asked_for(tmp_path):
    file = write(tmp_path, "email,name,gender\na@example.com,Ann,female\n")

    told = counts(file, form="csv", ignore=["gender"])

    ann = User.objects.get()
    assert (ann.name, ann.gender, told["columns_passed_by"]) == ("Ann", "", [])


def test_an_attribute_of_another_system_is_mapped(tmp_path):
    user = exports.keycloak_user(attributes={"avatar": ["https://example.com/a.png"]})

    run(exports.realm(tmp_path, user), map=["picture=avatar"])

    assert User.objects.get().picture == "https://example.com/a.png"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"map": ["email=nowhere"]}, "there is no column 'nowhere': id, mail"),
        ({"map": ["size=shoe"]}, "OURS=THEIRS"),
        ({"map": ["email="]}, "OURS=THEIRS"),
        ({}, "There is no column 'email': id, mail"),
        ({"map": ["email=mail"], "ignore": ["mail"]}, ""),
    ],
)
def test_a_table_that_can_not_be_read_so_is_told(tmp_path, options, why):
    file = write(tmp_path, OTHERS)
    if not why:
        run(file, form="csv", **options)
        return

    with pytest.raises(CommandError, match=why):
        run(file, form="csv", **options)
    assert not User.objects.exists()


def test_of_other_formats_only_claims_are_mapped(tmp_path):
    with pytest.raises(CommandError, match="OURS=THEIRS"):
        run(exports.realm(tmp_path, exports.keycloak_user()), map=["email=mail"])


def test_an_empty_cell_of_the_column_of_passwords_says_that_there_is_none(tmp_path):
    run(write(tmp_path, f"email,password_hash\na@example.com,{exports.AUTH0_BCRYPT}\n"), form="csv")
    run(write(tmp_path, "email\na@example.com\n"), form="csv", existing="update")
    assert User.objects.get().has_usable_password()

    run(write(tmp_path, "email,password_hash\na@example.com,\n"), form="csv")

    assert not User.objects.get().has_usable_password()


# --- told in words, and for programs -------------------------------------------------------------


def test_the_summary_is_in_words(tmp_path):
    users = [
        exports.keycloak_user("alice"),
        exports.keycloak_user("bob", credentials=[], attributes={"locale": ["C"]}),
        exports.keycloak_user("carol", email=""),
    ]

    lines = run(exports.realm(tmp_path, *users)).splitlines()

    assert lines == [
        "Imported: 2 (1 with a password)",
        "Updated: 0",
        "Already here: 0",
        "Refused: 1",
        "Reasons, and what wasn't imported:",
        "  claim_left: 1  a claim was left out",
        "  no_email: 1  no email address",
        "1 of the imported users have no password here. Tell them to choose one with “Forgot your "
        "password?” at their first sign-in.",
        "To see which users are affected, add --report FILE.",
    ]


def test_a_dry_run_tells_what_would_happen_to_each_kind(tmp_path):
    run(
        exports.realm(tmp_path, *(exports.keycloak_user(name) for name in ("alice", "bob", "gone")))
    )
    users = [
        exports.keycloak_user("alice", credentials=[], firstName="Alice"),
        exports.keycloak_user("bob", enabled=False),
        exports.keycloak_user("dora"),
    ]
    options = {"existing": "update", "absent": "deactivate", "absent_most": 50}

    lines = run(exports.realm(tmp_path, *users), dry_run=True, **options).splitlines()

    assert lines == [
        "Would be imported: 1",
        "Would be updated: 2",
        "  given_name: 1",
        "  is_active: 1",
        "  name: 1",
        "  password: 1",
        "Already here: 0",
        "Refused: 0",
        "No longer in the files: 1 (would be deactivated: 1)",
        "Reasons, and what wasn't imported:",
        "  password_left: 1  no password imported, or no longer valid",
        "To see which users are affected, add --report FILE.",
    ]


def test_the_summary_for_programs_is_one_object(tmp_path):
    told = counts(exports.realm(tmp_path, exports.keycloak_user()), source="acme", dry_run=True)

    assert told == {
        "source": "acme",
        "dry_run": True,
        "imported": 1,
        "updated": 0,
        "merged": 0,
        "here": 0,
        "refused": 0,
        "absent": 0,
        "switched_off": 0,
        "without_password": 0,
        "changes": {},
        "reasons": {},
        "columns_passed_by": [],
    }
