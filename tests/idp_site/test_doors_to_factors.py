"""Every door by which a second factor ends is known: an operator's obeys ``factor_resets``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import RequestFactory

from ostiary import factors

ROOT = Path(__file__).parents[2]
APPS = ["accounts", "mfa", "oauth", "passkeys", "idp_site", "ostiary"]
ENDS = {"delete", "raw_delete", "take", "reset"}
"""What a factor ends by: the rows of one, ``factors.take``, ``factors.reset``."""

OPERATORS = {"ostiary/factor_resets.py:_remove"}
"""An operator's word: the one place, which asks who may, and how many it takes."""
SUPPORT = {"accounts/support_link.py:_recover"}
"""The same, of a case that as many operators stand behind (``support.is_backed``)."""
PERSON = {
    "accounts/factor_recovery.py:finish",
    "mfa/changes.py:remove",
    "mfa/models/recovery_code.py:replace",
    "mfa/models/recovery_code.py:accepts",
    "mfa/sms/phones.py:confirm",
    "mfa/sms/phones.py:propose",
    "mfa/sms/phones.py:remove",
    "mfa/sms/phones.py:stop_change",
    "mfa/app_factor.py:begin",
    "passkeys/changes.py:remove",
}
"""The person, after a fresh sign-in or the waiting time."""
ERASURE = {"mfa/personal_data.py:erase", "passkeys/personal_data.py:erase"}
ITSELF = {
    "mfa/sms/phones.py:forget_replaced",
    "mfa/kinds.py:take",
    "mfa/kinds.py:reset",
    "passkeys/keeper.py:take",
    "passkeys/keeper.py:reset",
    "ostiary/factors.py:take",
    "ostiary/factors.py:reset",
}
"""What those above call, and what nobody decides."""
NO_FACTOR = {
    "mfa/admin/devices.py:end_trust",
    "mfa/importing.py:_take",
    "mfa/sent_code.py:redeem",
    "mfa/sent_code.py:write",
    "mfa/trusted_devices.py:end",
    "mfa/trusted_devices.py:forget",
    "mfa/trusted_devices.py:trust",
    "passkeys/ceremonies.py:_take",
    "passkeys/management/commands/import_mds.py:_replace",
}
"""Trust in browsers, codes under way, and the like."""


def endings(path: Path) -> Iterator[str]:
    """The functions of a module in which something is ended, if it knows factors at all."""
    tree = ast.parse(path.read_text())
    name = path.relative_to(ROOT).as_posix()
    own = name.startswith(("mfa/", "passkeys/"))
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for call in ast.walk(function):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            of = getattr(call.func.value, "id", "")
            if call.func.attr in ENDS and (own or of in ("factors", "keeper")):
                yield f"{name}:{function.name}"


def test_every_function_that_ends_a_factor_is_known():
    """A new one is put into a list above; an operator's goes through ``factor_resets.ask``."""
    modules = (path for app in APPS for path in (ROOT / app).rglob("*.py"))
    found = {each for path in modules if "migrations" not in path.parts for each in endings(path)}

    assert found == OPERATORS | SUPPORT | PERSON | ERASURE | ITSELF | NO_FACTOR


def keeps_factors(model: type[Model]) -> bool:
    """Whether its rows, or rows below them, are factors."""
    bases = {each.__name__ for each in model.__mro__}
    return bool(bases & {"Device", "Credential", "UserHandle"})


@pytest.mark.parametrize(
    "model", [model for model in admin.site._registry if keeps_factors(model)], ids=str
)
def test_the_administration_neither_deletes_nor_changes_factors(model, admin_user):
    request = RequestFactory().get("/admin/")
    request.user = admin_user
    of = admin.site._registry[model]
    actions = set(of.get_actions(request))

    assert not of.has_delete_permission(request)
    assert not of.has_add_permission(request)
    assert actions <= {"remove"}, "which asks factor_resets"
    if actions:
        assert model._meta.label == "ostiary_passkeys.Credential"


def test_every_keeper_can_give_up_one_factor():
    assert all(
        hasattr(keeper, "each_of") and hasattr(keeper, "take")
        for name, keeper in factors._keepers.items()
        if apps.is_installed(name.removeprefix("ostiary_"))
    )
