"""Many items with every fault at random, kill -9 in between, three runs: all right bytes, or a true reject.

90 items and 2 kills by default; `CRAWL_HEAVY=1 python -m pytest -s tests/crawl/test_storm.py` takes 2,000 and 10.
"""

import hashlib
import re
import time
from collections import Counter
from random import Random

from conftest import HEAVY
from raw import Raw, serving
from servers import sound

COUNT, KILLS = (2000, 10) if HEAVY else (90, 2)
HOSTS = [f"127.0.0.{n}" for n in range(1, 7)]
BLOCK = 16 * 1024
# What befalls a request; a recording has up to three in a row, and then comes right. The last few never do.
PASSING = (
    "cut stall reset 429 503 200-error no-length cut-no-length chunked cut-chunked ignore-range other-etag 103".split()
)
LASTING = "404 410 html json empty loop file".split()


class Storm:
    """The recordings of one host, their faults, and what was sent of each."""

    def __init__(self, seed: int, names: list[str]):
        chance = Random(seed)
        self.raw = Raw({})
        self.bodies = {f"/{name}.mp3": sound(name, chance.randrange(9_000, 60_000)) for name in names}
        self.faults = {path: self._draw(chance) for path in self.bodies}
        self.drawn = {path: list(faults[:3]) for path, faults in self.faults.items()}
        self.sent: Counter = Counter()
        self.whole: dict[str, list[float]] = {}  # when each was delivered from its first byte to its last
        self.wasted = 0  # bytes that a fault itself makes worthless
        self.raw.answers = {path: self.told for path in self.bodies}

    @staticmethod
    def _draw(chance: Random) -> list[str]:
        if chance.random() < 0.05:
            return [chance.choice(LASTING)] * 1000
        return chance.choices(PASSING, k=chance.choice([0, 0, 0, 0, 0, 1, 1, 2, 3]))

    @property
    def right(self) -> dict[str, str]:
        """Addresses that come right in the end, and their hashes."""
        good = {path for path, faults in self.faults.items() if len(faults) < 100}
        return {self.raw.url + path: hashlib.sha256(self.bodies[path]).hexdigest() for path in good}

    def told(self, seen, send) -> None:
        faults, body = self.faults[seen.path], self.bodies[seen.path]
        fault = faults[0] if len(faults) > 100 else faults.pop(0) if faults else ""
        tag = '"' + hashlib.md5(body).hexdigest() + '"'
        if fault.isdecimal() and fault != "103":
            wait = "Retry-After: 0\r\n" if fault in ("429", "503") else ""
            return send(f"HTTP/1.1 {fault} X\r\n{wait}Content-Length: 0\r\n\r\n".encode())
        if fault in ("loop", "file"):
            where = seen.path if fault == "loop" else "file:///etc/passwd"
            return send(f"HTTP/1.1 302 X\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())
        if fault == "reset":
            return None
        if fault in ("html", "json", "empty", "200-error"):
            text = {"html": b"<!doctype html><p>no", "empty": b""}.get(fault, b'{"error": 1}')
            return send(b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
        start = 0
        if (asked := seen.headers.get("range")) and fault != "ignore-range":
            right = seen.headers.get("if-range", tag) == tag
            start = int(asked.removeprefix("bytes=").rstrip("-")) if right or fault == "other-etag" else 0
            if start >= len(body):
                return send(
                    f"HTTP/1.1 416 X\r\nContent-Range: bytes */{len(body)}\r\nContent-Length: 0\r\n\r\n".encode()
                )
        self._send(seen, send, fault, body, start, f'"{time.time()}"' if fault == "other-etag" and start else tag)

    def _send(self, seen, send, fault: str, body: bytes, start: int, tag: str) -> None:
        end = start + max(1, (len(body) - start) // 2) if fault in ("cut", "stall", "cut-chunked") else len(body)
        if fault == "cut-no-length":
            end = start + max(1, (len(body) - start) * 3 // 4)
        head = ["HTTP/1.1 206 X" if start else "HTTP/1.1 200 OK", "Content-Type: audio/mpeg", f"ETag: {tag}"]
        head += [f"Content-Range: bytes {start}-{len(body) - 1}/{len(body)}"] if start else []
        if "chunked" in fault:
            head.append("Transfer-Encoding: chunked")
        elif "no-length" not in fault:
            head.append(f"Content-Length: {len(body) - start}")
        send((b"HTTP/1.1 103 X\r\n\r\n" if fault == "103" else b"") + "\r\n".join([*head, "", ""]).encode())
        for at in range(start, end, BLOCK):
            block = body[at : min(at + BLOCK, end)]
            send(b"%x\r\n%s\r\n" % (len(block), block) if "chunked" in fault else block)
            self.sent[seen.path] += len(block)
        if fault == "chunked":
            send(b"0\r\n\r\n")
        if fault == "stall":
            self.raw.ended.wait(3)
        if fault in ("ignore-range", "other-etag"):
            self.wasted += len(body) - start
        if not start and end == len(body):
            self.whole.setdefault(seen.path, []).append(time.monotonic())


def test_storm(room):
    names = [f"{n:04}" for n in range(COUNT)]
    storms = [Storm(number, names[number :: len(HOSTS)]) for number in range(len(HOSTS))]
    contexts = [serving(storm.raw, host) for storm, host in zip(storms, HOSTS, strict=True)]
    for context in contexts:
        context.__enter__()
    kills = []
    try:
        addresses = [storm.raw.url + path for storm in storms for path in storm.bodies]
        (room.folder / "list.txt").write_text("\n".join(addresses))
        sources = [{"http": str(room.folder / "list.txt")}]
        settings = {"timeout_seconds": 1, "parallel": 16, "per_host": 6, "respect_robots": False, "retries": 6}
        for kill in range(KILLS):
            started = room.start(sources, **settings)
            goal = stored(room) + COUNT // (KILLS + 2)
            while stored(room) < goal and started.poll() is None:
                time.sleep(0.01)
            assert started.poll() is None, kill
            started.kill()
            kills.append(time.monotonic())
            started.communicate()
        for _ in range(3):
            room.crawl(sources, **settings)
        right = {url: sha256 for storm in storms for url, sha256 in storm.right.items()}
    finally:
        for context in contexts:
            context.__exit__(None, None, None)
    rows = {row["url"]: row["sha256"] for row in room.rows}
    missing = sorted(set(right) - set(rows))
    assert rows == right, (len(rows), len(right), missing[:5], room.rejects[:3])
    assert all(hashlib.sha256(room.file(row).read_bytes()).hexdigest() == row["sha256"] for row in room.rows)
    reasons = Counter(row["reason"] for row in room.rejects)
    assert {row["url"] for row in room.rejects} == set(addresses) - set(right)
    assert set(reasons) <= {"http_404", "http_410", "html", "not_a_recording", "empty", "redirects", "bad_url"}
    whole = Counter()
    for storm in storms:
        for path, times in storm.whole.items():
            # What was on its way when the crawl was killed came to nobody. A body without a length may have to come
            # twice to be believed.
            count = sum(not any(0 <= killed - sent < 1 for killed in kills) for sent in times)
            whole[count] += 1
            assert count <= 1 + ("no-length" in storm.drawn[path]), (path, storm.drawn[path])
    sent = sum(sum(storm.sent.values()) for storm in storms)
    needed = sum(len(storm.bodies[re.sub(r"^.*//[^/]*", "", url)]) for storm in storms for url in storm.right)
    wasted = sum(storm.wasted for storm in storms)
    print(
        f"\n{COUNT} items, {KILLS} kills, 3 runs: {len(rows)} right, {len(room.rejects)} rejects {dict(reasons)}; "
        f"whole deliveries {dict(whole)}; bytes sent {sent / needed:.3f} of what was needed, "
        f"{(sent - wasted) / needed:.3f} without answers that were themselves of no use"
    )
    assert not list((room.folder / "downloads" / "parts").iterdir())
    assert (sent - wasted) / needed <= 1.1


def stored(room) -> int:
    return len(list((room.folder / "downloads").glob("c*.mp3")))
