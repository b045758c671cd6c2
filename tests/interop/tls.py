"""HTTPS on this machine, for clients that will not speak without."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.servers.basehttp import ThreadedWSGIServer
from pytest_django.live_server_helper import LiveServer

from tests.oauth.resource_server.certificates import new_certificate


def write_certificate(folder: Path) -> Path:
    """A key and its certificate for localhost, in one file, which whoever asks has to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = new_certificate("localhost", names=(x509.DNSName("localhost"),), key=key)
    file = folder / "localhost.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    return file


def server_side(certificate: Path) -> ssl.SSLContext:
    """How a server speaks that has this certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@contextmanager
def live_server(certificate: Path) -> Iterator[str]:
    """The site by HTTPS: a server as pytest-django's, that is asked by no other name."""
    context = server_side(certificate)

    class Server(ThreadedWSGIServer):
        def server_activate(self) -> None:
            super().server_activate()
            # Hands are shaken in a connection's own thread: browsers open some and say nothing.
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

        def setup_environ(self) -> None:
            super().setup_environ()
            self.base_environ["HTTPS"] = "on"

    server = LiveServer("localhost", start=False)
    server.thread.server_class = Server
    server.start()
    try:
        yield f"https://localhost:{server.thread.port}"
    finally:
        server.stop()
