"""Servers that do not speak HTTP as it is written: each ends as a reject, in bounded time, without a traceback."""

import socketserver
import threading
import time
from contextlib import contextmanager

OK = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n"
ANSWERS = {
    "/close": (b"", "connection"),
    "/garbage": (b"what?\r\n\r\n", "connection"),
    "/headers": (OK + b"X: y\r\n" * 500 + b"\r\n", "connection"),
    "/long-header": (OK + b"X: " + b"y" * 100_000 + b"\r\n\r\n", "connection"),
    "/chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nID3", "connection"),
    "/short-chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n10\r\nID3", "connection"),
    "/nothing": (OK + b"\r\n", "incomplete"),
    "/short": (OK + b"Content-Length: 100\r\n\r\nID3", "incomplete"),
    "/huge": (OK + b"Content-Length: 99999999999999\r\n\r\nID3", "too_large"),
    "/packed": (OK + b"Content-Encoding: gzip\r\n\r\nID3", "encoded"),
    "/part": (b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/10\r\n\r\nID3", "http_206"),
    "/status": (b"HTTP/1.1 999 No\x1b[31m\r\n\r\n", "http_999"),
    "/bracket": (b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n", "bad_url"),
    "/latin": (b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe://x\r\n\r\n", "http_404"),
    "/wait-long": (b"HTTP/1.1 429 No\r\nRetry-After: 99999999999999999999\r\n\r\n", "http_429"),
    "/slow-head": (b"HTTP/1.1 200 OK\r\n", "timeout"),
    "/slow-body": (OK + b"\r\nID3", "timeout"),
}


class _Nonsense(socketserver.StreamRequestHandler):
    def handle(self):
        path = self.rfile.readline().split()[1].decode()
        while self.rfile.readline().strip():
            pass
        self.wfile.write(ANSWERS[path][0] if path in ANSWERS else b"HTTP/1.1 404 Not Found\r\n\r\n")
        for _ in range(100 if path.startswith("/slow") else 0):
            self.wfile.write(b"x")
            time.sleep(0.2)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """The other side hung up, as it should."""


@contextmanager
def _nonsense():
    with _Server(("127.0.0.1", 0), _Nonsense) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_nonsense(room):
    with _nonsense() as url:
        limits = {"timeout_seconds": 1, "max_fetch_seconds": 5, "retries": 1, "parallel": 16, "per_host": 16}
        # The host that asks for silence for ages gets it: so it comes last.
        first = [url + path for path in ANSWERS if path != "/wait-long"]
        begun = time.monotonic()
        told = room.crawl([{"http": first}, {"http": url + "/wait-long"}], status=1, **limits)
        assert time.monotonic() - begun < 20
    found = {row["url"].removeprefix(url): row["reason"] for row in room.rejects}
    assert found == {path: reason for path, (_, reason) in ANSWERS.items()}
    assert "Traceback" not in told and "\x1b" not in told
