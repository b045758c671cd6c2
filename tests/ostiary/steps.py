"""Steps of a sign-in, as a site names them in ``SIGNIN_STEPS``."""

from typing import Any

from django.http import HttpRequest

from ostiary.factor_set_up import SetUpStep
from ostiary.signin import PendingSignIn


class Code:
    """A second factor that everyone has."""

    name = "code"

    def is_required(self, request: HttpRequest, user: Any, pending: PendingSignIn) -> bool:
        """Of everyone."""
        return True

    def url(self, request: HttpRequest) -> str:
        """Its page."""
        return "/code/"


class Terms(Code):
    """New terms, which only some have not yet accepted."""

    name = "terms"

    def is_required(self, request: HttpRequest, user: Any, pending: PendingSignIn) -> bool:
        """Of those whose address says so."""
        return "newterms" in user.email

    def url(self, request: HttpRequest) -> str:
        """Its page."""
        return "/terms/"


NOT_CALLABLE = "a step must be a class"


class Nameless:
    """No step: it has no name."""


class SetUp(SetUpStep):
    """Setting up a second factor."""

    name = "set-up"
