"""Exports of nine systems as they are written, each in two files, with made-up people.

In each: Ann, who has all that the system tells of a person; Ben, of whom something stays behind;
Cem in the second file; and a second record with Ann's address, which is not the one.

Shapes: Keycloak's ``kc.sh export``; Auth0's user export and the hashes of its support
(clerk/migration-script, samples/auth0.json); ``firebase auth:export``; Cognito's table for imports
and ``list-users``; Clerk's dashboard and what its support sends (workos/migrate-clerk-users);
Supabase's ``auth.users`` (clerk/migration-script, samples/supabase.csv); Okta's users API and a
table of the same; WorkOS's users API, a page in an object and one in lines.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any

from tests.accounts import exports

BCRYPT = exports.AUTH0_BCRYPT
"""Of “abc”."""
DJANGO_BCRYPT = "bcrypt_sha256$$2b$04$CCCCCCCCCCCCCCCCCCCCC..p6nFGB7pgX.t7s2pJgpXHi2zRRBQrC"
"""Of “a long passphrase”."""


@dataclass
class System:
    """``files`` by name; ``passwords`` by address; ``told`` are the lines of the report: whose,
    what became of them, and which reasons."""

    form: str
    files: dict[str, str]
    ann: dict[str, str]
    passwords: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    unverified: tuple[str, ...] = ()
    off: tuple[str, ...] = ()


def table(*rows: dict[str, Any], quoting: int = csv.QUOTE_MINIMAL) -> str:
    """Rows with the columns of the first of them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*rows[0]], quoting=quoting, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def lines(*records: dict[str, Any]) -> str:
    """One a line."""
    return "".join(json.dumps(record) + "\n" for record in records)


# --- Keycloak ------------------------------------------------------------------------------------


def _keycloak() -> System:
    def user(number: int, name: str, /, **fields: Any) -> dict[str, Any]:
        return {
            "id": f"7b1e1f0a-0000-4000-8000-{number:012d}",
            "username": name.lower(),
            "email": f"{name.lower()}@example.com",
            "emailVerified": True,
            "enabled": True,
            "createdTimestamp": 1719474389959,
            "totp": False,
            "credentials": [exports.KEYCLOAK_ADMIN],
            "disableableCredentialTypes": [],
            "requiredActions": [],
            "realmRoles": ["default-roles-acme"],
            "notBefore": 0,
            "groups": [],
            **fields,
        }

    ann = user(
        1,
        "Ann",
        firstName="Ann",
        lastName="Example",
        attributes={"locale": ["de_AT"], "birthdate": ["1985-02-01"]},
    )
    ben = user(
        2,
        "Ben",
        emailVerified=False,
        enabled=False,
        credentials=[{"type": "otp", "secretData": "{}", "credentialData": "{}"}],
        attributes={"locale": [{"language": "en"}]},
        federatedIdentities=[{"identityProvider": "google", "userId": "1", "userName": "ben"}],
    )
    robot = user(4, "Robot", serviceAccountClientId="api")
    other = user(5, "Other", email="ANN@example.com", credentials=[])
    realm = {"realm": "acme", "enabled": True, "sslRequired": "external"}
    return System(
        "keycloak",
        {
            "acme-users-0.json": json.dumps({**realm, "users": [ann, ben]}, indent=2),
            "acme-users-1.json": json.dumps({**realm, "users": [user(3, "Cem"), robot, other]}),
        },
        ann={"name": "Ann Example", "locale": "de-AT", "birthdate": "1985-02-01"},
        passwords={"ann@example.com": "admin", "cem@example.com": "admin"},
        told=[
            (ben["id"], "imported", "claim_left"),
            (ben["id"], "imported", "identity_left"),
            (ben["id"], "imported", "second_factor_left"),
            (robot["id"], "refused", "service_account"),
            (other["id"], "refused", "duplicate"),
        ],
        unverified=("ben@example.com",),
        off=("ben@example.com",),
    )


# --- Auth0 ---------------------------------------------------------------------------------------


