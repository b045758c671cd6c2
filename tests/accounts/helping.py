"""The steps of operators who help a person back in, and of that person."""

from datetime import timedelta

from django.test import Client as Browser

from accounts import support
from accounts.models import SupportCase
from tests.accounts import flow

CASES = "/admin/ostiary_accounts/supportcase/"
LINK = "/recover/support/"
STOP = "/recover/support/stop/"
NEW = "alice@new.example"
WAITING, STOPPED = "Account recovery started", "Account recovery stopped"


def opened(by, person, **changes):
    """The case, opened past the pages."""
    given = {"reason": "Ticket 7", "checked": "Passport", "resets_factors": False, **changes}
    return support.open_case(by, person, **given)


def open_in_admin(browser, **fields):
    """The answer to the form, sent and confirmed."""
    form = {"person": "alice@example.com", "reason": "Ticket 7", "checked": "Passport", **fields}
    return browser.post(f"{CASES}add/", {"confirmed": "Open it", **form})


def step(browser, case, name):
    return browser.post(f"{CASES}{case.pk}/{name}/now/")


def let_pass(**time):
    """Have so much time passed since everything that there is."""
    for row in SupportCase.objects.all():
        for name in ("opened_at", "ready_at", "expires_at", "told_at"):
            setattr(row, name, getattr(row, name) - timedelta(**time))
        row.save()


def mailed_to(address, words=""):
    return [m for m in flow.delivered() if m.to == [address] and words in m.subject]


def the_link(address="alice@example.com"):
    return flow.link_in(mailed_to(address, "Recover your account")[-1])


def use(link, password=flow.NEW_PASSWORD):
    browser = Browser()
    browser.get(link)
    return browser, browser.post(LINK, {"password": password})


def stop_by_mail(address="alice@example.com"):
    browser = Browser()
    browser.get(flow.link_in(mailed_to(address, WAITING)[-1]))
    return browser.post(STOP)


def state():
    return SupportCase.objects.get().state
