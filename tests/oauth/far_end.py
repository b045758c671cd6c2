"""A web server of somebody else."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FarEnd:
    """What it answers (``pages`` by path, else ``body``), and what it was asked, with which
    headers (``headed``)."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, {"Content-Type": "application/json"}, b"{}"
        self.pages: dict[str, bytes] = {}
        self.pause = 0.0
        self.asked: list[tuple[str, str, bytes]] = []
        self.headed: list[dict[str, str]] = []
        self.url = ""


@contextmanager
def far_end(tls: ssl.SSLContext | None = None) -> Iterator[FarEnd]:
    """Serve on this machine, by https as localhost where ``tls`` is given."""
    end = FarEnd()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            end.headed.append(dict(self.headers))
            end.asked.append((self.command, self.path, data))
            self.send_response(end.status)
            for name, value in end.headers.items():
                self.send_header(name, value)
            self.end_headers()
            body = end.pages.get(self.path, end.body)
            for at in range(0, len(body), 4096):
                time.sleep(end.pause)
                self.wfile.write(body[at : at + 4096])

        do_GET = do_POST = answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    end.url = f"http://127.0.0.1:{server.server_port}/"
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        end.url = f"https://localhost:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield end
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