def _auth0() -> System:
    def user(name: str, /, **fields: Any) -> dict[str, Any]:
        return {
            "user_id": f"auth0|{name.lower()}",
            "email": f"{name.lower()}@example.com",
            "email_verified": True,
            "created_at": "2023-12-08T20:44:31.608Z",
            "updated_at": "2024-01-08T20:44:31.608Z",
            "logins_count": 4,
            "identities": [{"provider": "auth0", "user_id": name.lower(), "isSocial": False}],
            **fields,
        }

    def hashed(name: str) -> dict[str, Any]:
        return {
            "_id": {"$oid": name.lower()},
            "email": f"{name.lower()}@example.com",
            "email_verified": True,
            "tenant": "dev-example",
            "connection": "Username-Password-Authentication",
            "passwordHash": BCRYPT,
            "_tmp_is_unique": True,
            "version": "1.1",
            "identifiers": [{"type": "email", "value": f"{name.lower()}@example.com"}],
            "last_password_reset": {"$date": "2023-12-08T20:44:31.608Z"},
        }

    ann = user("Ann", name="Ann Example", given_name="Ann", locale="en-GB", nickname="ann")
    ben = user(
        "Ben",
        user_id="linkedin|ben",
        name="ben@example.com",
        locale={"country": "US", "language": "en"},
        user_metadata="free text",
        multifactor=["guardian"],
        identities=[{"provider": "linkedin", "user_id": "ben", "isSocial": True}],
    )
    other = user("Other", user_id="google-oauth2|1", email="Ann@Example.com")
    other["identities"] = [{"provider": "google-oauth2", "user_id": "1", "isSocial": True}]
    return System(
        "auth0",
        {
            "users.ndjson": lines(other, ann, ben, user("Cem")),
            "hashes.json": json.dumps([hashed("Ann"), hashed("Cem")], indent=3),
        },
        ann={"name": "Ann Example", "locale": "en-GB", "nickname": "ann"},
        passwords={"ann@example.com": "abc", "cem@example.com": "abc"},
        told=[
            ("google-oauth2|1", "refused", "duplicate"),
            ("linkedin|ben", "imported", "claim_left"),
            ("linkedin|ben", "imported", "identity_left"),
            ("linkedin|ben", "imported", "second_factor_left"),
        ],
    )


# --- Firebase ------------------------------------------------------------------------------------


def _firebase() -> System:
    def user(name: str, /, **fields: Any) -> dict[str, Any]:
        return {
            "localId": f"uid{name}",
            "email": f"{name.lower()}@example.com",
            "emailVerified": True,
            **exports.FIREBASE_HASH,
            "lastSignedInAt": "1486324289000",
            "createdAt": "1486324289000",
            "disabled": False,
            "providerUserInfo": [{"providerId": "password"}],
            **fields,
        }

    ann = user("Ann", displayName="Ann Example", photoUrl="https://example.com/ann.png")
    ben = user(
        "Ben",
        photoUrl="data:image/png;base64,AAAA",
        mfaInfo=[{"mfaEnrollmentId": "1", "phoneInfo": "+15555550100"}],
        providerUserInfo=[{"providerId": "google.com", "rawId": "1"}],
    )
    del ben["passwordHash"], ben["salt"]
    other = {**ben, "localId": "uidOther", "email": "ann@example.com"}
    return System(
        "firebase",
        {
            "users.json": json.dumps({"users": [ann, ben]}, indent=2),
            "more.json": json.dumps({"users": [other, user("Cem")]}),
        },
        ann={"name": "Ann Example", "picture": "https://example.com/ann.png"},
        passwords={
            "ann@example.com": exports.FIREBASE_PASSWORD,
            "cem@example.com": exports.FIREBASE_PASSWORD,
        },
        told=[
            ("uidBen", "imported", "claim_left"),
            ("uidBen", "imported", "identity_left"),
            ("uidBen", "imported", "second_factor_left"),
            ("uidOther", "refused", "duplicate"),
        ],
    )


# --- Cognito -------------------------------------------------------------------------------------

_COGNITO = (
    "profile address birthdate gender preferred_username updated_at website picture phone_number "
    "phone_number_verified zoneinfo locale email email_verified given_name family_name middle_name "
    "name nickname cognito:mfa_enabled cognito:username"
)


