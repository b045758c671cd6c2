"""The hooks of the how-to page, as they stand there."""

import re
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import django
import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from ostiary.models import Session
from tests.accounts import flow

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "hooks.md").read_text()


@pytest.fixture
def shop(monkeypatch):
    """``shop.hooks``, made of the page's examples."""
    module = ModuleType("shop.hooks")
    for code in re.findall(r"```python\n(# shop/hooks\.py\n.*?)```", PAGE, re.DOTALL):
        exec(code, module.__dict__)  # noqa: S102  (our own page)
    monkeypatch.setitem(sys.modules, "shop", ModuleType("shop"))
    monkeypatch.setitem(sys.modules, "shop.hooks", module)
    return module


@pytest.fixture
def use(settings, shop):
    """Set what the page says to set."""
    for name, key, path in re.findall(r'(\w+)\["(\w+_HOOKS)"\] = \["(shop\.\S+)"\]', PAGE):
        setattr(settings, name, {**getattr(settings, name), key: [path]})


def test_each_of_the_four_points_has_an_example():
    assert len(re.findall(r"# shop/hooks\.py", PAGE)) == 4


@pytest.mark.parametrize(("day", "status"), [(4, 302), (5, 403)])
def test_a_sign_in_is_refused_outside_of_office_hours(use, person, monkeypatch, day, status):
    now = timezone.now()
    monday = now - timedelta(days=now.weekday())
    monkeypatch.setattr(
        "django.utils.timezone.localtime", lambda *a, **k: monday + timedelta(days=day)
    )
    group = Group.objects.create(name="temporary")
    person.groups.add(group)

    answer = flow.sign_in(Browser(), person.email)

    assert answer.status_code == status
    assert Session.objects.exists() == (status == 302)
    if status == 403:
        assert "Your account works from Monday to Friday." in answer.content.decode()


def test_who_signs_up_joins_the_group_of_their_domain(use, django_user_model):
    flow.sign_up(Browser(), "carol@example.com")
    flow.sign_up(Browser(), "dave@elsewhere.example")

    carol, dave = django_user_model.objects.order_by("email")
    assert [group.name for group in carol.groups.all()] == ["staff"]
    assert not dave.groups.exists()


def test_the_desk_hears_of_an_account_that_was_secured(use, person, settings):
    from ostiary import events

    desk = "desk@example.com"
    settings.ADMINS = [desk if django.VERSION >= (6,) else ("Desk", desk)]
    events.record("account.secured", user=person)
    events.record("profile.changed", user=person)

    [told] = flow.delivered()
    assert told in mail.outbox
    assert str(person.pk) in told.body


@pytest.mark.needs("oauth")
def test_an_access_token_tells_the_roles(use, person):
    from oauth import claims_hook

    person.groups.add(Group.objects.create(name="staff"))

    assert claims_hook.added(person, None, (), "access_token") == {"roles": ["staff"]}
    assert claims_hook.added(person, None, (), "id_token") == {}
