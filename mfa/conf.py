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


mfa_settings = read("OSTIARY_MFA", MfaSettings)