def _cognito() -> System:
    def row(**fields: str) -> dict[str, str]:
        return {**dict.fromkeys(_COGNITO.split(), ""), **fields}

    ann = row(
        email="ann@example.com",
        email_verified="TRUE",
        given_name="Ann",
        name="Ann Example",
        locale="de_AT",
        zoneinfo="Europe/Kiev",
        **{"cognito:mfa_enabled": "FALSE", "cognito:username": "ann"},
    )
    ben = row(
        email="BEN@Example.com",
        email_verified="FALSE",
        birthdate="02/01/1985",
        **{"cognito:mfa_enabled": "TRUE", "cognito:username": "ben"},
    )

    def listed(name: str, email: str, /, **fields: Any) -> dict[str, Any]:
        attributes = {"sub": f"sub-{name}", "email": email, "email_verified": "true"}
        return {
            "Username": name,
            "Attributes": [{"Name": key, "Value": value} for key, value in attributes.items()],
            "UserCreateDate": "2024-01-02T10:00:00.123000+01:00",
            "UserLastModifiedDate": "2024-01-02T10:00:00.123000+01:00",
            "Enabled": True,
            "UserStatus": "CONFIRMED",
            **fields,
        }

    cem = listed("cem", "cem@example.com")
    other = listed("zoe", "ann@example.com")
    return System(
        "cognito",
        {
            "users.csv": table(ann, ben),
            "list-users.json": json.dumps({"Users": [cem, other]}, indent=4),
        },
        ann={"name": "Ann Example", "locale": "de-AT", "zoneinfo": "Europe/Kiev"},
        told=[
            ("ann", "imported", "password_left"),
            ("ben", "imported", "claim_left"),
            ("ben", "imported", "password_left"),
            ("ben", "imported", "second_factor_left"),
            ("sub-cem", "imported", "password_left"),
            ("sub-zoe", "refused", "duplicate"),
        ],
        unverified=("BEN@example.com",),
    )


# --- Clerk ---------------------------------------------------------------------------------------

_CLERK = (
    "id first_name last_name username primary_email_address primary_phone_number "
    "verified_email_addresses unverified_email_addresses verified_phone_numbers "
    "unverified_phone_numbers totp_secret password_digest password_hasher"
)


def _clerk() -> System:
    def row(**fields: str) -> dict[str, str]:
        return {**dict.fromkeys(_CLERK.split(), ""), **fields}

    ann = row(
        id="user_2a",
        first_name="Ann",
        last_name="Example",
        primary_email_address="ann@example.com",
        verified_email_addresses="ann.old@example.com|ann@example.com",
        password_digest=BCRYPT,
        password_hasher="bcrypt",
    )
    ben = row(
        id="user_2b",
        primary_email_address="ben@example.com",
        unverified_email_addresses="ben@example.com",
        totp_secret="JBSWY3DPEHPK3PXP",
        password_digest="$P$B12345678abcdefghijklmnopqrstuv",
        password_hasher="phpass",
    )

    def sent(number: str, **fields: Any) -> dict[str, Any]:
        return {
            "id": f"user_2{number}",
            "first_name": None,
            "last_name": None,
            "username": None,
            "primary_email_address": None,
            "email_addresses": [],
            "primary_phone_number": None,
            "phone_numbers": None,
            "password_digest": None,
            "password_hasher": None,
            "unsafe_metadata": {},
            "public_metadata": {},
            "private_metadata": {},
            "has_image": False,
            "mfa_enabled": False,
            "totp_secret": None,
            **fields,
        }

    cem = sent("c", email_addresses=["cem@example.com", "cem.old@example.com"])
    cem["password_digest"] = "$argon2id$v=19$m=512,t=2,p=1$YWFhYWFhYWE$" + "A" * 43
    other = sent("o", primary_email_address="ann@example.com", username="ann")
    return System(
        "clerk",
        {
            "users.csv": table(ann, ben),
            "support.json": json.dumps([cem, other], indent="\t"),
        },
        ann={"name": "Ann Example", "given_name": "Ann"},
        passwords={"ann@example.com": "abc"},
        told=[
            ("user_2b", "imported", "password_left"),
            ("user_2b", "imported", "second_factor_left"),
            ("user_2o", "refused", "duplicate"),
        ],
        unverified=("ben@example.com", "cem@example.com"),
    )


# --- Supabase ------------------------------------------------------------------------------------

