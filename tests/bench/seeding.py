"""A database as it is after years, made by SQL: people, clients, and what past tokens left.

Each row is a copy of one that the site made itself, but for what must differ, so that columns that
are new are there of themselves.

What a past token leaves is little: access tokens and ID tokens are signed and leave no row. A code
leaves one, with all that was ever issued after it: a grant, its newest refresh token, its session,
and that the client has heard of that. ``TOKENS_OF_A_GRANT`` tokens are one of these: a code, and
three times an access token, an ID token and a refresh token.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

TOKENS_OF_A_GRANT = 10
ENDED = 2
"""Every so many-th grant has ended, and waits to be cleaned up."""


@dataclass(frozen=True)
class Size:
    """How much there is."""

    people: int
    clients: int
    tokens: int

    @property
    def grants(self) -> int:
        """Rows that the tokens left."""
        return self.tokens // TOKENS_OF_A_GRANT


def key(kind: str, number: str) -> str:
    """SQL of the id of a row: the same for the same number, and in no order, which costs most."""
    return f"md5('{kind}' || {number})::uuid"


def digest(kind: str) -> str:
    """SQL of 64 hexadecimal digits."""
    return f"md5('{kind}' || g) || md5(g || '{kind}')"


def copies(
    connection: psycopg.Connection, table: str, where: str, count: int, changed: dict[str, str]
) -> None:
    """So many copies of the row ``where``; ``changed`` has SQL for columns, in which ``g`` is the
    number of the copy."""
    columns = [
        name
        for (name,) in connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
        )
    ]
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(changed.get(name, f'x."{name}"') for name in columns)
    source = f'(SELECT * FROM "{table}" WHERE {where} LIMIT 1) x, generate_series(1, {count}) g'  # noqa: S608
    insert = f'INSERT INTO "{table}" ({names}) SELECT {values} FROM {source}'  # noqa: S608
    connection.execute(insert)  # type: ignore[arg-type]  # all of it is written in this module


def seed(url: str, size: Size) -> None:
    """Fill the database of a site on which a person has signed in to a client once."""
    with psycopg.connect(url, autocommit=True) as connection:
        copies(
            connection,
            "ostiary_accounts_user",
            "email = 'alice@example.com'",
            size.people,
            {"id": key("person", "g"), "email": "'person-' || g || '@people.example'"},
        )
        for kind, like in (("client", "demo-web"), ("service", "demo-service")):
            copies(
                connection,
                "ostiary_oauth_client",
                f"client_id = '{like}'",
                size.clients,
                {"id": key(kind, "g"), "client_id": f"'{kind}-' || g", "name": f"'{kind} ' || g"},
            )
        whose = {
            "user_id": key("person", f"(1 + g % {size.people})"),
            "application_id": key("client", f"(1 + g % {size.clients})"),
            "client_id": key("client", f"(1 + g % {size.clients})"),
            "sid": key("session", "g"),
        }
        sign = f"CASE WHEN g % {ENDED} = 0 THEN -1 ELSE 1 END"
        ends = f"now() + {sign} * interval '1 day' * (g % 30 + 1)"
        grant = {"id": key("grant", "g"), "code_hash": digest("code"), "ends_at": ends}
        copies(
            connection, "ostiary_oauth_grant", "redeemed_at IS NOT NULL", size.grants, whose | grant
        )
        token = {
            "id": key("token", "g"),
            "grant_id": key("grant", "g"),
            "selector_hash": digest("selector"),
            "token_checksum": digest("checksum"),
            "idle_expires_at": ends,
            "expires_at": ends,
        }
        copies(connection, "ostiary_oauth_refreshtoken", "true", size.grants, whose | token)
        session = {"id": key("session", "g"), "session_key": digest("key"), "ended_at": "NULL"}
        copies(connection, "ostiary_session", "true", size.grants, whose | session)
        told = {"id": key("told", "g"), "ended_at": "NULL"}
        copies(connection, "ostiary_oauth_clientsession", "true", size.grants, whose | told)
        connection.execute("VACUUM ANALYZE")
