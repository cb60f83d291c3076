"""Who may ask, how much and how slowly: an ASGI wrapper around the page, and a protocol that bounds slow headers.

Every address begins with the token. A foreign Host (DNS rebinding) or Origin (a page of another site) is refused; a
body has a greatest size and a least speed.
"""

import asyncio
import hmac
import ipaddress

from uvicorn.protocols.http.h11_impl import H11Protocol

BODY_BYTES = 64 << 10
SILENT_SECONDS = 15.0  # without a byte of a body, or without a reader taking any
HEADER_SECONDS = 10.0
BYTES_PER_SECOND = 8 << 10  # least mean speed of a body after the first SILENT_SECONDS
CONNECTIONS = 64
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Refused(Exception):
    """Ends a request with a status and a sentence."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status_code = status


class Guard:
    """Lets through what bears the token; takes the token off the path."""

    def __init__(self, app, token: str, host: str, upload_bytes: int, upload_path: str):
        self.app, self.token, self.host = app, token.encode(), host
        self.upload_bytes, self.upload_path = upload_bytes, upload_path

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send) if scope["type"] == "lifespan" else None
        try:
            scope = self._admitted(scope)
        except Refused as refused:
            return await refuse(send, refused)
        upload = scope["path"] == self.upload_path
        limit = self.upload_bytes if upload else BODY_BYTES
        started = False

        async def bounded_send(message):
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = message | {"headers": [*message.get("headers", []), *own]}
            await send(message)

        try:
            await self.app(scope, _bounded(scope, receive, limit), bounded_send)
        except Refused as refused:
            if not started:
                await refuse(send, refused)
        return None

    def _admitted(self, scope) -> dict:
        """The scope of a request that may pass. Raises Refused."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get(b"host", "")
        if not self._is_own(host, scope["server"][1]):
            raise Refused(403, "This page is not served under that name.")
        _, token, *rest = [*scope["path"].split("/", 2), ""]
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self.token):
            raise Refused(404, "Not found: open the whole address that the program printed.")
        site, reading = headers.get(b"sec-fetch-site", "same-origin"), scope["method"] in ("GET", "HEAD")
        if site not in ("same-origin", "none") and headers.get(b"sec-fetch-mode") != "navigate":
            raise Refused(403, "Asked by a page of another site.")
        origin = headers.get(b"origin")
        if (origin is not None or not reading) and origin != f"http://{host}":
            raise Refused(403, "Asked by a page of another site.")
        return scope | {"path": f"/{rest[0]}", "raw_path": None, "root_path": ""}

    def _is_own(self, host: str, port: int) -> bool:
        """Whether a Host header names this server: by an address or as localhost, never by a foreign name."""
        name, colon, number = host.rpartition(":")
        if not colon or number != str(port):
            return False
        if name in ("localhost", self.host):
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


def _bounded(scope, receive, limit: int):
    """`receive` that raises Refused where a body is too large, or comes too slowly."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or int(length) > limit:
        raise Refused(413, f"More than {limit:,} bytes.")
    loop, begun, taken = asyncio.get_running_loop(), asyncio.get_running_loop().time(), 0

    async def bounded():
        nonlocal taken
        if (ended := scope.get("body_ended")) is not None and ended:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), SILENT_SECONDS)
        except TimeoutError:
            raise Refused(408, "The body came too slowly.") from None
        taken += len(message.get("body", b""))
        scope["body_ended"] = not message.get("more_body", False)
        if taken > limit:
            raise Refused(413, f"More than {limit:,} bytes.")
        lasted = loop.time() - begun - SILENT_SECONDS
        if not scope["body_ended"] and taken < lasted * BYTES_PER_SECOND:
            raise Refused(408, "The body came too slowly.")
        return message

    return bounded


async def refuse(send, refused: Refused) -> None:
    """Answer with a sentence and close the connection."""
    headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    headers += [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": refused.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": str(refused).encode()})


class Punctual(H11Protocol):
    """Closes a connection whose request has no whole head after HEADER_SECONDS, or whose reader takes nothing more."""

    heading: asyncio.TimerHandle | None = None
    sending: asyncio.TimerHandle | None = None

    def connection_made(self, transport):
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)  # so that pause_writing says that the kernel takes no more
        self._await_head()

    def data_received(self, data):
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self.heading = _stopped(self.heading)

    def on_response_complete(self):
        super().on_response_complete()
        self._await_head()

    def pause_writing(self):
        super().pause_writing()
        # Not close(), which waits for the reader to take what is left.
        self.sending = self.loop.call_later(SILENT_SECONDS, self.transport.abort)

    def resume_writing(self):
        super().resume_writing()
        self.sending = _stopped(self.sending)

    def connection_lost(self, exc):
        self.heading, self.sending = _stopped(self.heading), _stopped(self.sending)
        super().connection_lost(exc)

    def _await_head(self):
        _stopped(self.heading)
        self.heading = self.loop.call_later(HEADER_SECONDS, self.transport.close)


def _stopped(timer: asyncio.TimerHandle | None) -> None:
    if timer:
        timer.cancel()
