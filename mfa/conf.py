"""The settings of mfa: each with its type, unit, default and reason.

A project writes ``OSTIARY_MFA = {...}`` in its Django settings; code reads ``mfa_settings.KEY``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ostiary.typed_settings import read


@dataclass(frozen=True)
class MfaSettings:
    """Every key that ``settings.OSTIARY_MFA`` may hold."""


mfa_settings = read("OSTIARY_MFA", MfaSettings)
