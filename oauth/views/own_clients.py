"""``/account/applications/own/``: applications that people register and look after by themselves.

For those who are granted ``ostiary_oauth.own_clients``. Only what they registered here is theirs to
change: an application that an operator registered stays the operator's, whoever its owner is.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required, permission_required
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from ostiary import events
from ostiary.assurance import step_up

from .. import families
from ..conf import oauth_settings
from ..models import Client
from ..own_client_form import OwnClientForm

PERMISSION = "ostiary_oauth.own_clients"

View = Callable[..., HttpResponse]


def _for_those_granted(view: View) -> View:
    """Signed in, and granted the permission; nothing of it is kept by caches."""
    checked = login_required(permission_required(PERMISSION, raise_exception=True)(view))
    return functools.wraps(view)(never_cache(checked))


def _own(request: HttpRequest) -> QuerySet[Client]:
    own: QuerySet[Client] = Client.objects.filter(
        user=request.user.pk, registration_source=Client.RegistrationSource.SELF_SERVICE
    )
    return own


def _record(request: HttpRequest, kind: str, client: Client, **details: Any) -> None:
    events.record(
        kind, user=request.user, request=request, client_id=client.client_id, details=details
    )


@_for_those_granted
@require_safe
def own_clients(request: HttpRequest) -> HttpResponse:
    """The person's own applications."""
    clients = list(_own(request))
    return render(
        request,
        "ostiary_oauth/own_clients.html",
        {
            "clients": clients,
            "most": oauth_settings.OWN_APPLICATIONS_MAX,
            "may_add": len(clients) < oauth_settings.OWN_APPLICATIONS_MAX,
        },
    )


@_for_those_granted
@step_up()
@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Register one, and show its secret."""
    form = OwnClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if (client := _registered(request, form)) is not None:
            return _secret_page(request, client)
        form.add_error(None, _("You’ve reached the maximum number of applications."))
    return render(request, "ostiary_oauth/own_client_form.html", {"form": form})


def _registered(request: HttpRequest, form: OwnClientForm) -> Client | None:
    """The new client, ``None`` if the person has their number already: who registers two at once
    waits for their own row."""
    client: Client = form.instance
    client.user_id = request.user.pk
    if not client.is_public:
        client.rotate_secret()
    with transaction.atomic():
        get_object_or_404(get_user_model()._base_manager.select_for_update(), pk=request.user.pk)
        if _own(request).count() >= oauth_settings.OWN_APPLICATIONS_MAX:
            return None
        client.save()
        _record(request, "client.registered", client, source=client.registration_source)
    return client


@_for_those_granted
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, client: uuid.UUID) -> HttpResponse:
    """Show and change one."""
    own = get_object_or_404(_own(request), pk=client)
    form = OwnClientForm(request.POST if request.method == "POST" else None, instance=own)
    if request.method == "POST" and form.is_valid():
        changed = [name for name in form.changed_data if name != "client_type"]
        with transaction.atomic():
            own.save(update_fields=[*changed, "updated"])
            _record(request, "client.changed", own, fields=sorted(changed))
        messages.success(request, _("%(name)s was saved.") % {"name": own})
        return redirect("ostiary_oauth:own_clients")
    return render(request, "ostiary_oauth/own_client_form.html", {"form": form, "client": own})


@_for_those_granted
@step_up()
@require_http_methods(["GET", "POST"])
def new_secret(request: HttpRequest, client: uuid.UUID) -> HttpResponse:
    """Ask, then make a new secret and show it, this once."""
    confidential = _own(request).exclude(client_type=Client.CLIENT_PUBLIC)
    if request.method == "GET":
        own = get_object_or_404(confidential, pk=client)
        return render(request, "ostiary_oauth/own_client_new_secret.html", {"client": own})
    with transaction.atomic():
        own = get_object_or_404(confidential.select_for_update(), pk=client)
        own.rotate_secret()
        own.save(update_fields=[*SECRET_COLUMNS, "updated"])
        _record(request, "client.secret_rotated", own)
    return _secret_page(request, own)


SECRET_COLUMNS = (
    *("secret_hash", "previous_secret_hash", "previous_secret_expires_at"),
    *("readable_secret", "previous_readable_secret"),
)


def _secret_page(request: HttpRequest, client: Client) -> HttpResponse:
    """Shown in the answer itself: a message would lie in the session's row until it is read."""
    return render(request, "ostiary_oauth/own_client_made.html", {"client": client})


@_for_those_granted
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, client: uuid.UUID) -> HttpResponse:
    """Ask, then delete one, with all that people gave it."""
    own = get_object_or_404(_own(request), pk=client)
    if request.method == "GET":
        return render(request, "ostiary_oauth/own_client_delete.html", {"client": own})
    with transaction.atomic():
        families.revoke(Q(application=own), "client_deleted")
        _record(request, "client.deleted", own)
        own.delete()
    messages.success(request, _("%(name)s was deleted.") % {"name": own})
    return redirect("ostiary_oauth:own_clients")
