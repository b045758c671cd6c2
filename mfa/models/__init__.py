"""Second factors: each is a device of django-otp."""

from .app import AuthenticatorApp
from .device import FactorDevice
from .policy import EnrolmentGrace, GroupPolicy
from .recovery_code import RecoveryCode, RecoveryCodes
from .trusted_device import TrustedDevice

__all__ = [
    "AuthenticatorApp",
    "EnrolmentGrace",
    "FactorDevice",
    "GroupPolicy",
    "RecoveryCode",
    "RecoveryCodes",
    "TrustedDevice",
]
