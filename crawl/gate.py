"""A small proxy on loopback: connections of the browser and of yt-dlp pass the same address check as our own.

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
        """Ignored: a browser drops connections all the time."""


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
    """One connection from inside: its head read, its target checked, then bytes passed.

    A tunnel's target is checked once, for all of its bytes. Without a tunnel a connection carries a single request:
    whatever follows it is not read, and the answer says that the connection closes.
    """

    server: Gate

    def handle(self) -> None:
        settings = self.server.settings
        self.request.settimeout(settings.timeout_seconds)
        head, rest = _head(self.request)
        method, target, _ = head[0].decode("latin-1").split(" ", 2)
        tunnel = method == "CONNECT"
        length = 0 if tunnel else _length(head[1:])
        if length is None:
            return self._answer("411 Length Required", "A request's body has to state its length.")
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
                outside.sendall(rest)
                self._pass(outside)
            else:
                address = urlunsplit(("", "", parts.path, parts.query, ""))
                lines = [f"{method} {address} HTTP/1.1".encode("latin-1"), b"Host: " + parts.netloc.encode("ascii")]
                lines += [line for line in head[1:] if not line.lower().startswith((*_OF_THE_HOP, b"host:"))]
                outside.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
                self._pass_body(length, rest, outside)
                self._answer_from(outside)

    def _pass_body(self, left: int, rest: bytes, outside: socket.socket) -> None:
        """The `left` bytes of a request's body, of which `rest` came with the head, and not a byte more."""
        while left > 0:
            block = rest[:left] if rest else self.request.recv(min(BLOCK, left))
            if not block:
                raise ConnectionError("the body broke off")
            outside.sendall(block)
            left, rest = left - len(block), b""

    def _answer_from(self, outside: socket.socket) -> None:
        while True:
            lines, rest = _head(outside)
            kept = [line for line in lines if not line.lower().startswith(_OF_THE_HOP)]
            interim = lines[0][9:10] == b"1"
            self.request.sendall(b"\r\n".join([*kept, *([] if interim else [b"Connection: close"]), b"", b""]))
            if not interim:
                break
            outside = _Unread(rest, outside)
        self.request.sendall(rest)
        while block := outside.recv(BLOCK):
            self.request.sendall(block)

    def _pass(self, outside: socket.socket) -> None:
        opposite = {self.request: outside, outside: self.request}
        while True:
            ready, _, _ = select.select(list(opposite), [], [], self.server.settings.max_fetch_seconds)
            if not ready:
                return
            for side in ready:
                block = side.recv(BLOCK)
                if not block:
                    return
                opposite[side].sendall(block)

    def _answer(self, status: str, message: str) -> None:
        body = safety.printable(message).encode()
        self.request.sendall(
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + body
        )


class _Unread:
    """A socket some of whose bytes were read already."""

    def __init__(self, rest: bytes, source: socket.socket):
        self._rest, self._source = rest, source

    def recv(self, size: int) -> bytes:
        rest, self._rest = self._rest, b""
        return rest or self._source.recv(size)


def _head(source: socket.socket | _Unread) -> tuple[list[bytes], bytes]:
    """(lines of a head, what of the body came with it)."""
    data = bytearray()
    end = -1
    while end < 0:
        block = source.recv(BLOCK)
        if not block or len(data) > HEAD_LIMIT:
            raise ConnectionError("no head")
        start = max(0, len(data) - 3)
        data += block
        end = data.find(b"\r\n\r\n", start)
    return bytes(data[:end]).split(b"\r\n"), bytes(data[end + 4 :])


def _length(lines: list[bytes]) -> int | None:
    """Bytes of a request's body; None where the length is not stated, or stated in two ways."""
    lengths = {line.partition(b":")[2].strip() for line in lines if line.lower().startswith(b"content-length:")}
    chunked = any(line.lower().startswith(b"transfer-encoding:") for line in lines)
    if chunked or len(lengths) > 1 or not all(value.isdigit() and len(value) < 16 for value in lengths):
        return None
    return int(next(iter(lengths), b"0"))
