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

    ADDRESS_POLICIES: list[str] = field(default_factory=list)
    """Dotted paths of functions that are given an address that somebody wants to have, and raise
    Django's ``ValidationError`` to refuse it. Ours, in ``ostiary.accounts``:
    ``disposable.refuse_disposable`` and ``confusable.refuse_homographs``."""

    NAME_POLICIES: list[str] = field(default_factory=list)
    """The same for names that others see. Ours:
    ``ostiary.accounts.confusable.refuse_mixed_scripts``."""

    DISPOSABLE_DOMAINS_FILE: str = ""
    """The path of a file of domains of throw-away mailboxes, one a line, refused beside the best
    known ones, which we list."""

    TERMS_VERSION: str = ""
    """The version of your terms of use, such as ``"2026-11"``, of 40 characters at most: people
    accept it when they sign up, and when it changes, at their next sign-in, if
    ``OSTIARY["SIGNIN_STEPS"]`` has ``ostiary.accounts.terms.TermsStep``. They read them at
    ``OSTIARY["TERMS_URL"]``. Empty: there are none."""

    PASSWORDLESS_EMAIL: bool = False
    """Whether people may sign in by a code or link that is mailed to them, instead of a password.
    It is one factor, and no better than the mailbox: such a sign-in never counts as two."""

    CHALLENGE_ACCOUNTS_PER_SOURCE: int = field(default=10, metadata={"minimum": 0})
    """After tries for so many accounts from one network within an hour, browsers there do a sum
    before a form is taken. 0: never for this reason."""

    CHALLENGE_SOURCES_PER_ACCOUNT: int = field(default=10, metadata={"minimum": 0})
    """After tries for one account from so many networks within an hour, whoever tries it does a sum
    first, but on a device that the person is known to use. 0: never for this reason."""

    CHALLENGE_TRIES_IN_ALL: int = field(default=1000, metadata={"minimum": 0})
    """After so many failed tries within an hour on the whole site, everybody does a sum first, but
    on a device that the person is known to use. 0: never for this reason."""

    CHALLENGE_WORK: int = 200
    """How long the sum is, in steps of some milliseconds: at most so many, at least half."""

    FIREBASE_SIGNER_KEY: str = ""
    """The ``base64_signer_key`` of the Firebase project whose people were imported. It is secret,
    and needed until each of them has signed in once."""

    FIREBASE_SALT_SEPARATOR: str = "Bw=="
    """The ``base64_salt_separator`` of that project."""

    FIREBASE_ROUNDS: int = 8
    """The ``rounds`` of that project, read when its people are imported."""

    FIREBASE_MEMORY_COST: int = 14
    """The ``mem_cost`` of that project, read when its people are imported."""

    FACTOR_RECOVERY_DAYS: int = field(default=3, metadata={"minimum": 0})
    """How long someone who can't use their second factor waits, told every day and able to stop it,
    before a mailed link removes the factor; 0 lets only operators do so. A new address that
    operators give to a person waits for as long, and for a day at least."""

    SUPPORT_RECOVERY_OPERATORS: int = 1
    """The same as ``OSTIARY["SUPPORT_RECOVERY_OPERATORS"]``, which is there without this app too;
    the greater of the two counts."""


accounts_settings = read("OSTIARY_ACCOUNTS", AccountsSettings)
