"""People, and what waits to become of them."""

from .mailed_link import MailedLink
from .not_me import NotMeLink
from .recovery import RecoveryToken
from .registration import PendingRegistration
from .user import User, UserManager, normalize_password

__all__ = [
    "MailedLink",
    "NotMeLink",
    "PendingRegistration",
    "RecoveryToken",
    "User",
    "UserManager",
    "normalize_password",
]
