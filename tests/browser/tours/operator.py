"""Who looks after the site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from accounts import support
from mfa.models import AuthenticatorApp
from oauth.models import Client
from ostiary import outbox
from ostiary.models import FactorReset
from tests.mfa.flow import code_of

from ..conftest import enter_code, new_person, sign_in, sit_down, submit


def first_day(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """An operator who has no second factor yet."""
    eve = new_person("eve@example.com", is_staff=True)
    page.goto(f"{issuer}/admin/")
    sign_in(page, eve.email)
    yield "second-step-set-up"
    page.goto(f"{issuer}/account/security/app/")
    enter_code(page, code_of(AuthenticatorApp.objects.get(user=eve)))
    yield "recovery-codes"
    submit(page)
    yield "recovery-codes-shown"


def operator(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who looks after the site, and goes through its administration."""
    ada = new_person("admin@example.com", name="Ada Operator")
    page.goto(f"{issuer}/signin/")
    sign_in(page, ada.email)
    ada.is_staff = ada.is_superuser = True
    ada.save()
    page.goto(f"{issuer}/admin/")
    yield "admin-second-step-needed"
    sit_down(page, issuer, ada)
    page.goto(f"{issuer}/")
    yield "start-operator"
    page.goto(f"{issuer}/admin/")
    yield "admin"
    for model in admin.site._registry:
        opts = model._meta
        page.goto(f"{issuer}{reverse(f'admin:{opts.app_label}_{opts.model_name}_changelist')}")
        yield f"admin-{opts.model_name}-list"
        links = {"new": ".object-tools .addlink", "one": "#result_list th a"}
        found = {name: page.locator(link) for name, link in links.items()}
        there = {name: it.first.evaluate("a => a.href") for name, it in found.items() if it.count()}
        for name, address in there.items():
            page.goto(address)
            yield f"admin-{opts.model_name}-{name}"
    page.goto(f"{issuer}{reverse('admin:ostiary_mfa_person', args=[ada.pk])}")
    yield "admin-factors-of-a-person"
    page.goto(f"{issuer}{reverse('admin:ostiary_accounts_user_delete', args=[ada.pk])}")
    yield "admin-erase-a-person"
    page.goto(f"{issuer}{reverse('admin:ostiary_export_add')}")
    yield "admin-have-a-copy-made"


def postmaster(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """An operator who gives messages up, and looks at what the site sends."""
    outbox.enqueue("events.hook", {"hook": "x", "event": "y"})
    sit_down(page, issuer, new_person("post@example.com", is_staff=True, is_superuser=True))
    page.goto(f"{issuer}/admin/ostiary/outboxmessage/")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("drop")
    with page.expect_navigation():
        page.locator(".actions button[type=submit]").first.click()
    yield "admin-outbox-drop"
    page.goto(f"{issuer}/admin/ostiary/outboxmessage/messages/")
    yield "admin-messages"


def secrets(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """An operator who is shown what is shown once, and tries rules of trust."""
    sit_down(page, issuer, new_person("boss@example.com", is_staff=True, is_superuser=True))
    page.goto(f"{issuer}/admin/ostiary_oauth/client/")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("rotate_secret")
    with page.expect_navigation():
        page.locator(".actions button[type=submit]").first.click()
    yield "admin-client-secret"
    page.goto(f"{issuer}/admin/ostiary_oauth/initialaccesstoken/add/")
    page.locator("input[name=note]").fill("The CI of the shop")
    send_form(page)
    yield "admin-initialaccesstoken-made"
    page.goto(f"{issuer}/admin/ostiary_oauth/trustrule/try/")
    page.locator("[name=token]").fill("e30.e30.e30")
    send_form(page)
    yield "admin-trustrule-try"


def helper(page: Page, issuer: str, client: Client) -> Iterator[str]:
    """Someone who helps people back in, where it takes two."""
    ada = new_person("ada@example.com", name="Ada Operator", is_staff=True, is_superuser=True)
    boss = new_person("boss@example.com", is_staff=True, is_superuser=True)
    case = support.open_case(
        boss,
        new_person("kim@example.com"),
        reason="Ticket 8: the old mailbox is closed.",
        checked="Called back at the number of the contract.",
        resets_factors=False,
        email="kim@new.example",
    )
    new_person("hugo@example.com")
    cases = f"{issuer}/admin/ostiary_accounts/supportcase/"
    sit_down(page, issuer, ada)
    with override_settings(
        OSTIARY_ACCOUNTS={**settings.OSTIARY_ACCOUNTS, "SUPPORT_RECOVERY_OPERATORS": 2}
    ):
        page.goto(cases)
        yield "admin-support"
        page.goto(f"{cases}add/")
        yield "admin-support-open"
        send_form(page)
        yield "admin-support-refused"
        page.locator("input[name=person]").fill("hugo@example.com")
        page.locator("textarea[name=reason]").fill("Ticket 7: phone and mailbox are lost.")
        page.locator("textarea[name=checked]").fill("Showed the badge in a video call.")
        page.locator("input[name=email]").fill("hugo@new.example")
        send_form(page)
        yield "admin-support-confirm"
        send_form(page)
        yield "admin-support-opened"
        page.goto(f"{cases}{case.pk}/change/")
        yield "admin-support-case"
        page.goto(f"{cases}{case.pk}/approve/now/")
        yield "admin-support-approve"
    lost = new_person("lost@example.com")
    AuthenticatorApp.objects.create(user=lost, key=AuthenticatorApp.new_key(), confirmed=True)
    asked = FactorReset.objects.create(
        user=lost,
        permission="ostiary_mfa.reset_factors",
        reason="Ticket 9: the phone is lost.",
        requested_by=boss,
        expires_at=timezone.now() + timedelta(days=1),
    )
    page.goto(f"{issuer}{reverse('admin:ostiary_factorreset_decide', args=[asked.pk])}")
    yield "admin-factor-removal"


def send_form(page: Page) -> None:
    """Press the first button of the page's own form."""
    with page.expect_navigation():
        page.locator("#content input[type=submit]").first.click()
