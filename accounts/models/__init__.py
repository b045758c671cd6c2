"""People, and what waits to become of them."""

from .imports import ImportedHashKind, ImportedIdentity
from .mailed_code import MailedCode
from .mailed_link import MailedLink
from .not_me import NotMeLink
from .picture import ProfilePicture
from .recovery import FactorRecovery, RecoveryToken
from .registration import Invitation, PendingRegistration, SignUpPolicy
from .support import SupportCase
from .terms import TermsAcceptance
from .user import User, UserManager

__all__ = [
    "FactorRecovery",
    "ImportedHashKind",
    "ImportedIdentity",
    "Invitation",
    "MailedCode",
    "MailedLink",
    "NotMeLink",
    "PendingRegistration",
    "ProfilePicture",
    "RecoveryToken",
    "SignUpPolicy",
    "SupportCase",
    "TermsAcceptance",
    "User",
    "UserManager",
]
