"""``/account/``: what a person sees and changes of their own."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from ostiary import assurance, events, panels, places, protection, sessions
from ostiary.conf import ostiary_settings
from ostiary.device import describe, kind
from ostiary.email_addresses import for_people
from ostiary.models import Session
from ostiary.pages import form_page, posted

from .. import picture, recovery, welcome
from ..addresses import email_of
from ..forms import ChangePasswordForm
from ..profile_form import ProfileForm
from . import show


@never_cache
@login_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Who they are, how the account is protected, and what goes on with it."""
    person: Any = request.user
    context = {
        "name": person.get_full_name() if hasattr(person, "get_full_name") else "",
        "address": for_people(person.get_username()),
        "has_pictures": picture.is_offered(person),
        "is_new": welcome.is_due(request),
        "protection": protection.of(request),
        "panels": panels.shown(panels.OVERVIEW, request),
    }
    return render(request, "ostiary_accounts/overview.html", context)


@form_page
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """What the person tells of themselves, group by group; without a group, all of it is sent."""
    sent, group = posted(request), request.POST.get("group", "")
    everything = group not in ProfileForm.GROUPS
    forms = [
        ProfileForm(sent if everything or each == group else None, user=request.user, group=each)
        for each in ProfileForm.GROUPS
    ]
    bound = [form for form in forms if form.is_bound]
    if not bound or not all(form.is_valid() for form in bound):
        context = {
            "groups": forms,
            "email": email_of(request.user),
            "has_pictures": picture.is_offered(request.user),
        }
        status = 400 if bound else 200
        return render(request, "ostiary_accounts/profile.html", context, status=status)
    with transaction.atomic():
        if changed := [name for form in bound for name in form.save()]:
            events.record(
                "profile.changed", user=request.user, request=request, details={"fields": changed}
            )
    messages.success(request, _("Profile saved."))
    return redirect("ostiary_accounts:profile")


@sensitive_post_parameters("password", "current_password")
@form_page
@login_required
@assurance.step_up()
def security(request: HttpRequest) -> HttpResponse:
    """Change the password; all other sessions end."""
    form = ChangePasswordForm(posted(request), request=request)
    if not form.is_valid():
        return show(request, "security", form, panels=panels.shown(panels.SECURITY, request))
    _change_password(request, request.user, form.cleaned_data["password"])
    messages.success(request, _("Password changed. You’re signed out on all other devices."))
    return redirect("ostiary_accounts:security")


@never_cache
@login_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept about the person, and what they can do about it."""
    context = {"panels": panels.shown(panels.PRIVACY, request)}
    return render(request, "ostiary_accounts/privacy.html", context)


def _sid(request: HttpRequest) -> str:
    """Which session this is; the register knows every signed-in one."""
    current = assurance.current(request)
    return current.sid if current else ""


def _change_password(request: HttpRequest, user: Any, password: str) -> None:
    """A new password, for this session too: it goes on under a new key, with the new hash."""
    recovery.change_password(request, user, password, keep_sid=_sid(request))
    update_session_auth_hash(request, user)


@never_cache
@login_required
@require_safe
def session_list(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in: this session first, marked, then the latest used."""
    person: Any = request.user
    here, now = _sid(request), timezone.now()
    # A visit is written down once in so many seconds: within twice that they may still be here.
    recent = now - timedelta(seconds=2 * ostiary_settings.SESSION_TOUCH_SECONDS)
    live = Session.objects.filter(user=person, ended_at__isnull=True).order_by("-last_seen_at")
    shown = [
        {
            "session": session,
            "device": describe(session.user_agent),
            "icon": kind(session.user_agent),
            "where": places.in_words(session.ip_address or ""),
            "here": str(session.pk) == here,
            "active": session.last_seen_at > recent,
        }
        for session in live
        if now < min(sessions.limits_of(session))
    ]
    shown.sort(key=lambda entry: not entry["here"])
    return render(request, "ostiary_accounts/sessions.html", {"sessions": shown})


@csrf_protect
@login_required
@require_POST
def end_session(request: HttpRequest, sid: uuid.UUID) -> HttpResponse:
    """End one of the person's own sessions; to end this one is to sign out."""
    person: Any = request.user
    session = get_object_or_404(Session, pk=sid, user=person)
    if str(session.pk) == _sid(request):
        sessions.sign_out(request)
        return redirect("ostiary_accounts:signin")
    sessions.end(session, "person")
    messages.success(request, _("Session ended."))
    return redirect("ostiary_accounts:sessions")


@csrf_protect
@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all of the person's sessions but this one."""
    ended = sessions.end_all(request.user, "person", keep_sid=_sid(request))
    messages.success(
        request,
        ngettext("%d other session ended.", "%d other sessions ended.", ended) % ended,
    )
    return redirect("ostiary_accounts:sessions")
