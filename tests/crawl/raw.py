"""A server whose every answer is written byte by byte by a test. Threads on loopback, ended with the block."""

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Seen:
    """One request: when it came (monotonic seconds) and what its head said, names in lower case."""

    path: str
    headers: dict[str, str]
    time: float = field(default_factory=time.monotonic)


class Raw:
    """`answers[path]` is bytes, a list of bytes (one a request, the last for ever), or a function of (Seen, send)."""

    def __init__(self, answers: dict[str, bytes | list[bytes] | Callable]):
        self.answers = answers
        self.log: list[Seen] = []
        self.url = ""
        self.ended = threading.Event()

    def requests(self, path: str) -> list[Seen]:
        return [seen for seen in self.log if seen.path == path]

    def answer(self, seen: Seen, send: Callable[[bytes], None]) -> None:
        told = self.answers.get(seen.path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        if isinstance(told, list):
            told = told.pop(0) if len(told) > 1 else told[0]
        told(seen, send) if callable(told) else send(told)

    def drip(self, head: bytes, block: bytes = b"\0", seconds: float = 0.1) -> Callable:
        """An answer that never ends."""

        def answer(seen: Seen, send: Callable[[bytes], None]) -> None:
            send(head)
            while not self.ended.wait(seconds):
                send(block)

        return answer


def answer(body: bytes, *headers: str, status: str = "200 OK", kind: str = "audio/mpeg") -> bytes:
    """A whole answer with its length."""
    told = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(told).encode() + body


def unsized(body: bytes, *headers: str, kind: str = "audio/mpeg") -> bytes:
    """An answer that ends with its connection."""
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Type: {kind}", *headers, "", ""]).encode() + body


def chunked(body: bytes, *headers: str, cut: bool = False) -> bytes:
    """An answer in one chunk; cut: without its end."""
    told = ["HTTP/1.1 200 OK", "Content-Type: audio/mpeg", "Transfer-Encoding: chunked", *headers, "", ""]
    size = len(body) + (10 if cut else 0)
    return "\r\n".join(told).encode() + b"%x\r\n" % size + body + (b"" if cut else b"\r\n0\r\n\r\n")


@contextmanager
def serving(raw: Raw, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None):
    """Run `raw` on a free port; its `url` is set."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            path = (self.rfile.readline().split() or [b"", b""])[1].decode("latin-1")
            headers = {}
            while line := self.rfile.readline().strip():
                name, _, value = line.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            seen = Seen(path, headers)
            raw.log.append(seen)
            raw.answer(seen, self.wfile.write)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        address_family = socket.AF_INET
        request_queue_size = 128

        def handle_error(self, *_):
            """The other side hung up, as it may."""

    with Server((host, 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        raw.url = f"http{'s' if tls else ''}://{host}:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield raw
        finally:
            raw.ended.set()
            server.shutdown()
