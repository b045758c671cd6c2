"""Second factors: each is a device of django-otp."""

from .app import AuthenticatorApp
from .device import FactorDevice
from .email_code import EmailDevice
from .imported import ImportedFactor
from .phone import Phone, RemovedPhone
from .policy import EnrolmentGrace, GroupPolicy
from .recovery_code import RecoveryCode, RecoveryCodes
from .sent_code import SentCode
from .text_message import TextMessage
from .trusted_device import TrustedDevice

__all__ = [
    "AuthenticatorApp",
    "EmailDevice",
    "EnrolmentGrace",
    "FactorDevice",
    "GroupPolicy",
    "ImportedFactor",
    "Phone",
    "RecoveryCode",
    "RecoveryCodes",
    "RemovedPhone",
    "SentCode",
    "TextMessage",
    "TrustedDevice",
]
