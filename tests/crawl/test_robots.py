"""robots.txt as hosts write it: what it forbids, how slowly it wants to be asked, and what it is when it fails."""

import contextlib
import time

from raw import Raw, answer, serving
from servers import sound

from crawl.robotstxt import Rules, matches

GOOD = sound("a", 5_000)


def text(body: bytes | str) -> bytes:
    return answer(body if isinstance(body, bytes) else body.encode(), kind="text/plain")


FORBIDDEN = "User-agent: *\nDisallow: /\n"
SPECIAL = {
    "mark of the encoding": (text("\ufeff" + FORBIDDEN), ["robots"]),
    "very long": (text("User-agent: *\nDisallow: /b\n" + "# more\n" * 100_000), []),
    "very long and forbidden": (text(FORBIDDEN + "# more\n" * 100_000), ["robots"]),
    "500": (answer(b"", status="500 No"), ["robots"]),
    "501": (answer(b"", status="501 No"), ["robots"]),
    "520": (answer(b"", status="520 No"), ["robots"]),
    "404": (answer(b"", status="404 No"), []),
    "403": (answer(b"", status="403 No"), []),
    "not text": (text(bytes(range(256)) * 100), []),
    "a page": (answer(b"<html>User-agent: *", kind="text/html"), []),
    "one lines of Macs": (text(FORBIDDEN.replace("\n", "\r")), ["robots"]),
}


def test_what_is_sent_for_robots_txt(room):
    """A host for each, all in one crawl."""
    hosts = {f"127.0.0.{n}": name for n, name in enumerate(SPECIAL, 1)}
    with contextlib.ExitStack() as stack:
        urls = {}
        for n, (host, name) in enumerate(hosts.items()):
            raw = Raw({"/robots.txt": SPECIAL[name][0], "/a.mp3": answer(GOOD + bytes([n]))})
            urls[stack.enter_context(serving(raw, host)).url + "/a.mp3"] = name
        room.crawl([{"http": list(urls)}], retries=0)
    found = {urls[row["url"]]: [] for row in room.rows} | {urls[row["url"]]: [row["reason"]] for row in room.rejects}
    assert found == {name: wanted for name, (_, wanted) in SPECIAL.items()}


def test_a_slow_robots_txt_stalls_its_own_host_only(room):
    slow = Raw({})
    slow.answers = {"/robots.txt": slow.drip(b"HTTP/1.1 200 OK\r\n\r\n", b"#"), "/a.mp3": answer(GOOD)}
    quick = Raw({f"/{n}.mp3": answer(GOOD + bytes([n])) for n in range(5)})
    with serving(slow), serving(quick, "127.0.0.2"):
        addresses = [slow.url + "/a.mp3", *(f"{quick.url}/{n}.mp3" for n in range(5))]
        begun = time.monotonic()
        room.crawl([{"http": addresses}], timeout_seconds=2, retries=0, parallel=2)
        ended = time.monotonic() - begun
        assert max(seen.time for seen in quick.log) - min(seen.time for seen in quick.log) < 3
    assert len(room.rows) == 5 and [row["reason"] for row in room.rejects] == ["robots"] and ended < 15


RULES = """
User-agent: other
Disallow: /

User-Agent: voxsieve/2
user-agent: Third
Disallow: /private
Allow: /private/open
Disallow: /*.wav$
Disallow: /q*x*y
Disallow: /caf%C3%A9
Disallow: /a%2Fb
Crawl-delay: 2.5

User-agent: *
Disallow: /everyone
Crawl-delay: soon
"""


def test_rules():
    rules, agent = Rules(RULES), "voxsieve/0.1 (builds)"
    forbidden = ["/private", "/private/x", "/a.wav", "/q1x2y3", "/café", "/caf%c3%a9", "/a%2fb"]
    allowed = ["/", "/private/open/1", "/a.wav?x", "/q1y2x", "/everyone", "/a/b", "/robots.txt"]
    assert not any(rules.allows(agent, path) for path in forbidden)
    assert all(rules.allows(agent, path) for path in allowed)
    assert rules.delay(agent) == 2.5 and rules.delay("someone") == 0
    assert not rules.allows("someone", "/everyone/x") and rules.allows("someone", "/private")
    assert not rules.allows("THIRD", "/private") and not rules.allows("other/1", "/x")


def test_patterns():
    assert matches("/a*b$", "/axb") and matches("/a*b$", "/abab") and not matches("/a*b$", "/abc")
    assert matches("/a$", "/a") and not matches("/a$", "/ab") and matches("/a", "/ab") and matches("*", "/x")
    assert matches("/a*a$", "/aa") and not matches("/a*a$", "/a") and matches("/*$", "/x")
