"""Second factors: each is a device of django-otp."""

from .app import AuthenticatorApp
from .device import FactorDevice

__all__ = ["AuthenticatorApp", "FactorDevice"]
