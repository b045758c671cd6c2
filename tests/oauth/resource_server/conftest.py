"""The kit's tests need neither our database nor our signing keys."""

import pytest


@pytest.fixture
def signing_keys():
    """None of ours: the issuer of these tests has its own."""


@pytest.fixture
def scope_of_an_api():
    """None: there is no authorization server here."""
