"""Invitations: sent by operators, good for one account, whatever the policy says."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.test import Client as Browser
from django.utils import timezone

from accounts import cleanup, tasks
from accounts.admin.signup import InvitationForm
from accounts.models import Invitation, SignUpPolicy
from ostiary import events
from ostiary.models import Event
from ostiary.privacy import pseudonym_of
from tests.accounts import flow
from tests.accounts.conftest import make_person
from tests.accounts.test_admin import operator
from tests.operators import desk_of
from tests.parallel import at_once

pytestmark = pytest.mark.django_db

User = get_user_model()
ADMIN = "/admin/ostiary_accounts/invitation/"
CAROL = "carol@example.com"


@pytest.fixture
def admin():
    return operator(is_superuser=True)


def invite(admin, email=CAROL, **fields):
    """Invite in the admin; returns the mailed link."""
    answer = admin.post(f"{ADMIN}add/", {"email": email, "days": "7", **fields})
    assert answer.status_code == 302, answer.content.decode()
    return flow.link_in(flow.delivered()[-1])


def accept(browser, link, **fields):
    browser.get(link)
    return browser.post("/signup/invitation/", {"password": flow.PASSWORD, **fields})


def act(admin, action, **choice):
    keys = list(Invitation.objects.filter(**choice).values_list("pk", flat=True))
    return admin.post(ADMIN, {"action": action, "_selected_action": keys}, follow=True)


def test_an_invited_person_makes_an_account_with_a_verified_address(admin, browser):
    link = invite(admin, "Carol@EXAMPLE.com", name="Carol", message="Welcome to\nthe <team>!")
    message = flow.delivered()[-1]
    assert message.to == ["Carol@example.com"]
    assert message.subject == "Your invitation to Ostiary"
    assert "Hello Carol," in message.body
    assert "Welcome to\nthe <team>!" in message.body

    page = browser.get(link, follow=True).content.decode()
    assert "Carol@example.com" in page
    assert 'name="name" value="Carol"' in page
    answer = accept(browser, link, name="Carol C.")

    assert answer["Location"] == "/account/"
    assert flow.is_signed_in(browser)
    carol = User.objects.get(email="Carol@example.com")
    assert carol.name == "Carol C."
    assert carol.email_verified_at is not None
    assert carol.check_password(flow.PASSWORD)
    kept = Invitation.objects.get()
    assert kept.accepted_by == carol
    verified = Event.objects.get(kind="signup.verified", subject=pseudonym_of(carol))
    assert verified.details == {"invitation": str(kept.pk)}


@pytest.mark.parametrize("mode", ["invited", "closed", "domains"])
def test_it_works_whatever_the_policy_says(admin, browser, mode):
    SignUpPolicy.objects.create(mode=mode, domains="example.org")

    assert accept(browser, invite(admin)).status_code == 302
    assert User.objects.filter(email=CAROL).exists()


def test_it_works_once_and_its_token_leaves_the_address(admin, browser):
    link = invite(admin)
    assert browser.get(link)["Location"] == "/signup/invitation/"
    token = link.partition("token=")[2]
    assert token not in browser.get("/signup/invitation/").content.decode()
    assert token not in str(Invitation.objects.values())
    accept(browser, link)

    again = accept(Browser(), link)

    assert again.status_code == 400
    assert "ask for a new invitation" in again.content.decode()


def test_opening_the_link_makes_nothing_since_mail_scanners_do_that(admin):
    link = invite(admin)

    for _ in range(3):
        assert Browser().get(link, follow=True).status_code == 200

    assert not User.objects.filter(email=CAROL).exists()
    assert accept(Browser(), link).status_code == 302


def test_a_weak_password_is_refused_and_the_link_works_still(admin, browser):
    link = invite(admin)

    for weak in ("short", CAROL):
        assert accept(browser, link, password=weak).status_code == 400
    assert not User.objects.filter(email=CAROL).exists()
    assert accept(browser, link).status_code == 302


def test_it_is_dead_once_it_has_expired_and_lives_a_week_at_most(admin, browser):
    link = invite(admin, days="7")
    kept = Invitation.objects.get()
    assert kept.expires_at - kept.sent_at == timedelta(days=7)
    assert (
        "days" in admin.post(f"{ADMIN}add/", {"email": "x@y.example", "days": "8"}).content.decode()
    )
    assert Invitation.objects.count() == 1

    Invitation.objects.update(expires_at=timezone.now())
    assert accept(browser, link).status_code == 400


def test_one_that_is_sent_again_has_a_new_link_and_the_old_one_is_dead(admin, browser):
    first = invite(admin)
    Invitation.objects.update(expires_at=timezone.now())

    assert "1 invitation was sent." in act(admin, "send_again").content.decode()

    second = flow.link_in(flow.delivered()[-1])
    assert accept(Browser(), first).status_code == 400
    assert accept(browser, second).status_code == 302


def test_one_that_is_withdrawn_is_dead_and_is_not_sent_again(admin, browser):
    link = invite(admin)

    assert "1 invitation was withdrawn." in act(admin, "withdraw").content.decode()

    assert accept(browser, link).status_code == 400
    assert "0 invitations were sent." in act(admin, "send_again").content.decode()
    assert "0 invitations were withdrawn." in act(admin, "withdraw").content.decode()
    assert invite(admin)  # the address can be invited anew


def test_an_address_has_one_open_invitation(admin):
    invite(admin)

    answer = admin.post(f"{ADMIN}add/", {"email": CAROL.upper(), "days": "7"})

    assert "already has an invitation" in answer.content.decode()
    assert len(flow.delivered()) == 1


def test_who_has_an_account_is_not_invited(admin, person):
    answer = admin.post(f"{ADMIN}add/", {"email": person.email.upper(), "days": "7"})

    assert "An account with this email address already exists." in answer.content.decode()
    assert not Invitation.objects.exists()


def test_an_address_that_got_an_account_meanwhile_is_told_to_sign_in(admin, browser):
    link = invite(admin)
    User.objects.create_user(CAROL, flow.NEW_PASSWORD)

    answer = accept(browser, link)

    assert answer.status_code == 400
    assert 'href="/signin/"' in answer.content.decode()
    assert User.objects.get(email=CAROL).check_password(flow.NEW_PASSWORD)
    assert Invitation.objects.get().accepted_at is None


def test_another_signed_in_person_never_takes_it(admin, signed_in_browser, person):
    link = invite(admin)

    page = signed_in_browser.get(link, follow=True).content.decode()
    assert "You’re signed in as <strong>alice@example.com</strong>" in page
    accept(signed_in_browser, link)

    person.refresh_from_db()
    assert person.email == "alice@example.com"
    assert person.check_password(flow.PASSWORD)
    shown = signed_in_browser.get("/account/").content.decode()
    assert CAROL in shown
    assert "alice@example.com" not in shown


def test_the_person_becomes_a_member_of_the_group(admin, browser):
    group = Group.objects.create(name="Editors")

    accept(browser, invite(admin, group=str(group.pk)))

    assert list(User.objects.get(email=CAROL).groups.all()) == [group]


def test_only_a_superuser_gives_a_group():
    group = Group.objects.create(name="Editors")
    admin = operator_of_invitations("add_invitation", "view_invitation")

    assert 'name="group"' not in admin.get(f"{ADMIN}add/").content.decode()
    accept(Browser(), invite(admin, group=str(group.pk)))

    assert not User.objects.get(email=CAROL).groups.exists()


def operator_of_invitations(*permissions):
    browser = operator()
    person = User.objects.get(email="operator@example.com")
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return browser


def test_without_the_permission_nobody_invites_or_withdraws(admin):
    invite(admin)
    User.objects.all().delete()
    looker = operator_of_invitations("view_invitation")

    assert looker.post(f"{ADMIN}add/", {"email": "x@y.example", "days": "7"}).status_code == 403
    act(looker, "withdraw")
    assert Invitation.objects.get().revoked_at is None


def test_operators_see_the_state_of_each_and_no_token(admin, browser):
    for name in ("open", "expired", "accepted", "withdrawn"):
        link = invite(admin, f"{name}@example.com")
        if name == "accepted":
            accept(browser, link)
    Invitation.objects.filter(email__startswith="expired").update(expires_at=timezone.now())
    act(admin, "withdraw", email__startswith="withdrawn")

    for name in ("open", "expired", "accepted", "withdrawn"):
        listed = admin.get(ADMIN, {"state": name}).content.decode()
        assert f"{name}@example.com" in listed
        assert "1 invitation" in listed
        kept = Invitation.objects.get(email__startswith=name)
        shown = admin.get(f"{ADMIN}{kept.pk}/change/").content.decode()
        assert f'<div class="readonly">{name}</div>' in shown
        assert kept.token_hash not in shown + listed


def test_what_is_done_is_told_to_the_log(admin):
    invite(admin)
    act(admin, "withdraw")

    for kind in ("invitation.sent", "invitation.revoked"):
        event = Event.objects.get(kind=kind)
        assert event.details["invitation"] == str(Invitation.objects.get().pk)
        assert CAROL not in f"{event.details} {events.personal_details(event)}"


def test_ended_ones_are_removed_after_a_while(admin):
    invite(admin)
    tasks.clean_up()
    assert Invitation.objects.exists()

    Invitation.objects.update(
        expires_at=timezone.now() - timedelta(days=cleanup.ENDED_INVITATIONS_DAYS, seconds=1)
    )
    tasks.clean_up()

    assert not Invitation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_50_parallel_acceptances_exactly_one_makes_the_account(admin):
    link = invite(admin)
    browsers = [Browser() for _ in range(50)]
    for browser in browsers:
        browser.get(link)
    left = iter(browsers)

    answers = at_once(lambda: next(left).post("/signup/invitation/", {"password": flow.PASSWORD}))

    assert sorted(answer.status_code for answer in answers) == [302] + [400] * 49
    assert User.objects.filter(email=CAROL).count() == 1
    assert Event.objects.filter(kind="signup.verified").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_10_operators_who_invite_one_address_at_once_one_does_and_the_others_are_told():
    chief = make_person("chief@example.com", is_staff=True, is_superuser=True)
    left = iter([desk_of(chief) for _ in range(10)])

    answers = at_once(
        lambda: next(left).post(f"{ADMIN}add/", {"email": CAROL, "days": "7"}), ways=10
    )

    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [302]
    for answer in answers:
        told = "This email address already has an invitation" in answer.content.decode()
        assert told == (answer.status_code == 200)
    assert Invitation.objects.count() == 1
    assert len(flow.delivered()) == 1


def test_an_invitation_that_another_sent_after_the_form_was_looked_at_is_a_form_message(
    admin, monkeypatch
):
    invite(admin)
    real, looked_at = InvitationForm.clean_email, []

    def not_there_yet(form):
        looked_at.append(form)
        return form.cleaned_data["email"] if len(looked_at) == 1 else real(form)

    monkeypatch.setattr(InvitationForm, "clean_email", not_there_yet)

    answer = admin.post(f"{ADMIN}add/", {"email": CAROL, "days": "7"})

    assert "This email address already has an invitation" in answer.content.decode()
    assert len(looked_at) == 2
    assert Invitation.objects.count() == 1