_SUPABASE = (
    "instance_id id aud role email encrypted_password email_confirmed_at invited_at "
    "confirmation_token confirmation_sent_at recovery_token recovery_sent_at "
    "email_change_token_new email_change email_change_sent_at last_sign_in_at raw_app_meta_data "
    "raw_user_meta_data is_super_admin created_at updated_at phone phone_confirmed_at phone_change "
    "phone_change_token phone_change_sent_at confirmed_at email_change_token_current "
    "email_change_confirm_status banned_until reauthentication_token reauthentication_sent_at "
    "is_sso_user deleted_at is_anonymous"
)


def _supabase() -> System:
    def row(number: int, email: str, **fields: Any) -> dict[str, Any]:
        return {
            **dict.fromkeys(_SUPABASE.split(), ""),
            "instance_id": "00000000-0000-0000-0000-000000000000",
            "id": f"1b0c7b4e-0000-4000-8000-{number:012d}",
            "aud": "authenticated",
            "role": "authenticated",
            "email": email,
            "encrypted_password": BCRYPT,
            "email_confirmed_at": "2024-02-26 14:04:29.153624+00",
            "raw_app_meta_data": json.dumps({"provider": "email", "providers": ["email"]}),
            "raw_user_meta_data": "{}",
            "created_at": "2024-02-26 14:04:29.140992+00",
            "is_sso_user": "f",
            "is_anonymous": "f",
            **fields,
        }

    ann = row(1, "ann@example.com", raw_user_meta_data=json.dumps({"full_name": "Ann Example"}))
    ben = row(
        2,
        "ben@example.com",
        encrypted_password="",
        email_confirmed_at="",
        raw_user_meta_data="free text",
        raw_app_meta_data=json.dumps({"provider": "github", "providers": ["github"]}),
        banned_until="2999-01-01 00:00:00+00",
    )
    visitor = row(6, "", is_anonymous="t", encrypted_password="")
    deleted = row(7, "gone@example.com", deleted_at="2024-03-01 00:00:00+00")
    cem = row(3, "cem@example.com", is_anonymous=False, is_sso_user=False, phone=None)
    cem["raw_app_meta_data"] = {"provider": "email", "providers": ["email"]}
    other = row(4, "ANN@example.com", encrypted_password=None, raw_app_meta_data=None)
    return System(
        "supabase",
        {
            "users.csv": table(ann, ben, visitor, deleted, quoting=csv.QUOTE_ALL),
            "users.json": json.dumps([cem, other]),
        },
        ann={"name": "Ann Example"},
        passwords={"ann@example.com": "abc", "cem@example.com": "abc"},
        told=[
            (ben["id"], "imported", "claim_left"),
            (ben["id"], "imported", "identity_left"),
            (visitor["id"], "refused", "anonymous"),
            (deleted["id"], "refused", "deleted"),
            (other["id"], "refused", "duplicate"),
        ],
        unverified=("ben@example.com",),
        off=("ben@example.com",),
    )


# --- Okta ----------------------------------------------------------------------------------------


def _okta() -> System:
    def user(name: str, status: str = "ACTIVE", /, **profile: Any) -> dict[str, Any]:
        email = f"{name.lower()}@example.com"
        return {
            "id": f"00u{name.lower()}",
            "status": status,
            "created": "2023-05-01T08:00:00.000Z",
            "activated": None,
            "lastLogin": "2024-05-01T08:00:00.000Z",
            "type": {"id": "oty1"},
            "profile": {
                "firstName": name,
                "lastName": "Example",
                "mobilePhone": None,
                "secondEmail": None,
                "login": email,
                "email": email,
                **profile,
            },
            "credentials": {
                "password": {},
                "emails": [{"value": email, "status": "VERIFIED", "type": "PRIMARY"}],
                "provider": {"type": "OKTA", "name": "OKTA"},
            },
            "_links": {"self": {"href": "https://dev.okta.example/api/v1/users/1"}},
        }

    ann = user("Ann", locale="en_US", timezone="Europe/Berlin")
    ann["credentials"]["password"] = {
        "hash": {
            "algorithm": "BCRYPT",
            "workFactor": 10,
            "salt": BCRYPT[7:29],
            "value": BCRYPT[29:],
        }
    }
    ben = user("Ben", "PASSWORD_EXPIRED", profileUrl="no address")
    ben["credentials"]["provider"] = {"type": "ACTIVE_DIRECTORY", "name": "corp"}
    dora = user("Dora", "SUSPENDED")
    cem = {
        "id": "00ucem",
        "status": "ACTIVE",
        "firstName": "Cem",
        "lastName": "Example",
        "login": "cem@example.com",
        "email": "cem@example.com",
    }
    other = {**cem, "id": "00uother", "login": "ann2@example.com", "email": "ann@example.com"}
    return System(
        "okta",
        {"users.json": json.dumps([ann, ben, dora], indent=2), "users.csv": table(cem, other)},
        ann={"name": "Ann Example", "locale": "en-US", "zoneinfo": "Europe/Berlin"},
        passwords={"ann@example.com": "abc"},
        told=[
            ("00uben", "imported", "claim_left"),
            ("00uben", "imported", "identity_left"),
            ("00uben", "imported", "password_left"),
            ("00udora", "imported", "password_left"),
            ("00ucem", "imported", "password_left"),
            ("00uother", "refused", "duplicate"),
        ],
        unverified=("cem@example.com",),
        off=("dora@example.com",),
    )


