"""Servers on loopback that misbehave on purpose. Real sockets, real files; bounded by the tests that start them."""

import asyncio
import hashlib
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from aiohttp import web

BLOCK = 16 * 1024


def sound(name: str, size: int) -> bytes:
    """Bytes that look like the start of an MP3 and are different for every name."""
    return b"ID3\x04" + Random(name).randbytes(size - 4)


@dataclass
class Asked:
    """One request: when it came (monotonic seconds), for which Range, and what status it got."""

    path: str
    range: str | None
    time: float
    status: int | None = None


class Site:
    """A host of recordings: /f/<name> serves files[name], with the faults that `faults[name]` lists, one a request.

    `log` holds every request, `delivered` how often a file went out whole from its first byte, `sent` how many of
    its bytes went out, `most_open` how many requests were answered at once.
    """

    def __init__(self, files: dict[str, bytes] | None = None, faults: dict[str, list[str]] | None = None):
        self.files, self.faults = files or {}, faults or {}
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.redirects: dict[str, str] = {}
        self.types: dict[str, str] = {}
        self.etag = True
        self.block_seconds = 0.0
        self.log: list[Asked] = []
        self.delivered: Counter = Counter()
        self.sent: Counter = Counter()
        self.open = 0
        self.most_open = 0
        self.url = ""

    def requests(self, path: str) -> list[Asked]:
        return [asked for asked in self.log if asked.path == path]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        asked = Asked(request.path, request.headers.get("Range"), time.monotonic())
        self.log.append(asked)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            made = await self._answer(request)
            asked.status = made.status
            return made
        except ConnectionError:  # the client was killed
            raise asyncio.CancelledError from None
        finally:
            self.open -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[path]})
        if path in self.pages:
            kind, body = self.pages[path]
            tag = f'"{hashlib.md5(body).hexdigest()}"'
            if request.headers.get("If-None-Match") == tag:
                return web.Response(status=304)
            return web.Response(body=body, headers={"Content-Type": kind, "ETag": tag})
        name = path.removeprefix("/f/")
        if name not in self.files:
            return web.Response(status=404)
        fault = self.faults[name].pop(0) if self.faults.get(name) else ""
        if fault == "429":
            return web.Response(status=429, headers={"Retry-After": "1"})
        if fault.isdecimal():
            return web.Response(status=int(fault))
        return await self._file(request, name, fault)

    async def _file(self, request: web.Request, name: str, fault: str) -> web.StreamResponse:
        body, start, status = self.files[name], 0, 200
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        headers = {"Content-Type": self.types.get(name, "audio/mpeg")} | ({"ETag": tag} if self.etag else {})
        if self.etag and request.headers.get("If-None-Match") == tag:
            return web.Response(status=304)
        asked = request.headers.get("Range")
        if asked and request.headers.get("If-Range", tag) == tag and fault != "no range":
            start = int(asked.removeprefix("bytes=").partition("-")[0])
            if start >= len(body):
                return web.Response(status=416, headers={"Content-Range": f"bytes */{len(body)}"})
            status, headers["Content-Range"] = 206, f"bytes {start}-{len(body) - 1}/{len(body)}"
        length = len(body) - start + (1000 if fault == "wrong length" else 0)
        response = web.StreamResponse(status=status, headers=headers | {"Content-Length": str(length)})
        await response.prepare(request)
        stop = start + (len(body) - start) // 2 if fault in ("cut", "stall") else len(body)
        for at in range(start, stop, BLOCK):
            block = body[at : min(at + BLOCK, stop)]
            await asyncio.sleep(self.block_seconds)
            await response.write(block)
            self.sent[name] += len(block)
        if fault == "stall":
            await asyncio.sleep(20)
        if fault in ("cut", "stall", "wrong length"):
            request.transport.close()
        elif status == 200:
            self.delivered[name] += 1
        return response


@contextmanager
def serve(site, host: str = "127.0.0.1"):
    """Run `site` on a free port of a loopback address in a thread; its `url` is set."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", site.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        place = web.TCPSite(runner, host, 0)
        await place.start()
        site.url = f"http://{host}:{place._server.sockets[0].getsockname()[1]}"
        ready.set()
        return runner

    def run() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(start())
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield site
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
