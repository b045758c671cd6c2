"""The button of the answer page."""

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from oauthlib.oauth2.rfc6749.errors import InvalidRequestError

from ..answer_page import RedirectToClient, signed_address
from ..explanation import explained
from .error_page import error_page


@never_cache
@csrf_exempt  # it reads no cookie and changes nothing: whoever has the address may go there
@require_POST
def proceed(request: HttpRequest) -> HttpResponse:
    """Go on to the address that was signed, and to no other (SECURITY A10)."""
    try:
        return RedirectToClient(signed_address(request.POST.get("address", "")))
    except signing.BadSignature:
        problem = InvalidRequestError(description="The page was open for too long.")
        return error_page(request, explained(problem, "address"))
