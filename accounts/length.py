"""How long a password has to be (NIST SP 800-63B-4 §3.1.1.2)."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.password_validation import MinimumLengthValidator

from ostiary import factors


class PasswordLengthValidator(MinimumLengthValidator):
    """For ``AUTH_PASSWORD_VALIDATORS``: shorter passwords do for who shows a second factor too."""

    def __init__(self, min_length: int = 15, with_second_factor: int = 8) -> None:
        super().__init__(min_length)
        self.with_second_factor = with_second_factor

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ``ValidationError``."""
        if len(password) >= self.min_length:
            return
        has_another = user is not None and user.pk is not None and factors.factors_of(user)
        if not has_another:
            super().validate(password, user)
        elif len(password) < self.with_second_factor:
            MinimumLengthValidator(self.with_second_factor).validate(password, user)

    def password_changed(self, password: str, user: Any = None) -> None:
        """Django tells of a password that somebody has chosen here: it is not one that came from
        another system any more, whose length nobody here has judged."""
        if user is not None and apps.is_installed(__package__):
            from .models import ImportedIdentity  # which needs the apps to be loaded

            chosen_here = ImportedIdentity.objects.filter(user=user).exclude(password_mark="")
            chosen_here.update(password_mark="", password_ended=False)
