"""The settings of mfa: each with its type, unit, default and reason.

A project writes ``OSTIARY_MFA = {...}`` in its Django settings; code reads ``mfa_settings.KEY``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ostiary.typed_settings import read


@dataclass(frozen=True)
class MfaSettings:
    """Every key that ``settings.OSTIARY_MFA`` may hold."""

    SECOND_FACTOR: str = "optional"
    """``"optional"``: who likes sets up a second factor; ``"required"``: everybody has one;
    ``"off"``: nobody sets one up. What operators decide for groups in the admin counts if it is
    stricter. Operators themselves always have to have one."""

    ENROLMENT_GRACE_DAYS: int = field(default=14, metadata={"minimum": 0})
    """Where one is required, so many days a person may put off setting it up, counted from the
    first sign-in at which they are asked. 0: not at all."""

    TRUSTED_DEVICE_DAYS: int = field(default=30, metadata={"minimum": 0})
    """For so many days a browser that the person trusts is not asked for the second factor, where
    one factor is enough. 0: nobody can trust a browser."""

    SMS_BACKEND: str = ""
    """Dotted path of what carries text messages: ``ostiary.mfa.sms.twilio.TwilioBackend``,
    ``ostiary.mfa.sms.gateway.GatewayBackend``, ``ostiary.mfa.sms.console.ConsoleBackend`` for who
    develops, or one of your own (how-to: text messages). Empty: this site sends none."""

    SMS_COUNTRIES: list[str] = field(default_factory=list)
    """The two-letter codes of the countries whose numbers get text messages, such as ``"DE"``.
    Empty: none does."""

    SMS_DAILY_BUDGET: int = 1000
    """So many text messages go out in a day, to whomever; then no more until the next. At 80 % who
    may see them in the admin is mailed."""

    SMS_CHANGE_HOURS: int = field(default=24, metadata={"minimum": 0})
    """For so long the old number gets the codes after another was confirmed to take its place, and
    the person is told and can stop it."""

    SMS_EXCLUDED_GROUPS: list[str] = field(default_factory=list)
    """The names of groups whose members get no codes by text message."""

    SMS_SENDER: str = ""
    """Who the messages come from: a number, a name that your gateway lets you have, or a messaging
    service of Twilio (``MG…``)."""

    SMS_GATEWAY_URL: str = ""
    """The https address of the gateway of ``GatewayBackend``."""

    SMS_GATEWAY_SECRET: str = ""
    """The secret that it and this site sign their requests by, of 32 characters at least."""

    TWILIO_ACCOUNT_SID: str = ""
    """The account of ``TwilioBackend``."""

    TWILIO_AUTH_TOKEN: str = ""
    """Its secret."""

    EMAIL_CODES: bool = False
    """Whether people may set up codes by email as their second step. It is the weakest: such a
    sign-in never counts as two factors. Who has set it up keeps it when this is switched off."""


mfa_settings = read("OSTIARY_MFA", MfaSettings)
