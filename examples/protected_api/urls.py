"""The one address of the API."""

from django.urls import path

from .views import Hello

urlpatterns = [path("", Hello.as_view())]
