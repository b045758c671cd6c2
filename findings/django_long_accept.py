# /// script
# requires-python = ">=3.12"
# dependencies = ["django==6.1.3"]
# ///
"""Django 6.1.3 raises ``ValueError`` when a view asks what a long Accept accepts, and
``BadRequest`` out of the WSGI handler for a long Content-Type: the server answers 500.

RFC 9110 §5.4 lets a server answer 4xx to a field that is too long. Django reads 10,000 characters
of a media type. Of a request whose type is longer it makes none, before there is any middleware.

Seen:

    Accept: ValueError: Unable to parse header parameters (value too long).
    Content-Type: BadRequest: Invalid Content-Type header.
"""

import io

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import path

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="of nothing")  # noqa: S106
django.setup()
urlpatterns = [path("", lambda request: HttpResponse("answered"))]
LONG = "text/" + "x" * 10_000


def raised(call: object) -> str:
    """What it raises."""
    try:
        call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


request = RequestFactory().get("/", headers={"accept": LONG})
said = raised(lambda: request.accepts("text/html"))
print("Accept:", said)
assert said == "ValueError: Unable to parse header parameters (value too long)."

environ = {**RequestFactory().get("/").environ, "CONTENT_TYPE": LONG, "wsgi.input": io.BytesIO()}
said = raised(lambda: WSGIHandler()(environ, lambda *_: None))
print("Content-Type:", said)
assert said == "BadRequest: Invalid Content-Type header."
