"""People, and what waits to become of them."""

from .recovery import RecoveryToken
from .registration import PendingRegistration
from .user import User, UserManager, normalize_password

__all__ = ["PendingRegistration", "RecoveryToken", "User", "UserManager", "normalize_password"]
