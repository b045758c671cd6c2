"""Origins of browser applications, kept beside their clients (``client_origins``)."""

from django.db import models

from .client import Client


class ClientOrigin(models.Model):
    """An origin from which pages of a public client call this server."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="origins")
    origin = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["origin", "client"], name="ostiary_oauth_one_client_origin"
            )
        ]

    def __str__(self) -> str:
        return self.origin
