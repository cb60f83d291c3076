"""One GET, every hop of its redirects checked, within the manners of `hosts`.

http.client of the standard library: its `connect` is the one place to put the checked connection in, and it
follows no redirect, takes no cookie and no proxy by itself. The proxies of the environment are not used: what
they connect to could not be checked here.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import SplitResult, urljoin, urlunsplit

from crawl import safety
from crawl.hosts import Hosts
from crawl.settings import Crawl
from pipeline.errors import Reject

REDIRECTS = (301, 302, 303, 307, 308)


@dataclass
class Answer:
    """url: after redirects. `response` is read with read(size), decoded of its chunks."""

    url: str
    response: http.client.HTTPResponse
    hold: Callable[[float], None]  # ask this host nothing for so many seconds

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def headers(self):
        return self.response.headers


class Web:
    """Requests with the settings' limits and user agent; may be used from several threads."""

    def __init__(self, settings: Crawl):
        self.settings = settings
        self.hosts = Hosts(settings.per_host, settings.delay_seconds, settings.max_fetch_seconds)
        self._tls = ssl.create_default_context()

    @contextmanager
    def get(self, url: str, headers: dict[str, str] | None = None) -> Iterator[Answer]:
        """The answer to a GET. Reject `bad_url`, `private_address`, `redirects` or `tls`; OSError, HTTPException."""
        sent = {"User-Agent": self.settings.user_agent, "Accept-Encoding": "identity", "Connection": "close"}
        sent |= headers or {}
        for _ in range(self.settings.max_redirects + 1):
            parts = safety.check_url(url)
            with self.hosts.slot(parts.netloc):
                connection = self._connection(parts)
                try:
                    target = urlunsplit(("", "", parts.path, parts.query, ""))
                    with self._watched(connection):
                        connection.request("GET", target, headers=sent)
                        response = connection.getresponse()
                    where = response.headers.get("Location")
                    if response.status not in REDIRECTS or not where:
                        yield Answer(urlunsplit(parts), response, partial(self.hosts.hold, parts.netloc))
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

    @contextmanager
    def _watched(self, connection: http.client.HTTPConnection):
        """End the connection where the head of the answer trickles in for longer than twice the timeout."""

        def end() -> None:
            ended.set()
            with suppress(OSError):
                if connection.sock:
                    connection.sock.shutdown(socket.SHUT_RDWR)

        ended = threading.Event()
        watchdog = threading.Timer(2 * self.settings.timeout_seconds, end)
        watchdog.daemon = True
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()
        if ended.is_set():  # http.client takes a head that breaks off for a whole one
            raise TimeoutError

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        port = parts.port or safety.PORTS[parts.scheme]
        made = http.client.HTTPConnection(parts.hostname, port, timeout=self.settings.timeout_seconds)

        def connect() -> None:
            made.sock = safety.connect(
                parts.hostname, port, self.settings.timeout_seconds, self.settings.allow_private_hosts
            )
            if parts.scheme == "https":
                made.sock = self._tls.wrap_socket(made.sock, server_hostname=parts.hostname)

        made.connect = connect
        if parts.scheme == "https":
            made.default_port = safety.PORTS["https"]  # so that the Host header leaves it out
        return made
