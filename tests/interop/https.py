"""The identity provider by https, for clients that take no other."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import DNSName
from django.core.servers.basehttp import ThreadedWSGIServer
from pytest_django.live_server_helper import LiveServer

from tests.oauth.resource_server.certificates import new_certificate


def localhost(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server on ``localhost`` speaks TLS with, and the file that clients trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = new_certificate("localhost", key=key, names=(DNSName("localhost"),))
    trusted, both = folder / "certificate.pem", folder / "key-and-certificate.pem"
    trusted.write_bytes(certificate.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(private + trusted.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, trusted


@contextmanager
def live_server_by(context: ssl.SSLContext) -> Iterator[str]:
    """Django's own server for tests, by https; its URL."""

    class Server(ThreadedWSGIServer):
        def server_activate(self) -> None:
            super().server_activate()
            # In the thread of the connection: a browser opens some that it says nothing over.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

        def setup_environ(self) -> None:
            super().setup_environ()
            self.base_environ["HTTPS"] = "on"

    live = LiveServer("localhost", start=False)
    live.thread.server_class = Server
    live.start()
    try:
        yield str(live).replace("http://", "https://")
    finally:
        live.stop()
