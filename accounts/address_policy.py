"""What a site lets nobody choose, as an address or as a name: a hook, by dotted paths.

``OSTIARY_ACCOUNTS["ADDRESS_POLICIES"]`` and ``["NAME_POLICIES"]`` name functions that are given the
address, in its normal form, or the name, and raise ``ValidationError`` with what to do instead. An
address is judged before anybody looks whether it has an account, so that a refusal tells nothing
of that (C1).
"""

from __future__ import annotations

from django.utils.module_loading import import_string

from .addresses import only_idna_2008
from .conf import accounts_settings


def check_address(email: str) -> None:
    """Hold a new address against the site's policies, if its domain can be one. Raises
    ``ValidationError``."""
    only_idna_2008(email)
    for path in accounts_settings.ADDRESS_POLICIES:
        import_string(path)(email)


def check_name(name: str) -> None:
    """Hold a name that others will see against the site's policies. Raises ``ValidationError``."""
    for path in accounts_settings.NAME_POLICIES:
        import_string(path)(name)
