"""HTTPS on this machine, for clients that will not speak without."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
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


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def https(port: int, certificate: Path) -> Iterator[str]:
    """Where what is served by plain HTTP at ``port`` is served by HTTPS meanwhile."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    listening = socket.create_server(("127.0.0.1", 0))
    started: Future[asyncio.AbstractEventLoop] = Future()
    stop = asyncio.Event()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("localhost", port)
        try:
            await asyncio.gather(_copy(reader, to_server), _copy(from_server, writer))
        finally:
            to_server.transport.abort()
            writer.transport.abort()

    async def serve() -> None:
        started.set_result(asyncio.get_running_loop())
        server = await asyncio.start_server(pass_on, sock=listening, ssl=context)
        await stop.wait()
        server.close()

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    try:
        yield f"https://localhost:{listening.getsockname()[1]}"
    finally:
        started.result().call_soon_threadsafe(stop.set)
        thread.join()


@contextmanager
def live_server(certificate: Path) -> Iterator[str]:
    """The site by HTTPS: a server as pytest-django's, that is asked by no other name."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

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
