"""One request: every redirect is checked, the host is treated politely (see `hosts`), and time is limited.

Uses http.client of the standard library: its `connect` is the one place for the checked connection, and it follows no
redirect and uses no cookie and no proxy by itself. The environment's proxies are not used: what they connect to could
not be checked here.
"""

import http.client
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import SplitResult, urljoin, urlunsplit

from crawl import safety
from crawl.hosts import Hosts
from crawl.logins import Logins
from crawl.settings import Crawl
from crawl.timed import Timed
from pipeline.errors import Reject

REDIRECTS = (301, 302, 303, 307, 308)
INTERIM = 20  # answers before the answer (100, 103) that are read past


@dataclass(frozen=True)
class Request:
    """An address to ask for. `secret`: headers for its own origin only, not for where it redirects to.

    chunk: bytes to ask for at a time, where a site throttles those who ask for all; None for all.
    """

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    secret: dict[str, str] = field(default_factory=dict)
    method: str = "GET"
    chunk: int | None = None


@dataclass
class Answer:
    """url: after redirects. The body comes from `read`, decoded of its chunks."""

    url: str
    response: http.client.HTTPResponse
    hold: Callable[[float], None]  # ask this host nothing for so many seconds
    timed: Timed

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def headers(self):
        return self.response.headers

    def read(self, size: int) -> bytes:
        """At most `size` bytes of the body as soon as there are any; b"" at its end. OSError, HTTPException."""
        block = self.response.read1(size)
        self.timed.check()  # a connection that was cut looks like a body that has ended
        return block

    @property
    def length(self) -> int | None:
        """Bytes of the body as stated, where that counts (RFC 9112, 6.3)."""
        value = self.headers.get("Content-Length", "")
        return int(value) if value.isdecimal() and len(value) < 20 and not self.response.chunked else None


class _Response(http.client.HTTPResponse):
    """Reads past every interim answer; http.client itself knows only 100."""

    def _read_status(self):
        for _ in range(INTERIM):
            version, status, reason = super()._read_status()
            if not 100 < status < 200 or status == 101:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException(f"more than {INTERIM} interim answers")


def _sendable(value: str) -> str:
    """A header's value as http.client takes it: Latin-1, or the bytes of UTF-8 where that does not suffice."""
    try:
        value.encode("latin-1")
        return value
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").decode("latin-1")


class Web:
    """Requests with the settings' limits and user agent; may be used from several threads."""

    def __init__(self, settings: Crawl):
        self.settings = settings
        self.hosts = Hosts(settings.per_host, settings.delay_seconds, settings.max_fetch_seconds)
        self.logins = Logins(settings.cookies)
        self._tls = ssl.create_default_context()

    @contextmanager
    def get(self, request: Request | str, deadline: float | None = None) -> Iterator[Answer]:
        """The answer to a request, read until `deadline` at most (seconds of the monotonic clock).

        Reject `bad_url`, `private_address`, `redirects`, `tls` or `timeout`; OSError, HTTPException.
        """
        request = Request(request) if isinstance(request, str) else request
        deadline = deadline or time.monotonic() + self.settings.max_fetch_seconds
        sent = {"User-Agent": self.settings.user_agent, "Accept-Encoding": "identity", "Connection": "close"}
        sent |= request.headers
        first, url = None, request.url
        for _ in range(self.settings.max_redirects + 1):
            parts = safety.check_url(url)
            first = first or parts[:2]
            secret = self.logins.headers(urlunsplit(parts)) | (request.secret if parts[:2] == first else {})
            with self.hosts.slot(parts.netloc, deadline):
                connection = self._connection(parts)
                timed = Timed(connection)
                try:
                    with timed.until(deadline, f"max_fetch_seconds {self.settings.max_fetch_seconds:g}"):
                        response = self._head(connection, timed, request.method, parts, sent | secret)
                        where = response.headers.get("Location")
                        if response.status not in REDIRECTS or not where:
                            hold = partial(self.hosts.hold, parts.netloc)
                            yield Answer(urlunsplit(parts), response, hold, timed)
                            return
                except ssl.SSLCertVerificationError as error:
                    raise Reject("tls", f"{parts.netloc} shows no valid certificate: {error.verify_message}.") from None
                finally:
                    connection.close()
            # http.client hands header bytes over as Latin-1; servers that send more than ASCII mean UTF-8.
            where = where.encode("latin-1").decode("utf-8", "replace")
            try:
                url = urljoin(urlunsplit(parts), where)
            except ValueError:
                raise Reject("bad_url", f"The server redirects to '{safety.printable(where)}'.") from None
        raise Reject(
            "redirects", f"More than max_redirects {self.settings.max_redirects} redirects, the last to {url}."
        )

    def _head(self, connection, timed: Timed, method: str, parts: SplitResult, headers: dict):
        """The head of the answer, which has to arrive within twice the timeout, however slowly it comes."""
        target = urlunsplit(("", "", parts.path, parts.query, ""))
        with timed.within(2 * self.settings.timeout_seconds):
            connection.request(method, target, headers={name: _sendable(value) for name, value in headers.items()})
            return connection.getresponse()

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        port = parts.port or safety.PORTS[parts.scheme]
        connection = http.client.HTTPConnection(parts.hostname, port, timeout=self.settings.timeout_seconds)
        connection.response_class = _Response

        def connect() -> None:
            connection.sock = safety.connect(
                parts.hostname, port, self.settings.timeout_seconds, self.settings.allow_private_hosts
            )
            if parts.scheme == "https":
                # The handshake follows after `sock` is set, so that a slow one can be ended.
                connection.sock = self._tls.wrap_socket(
                    connection.sock, server_hostname=parts.hostname, do_handshake_on_connect=False
                )
                connection.sock.do_handshake()

        connection.connect = connect
        if parts.scheme == "https":
            connection.default_port = safety.PORTS["https"]  # so that the Host header leaves it out
        return connection
