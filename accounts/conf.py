"""The settings of accounts: each with its type, unit, default and reason.

A project writes ``OSTIARY_ACCOUNTS = {"BREACHED_PASSWORDS_FILE": "…", ...}`` in its Django
settings; code reads ``accounts_settings.BREACHED_PASSWORDS_FILE``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ostiary.typed_settings import read


@dataclass(frozen=True)
class AccountsSettings:
    """Every key that ``settings.OSTIARY_ACCOUNTS`` may hold."""

    BREACHED_PASSWORDS_URL: str = ""
    """The address of a range service, such as ``https://api.pwnedpasswords.com/range/``: it is told
    the first five digits of a password's SHA-1, never the password. Empty asks nobody."""

    BREACHED_PASSWORDS_FILE: str = ""
    """The path of a file of SHA-1 hashes in hex, one a line in their order, as Have I Been Pwned
    gives them out: passwords that are refused with no service, or beside it."""

    SIGNUP: str = "open"
    """Who may make an account without being invited: ``"open"`` everybody, ``"domains"`` who has an
    address at one of ``SIGNUP_DOMAINS``, ``"invited"`` and ``"closed"`` nobody. What an operator
    decides in the admin stands in its place. Invitations work whatever it says."""

    SIGNUP_DOMAINS: list[str] = field(default_factory=list)
    """The domains of ``"domains"``, such as ``"example.com"``; each for itself, not for those below
    it."""

    SIGNUP_CONTACT: str = ""
    """Who to ask for an account, told to people who may not make one: ``"the service desk,
    help@example.com"``."""


accounts_settings = read("OSTIARY_ACCOUNTS", AccountsSettings)
