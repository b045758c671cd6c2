"""The telephone of a person: set up, changed, removed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from ostiary.pages import posted

from .. import enrolment, sent_code
from ..forms import PhoneForm, RemoveForm
from ..models import Phone, SentCode
from ..protect import change_of_factors, set_up_done, set_up_of_factors
from ..sms import phones, sending
from ..sms.factor import KIND, is_for
from . import security_url, show
from .sent_code import CodePage, code_page


@set_up_of_factors
def begin(request: HttpRequest, user: Any) -> HttpResponse:
    """Say what a text message is worth, and take a number."""
    present, offered = phones.in_use(user), is_for(request, user)
    if present is None and not offered:
        raise Http404
    form = PhoneForm(posted(request) if offered else None, user=user)
    if not form.is_valid():
        return show(
            request,
            "phone",
            form,
            phone=present,
            waiting=phones.waiting(user),
            offered=offered,
        )
    phones.propose(user, form.cleaned_data["number"])
    return redirect("ostiary_mfa:phone_confirm")


@sensitive_post_parameters("code")
@set_up_of_factors
def confirm(request: HttpRequest, user: Any) -> HttpResponse:
    """Send a code to the number, and take it: so the person shows that it is theirs."""
    phone = Phone._default_manager.filter(user=user, confirmed=False).first()
    if phone is None or not is_for(request, user):
        return redirect("ostiary_mfa:phone")

    def entered(asked: SentCode) -> HttpResponse:
        if asked.phone is None or not phones.confirm(request, asked.phone, KIND):
            return redirect("ostiary_mfa:phone")
        if phones.in_use(user) != asked.phone:
            messages.success(request, _("New phone number confirmed."))
            if not enrolment.is_begun(request):
                return redirect("ostiary_mfa:phone")
            return set_up_done(request, asked.phone)
        messages.success(request, _("Text message codes turned on."))
        return set_up_done(request, asked.phone)

    page = CodePage(
        "phone_confirm",
        SentCode.Channel.SMS,
        sent_code.SETUP,
        send=lambda: sending.send_code(request, user, phone, sent_code.SETUP),
        entered=entered,
        context={"phone": phone},
    )
    return code_page(request, user, page)


@change_of_factors
def keep(request: HttpRequest) -> HttpResponse:
    """Stop the change of the number that waits."""
    if request.method == "POST" and phones.stop_change(request, request.user):
        messages.success(request, _("Your phone number stays the same."))
    return redirect("ostiary_mfa:phone")


@sensitive_post_parameters("password")
@change_of_factors
def remove(request: HttpRequest) -> HttpResponse:
    """Ask, and remove it."""
    phone = phones.in_use(request.user)
    if phone is None:
        raise Http404
    form = RemoveForm(posted(request), request=request)
    if not form.is_valid():
        return show(request, "phone_remove", form, phone=phone)
    phones.remove(request, phone, KIND)
    messages.success(request, _("Phone number removed."))
    return HttpResponseRedirect(security_url())