# --- WorkOS --------------------------------------------------------------------------------------


def _workos() -> System:
    def user(name: str, /, **fields: Any) -> dict[str, Any]:
        return {
            "object": "user",
            "id": f"user_01E4ZCR3C56J083X43JQXF3J{name[0].upper()}1",
            "email": f"{name.lower()}@example.com",
            "first_name": name,
            "last_name": "Example",
            "email_verified": True,
            "profile_picture_url": None,
            "last_sign_in_at": "2024-06-25T19:07:33.155Z",
            "locale": "en-US",
            "created_at": "2021-06-25T19:07:33.155Z",
            "updated_at": "2021-06-25T19:07:33.155Z",
            "external_id": None,
            "metadata": {},
            **fields,
        }

    ann = user("Ann", profile_picture_url="https://workoscdn.example/images/v1/123abc")
    ben = user("Ben", email_verified=False, first_name="Ben\tB", metadata=None)
    page = {"object": "list", "data": [ann, ben], "list_metadata": {"before": None, "after": None}}
    cem, other = user("Cem"), user("Zoe", email="ann@example.com")
    return System(
        "workos",
        {"page.json": json.dumps(page), "users.ndjson": lines(cem, other)},
        ann={"name": "Ann Example", "locale": "en-US"},
        told=[
            (ann["id"], "imported", "password_left"),
            (ben["id"], "imported", "claim_left"),
            (ben["id"], "imported", "password_left"),
            (cem["id"], "imported", "password_left"),
            (other["id"], "refused", "duplicate"),
        ],
        unverified=("ben@example.com",),
    )


# --- a table of one's own ------------------------------------------------------------------------


def _own() -> System:
    ann = {
        "email": "ann@example.com",
        "email_verified": "t",
        "external_id": "1",
        "password_hash": DJANGO_BCRYPT,
        "is_active": "t",
        "name": "Ann Example",
        "locale": "de_DE.UTF-8",
        "birthdate": "1985-02-01",
        "shoe_size": "42",
    }
    ben = {**ann, "email": "ben@example.com", "external_id": "2", "is_active": "f"}
    ben |= {"email_verified": "perhaps", "birthdate": "0000-02-01", "password_hash": "hunter2"}
    cem = {"external_id": "3", "email": "cem@example.com", "email_verified": "WAHR", "name": "Cem"}
    other = {"external_id": "4", "email": "Ann@Example.com", "email_verified": "WAHR", "name": ""}
    excel = "\r\n".join(";".join(row) for row in ([*cem], cem.values(), other.values()))
    return System(
        "csv",
        {"people.csv": table(ann, ben), "excel.csv": f"\ufeff{excel}\r\n"},
        ann={"name": "Ann Example", "locale": "de-DE", "birthdate": "1985-02-01"},
        passwords={"ann@example.com": "a long passphrase"},
        told=[
            ("2", "imported", "claim_left"),
            ("2", "imported", "claim_left"),
            ("2", "imported", "password_left"),
            ("4", "refused", "duplicate"),
        ],
        unverified=("ben@example.com",),
        off=("ben@example.com",),
    )


SYSTEMS = {
    system.form: system
    for system in (
        _keycloak(),
        _auth0(),
        _firebase(),
        _cognito(),
        _clerk(),
        _supabase(),
        _okta(),
        _workos(),
        _own(),
    )
}
