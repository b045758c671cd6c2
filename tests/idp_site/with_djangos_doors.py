"""The site's addresses, and Django's own forms of passwords, as a project may have mounted them."""

from django.contrib.admin import AdminSite
from django.contrib.auth import views
from django.contrib.auth.admin import UserAdmin
from django.urls import include, path

from accounts.models import User


class DjangosUserAdmin(UserAdmin):
    """Django's, on a model without user names."""

    ordering = ["email"]
    list_display = list_filter = search_fields = filter_horizontal = []
    fieldsets = [(None, {"fields": ["email"]})]

    def log_change(self, *args: object) -> None:
        """Nowhere."""


people = DjangosUserAdmin(User, AdminSite(name="admin"))

urlpatterns = [
    path("password_change/", views.PasswordChangeView.as_view(success_url="/")),
    path("people/<path:id>/password/", people.user_change_password),
    path("", include("idp_site.urls")),
]
