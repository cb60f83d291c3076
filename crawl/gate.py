"""A small proxy on loopback: whatever the browser or yt-dlp connect to passes the same address check as our own.

A browser resolves names, follows redirects and runs a page's scripts by itself; the one place that sees every
connection it makes is a proxy. It speaks CONNECT (for https) and absolute addresses (for http), no more.
"""

import select
import socket
import socketserver
import threading
from contextlib import contextmanager
from urllib.parse import urlunsplit

from crawl import safety
from crawl.settings import Crawl
from pipeline.errors import Reject

HEAD_LIMIT = 64 * 1024
BLOCK = 64 * 1024
_OF_THE_HOP = (b"connection:", b"proxy-connection:", b"keep-alive:", b"proxy-authorization:")


class Gate(socketserver.ThreadingTCPServer):
    """A running proxy: its `url`, and what it `refused`, as "host: why"."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, settings: Crawl):
        super().__init__(("127.0.0.1", 0), _Passage)
        self.settings = settings
        self.refused: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address) -> None:
        """A browser drops connections all the time: nothing to tell."""


@contextmanager
def opened(settings: Crawl):
    """A gate that is open within the block."""
    with Gate(settings) as gate:
        thread = threading.Thread(target=gate.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield gate
        finally:
            gate.shutdown()


class _Passage(socketserver.BaseRequestHandler):
    """One connection from inside: its head read, its target checked, then bytes passed both ways."""

    server: Gate

    def handle(self) -> None:
        settings = self.server.settings
        self.request.settimeout(settings.timeout_seconds)
        head, rest = self._head()
        method, target, _ = head[0].decode("latin-1").split(" ", 2)
        tunnel = method == "CONNECT"
        try:
            parts = safety.check_url(f"https://{target}" if tunnel else target)
            port = parts.port or safety.PORTS[parts.scheme]
            outside = safety.connect(parts.hostname, port, settings.timeout_seconds, settings.allow_private_hosts)
        except Reject as fault:
            self.server.refused.append(fault.message)
            return self._answer("403 Forbidden", fault.message)
        except OSError as error:
            return self._answer("502 Bad Gateway", f"{target}: {error}")
        with outside:
            if tunnel:
                self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                address = urlunsplit(("", "", parts.path, parts.query, ""))
                lines = [f"{method} {address} HTTP/1.1".encode("latin-1")]
                lines += [line for line in head[1:] if not line.lower().startswith(_OF_THE_HOP)]
                outside.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
            outside.sendall(rest)
            self._pass(outside)

    def _head(self) -> tuple[list[bytes], bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            block = self.request.recv(BLOCK)
            if not block or len(data) > HEAD_LIMIT:
                raise ConnectionError("no request")
            data += block
        head, _, rest = data.partition(b"\r\n\r\n")
        return head.split(b"\r\n"), rest

    def _pass(self, outside: socket.socket) -> None:
        other = {self.request: outside, outside: self.request}
        while True:
            ready, _, _ = select.select(list(other), [], [], self.server.settings.max_fetch_seconds)
            if not ready:
                return
            for one in ready:
                block = one.recv(BLOCK)
                if not block:
                    return
                other[one].sendall(block)

    def _answer(self, status: str, message: str) -> None:
        body = safety.printable(message).encode()
        self.request.sendall(
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + body
        )
