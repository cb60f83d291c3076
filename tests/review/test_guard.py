"""What is tried against the page's server, and what comes of it."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import made
import pytest
from test_page import free_port, serving

from install import environments
from review import tried
from tests.conftest import ROOT

HASTE = "from review import guard, serve; guard.HEADER_SECONDS = guard.SILENT_SECONDS = 1.5; serve.main()"


class Target:
    """A server, and raw requests to it."""

    def __init__(self, place: Path):
        self.work, corpus = made.folder(place, clips=8)
        self.decisions, self.port = place / "decisions", free_port()
        python, _, _, *flags = serving(self.work, corpus, self.decisions, self.port)
        self.scratch = place / "scratch"
        self.scratch.mkdir()
        environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(self.scratch)}
        self.process = subprocess.Popen(
            [python, "-c", HASTE, *flags], stdout=subprocess.PIPE, text=True, env=environment
        )
        address = next(line for line in self.process.stdout if line.startswith("Open ")).split()[1]
        self.host, self.token = f"127.0.0.1:{self.port}", address.rstrip("/").rpartition("/")[2]

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def raw(self, data: bytes) -> bytes:
        """What the server says until it closes."""
        with self.connect() as sock:
            sock.sendall(data)
            said = b""
            while part := sock.recv(65536):
                said += part
        return said

    def ask(self, path: str, method: str = "GET", body: bytes = b"", **headers: str | None) -> tuple[int, dict, bytes]:
        """Status, headers and body of a request; a header that is None is left out."""
        told = {"host": self.host, "connection": "close", "content-length": str(len(body))}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{name}: {value}" for name, value in told.items() if value is not None]
        said = self.raw("\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1") + body)
        head, _, rest = said.partition(b"\r\n\r\n")
        first, *others = head.decode("latin-1").split("\r\n")
        return int(first.split()[1]), {line.split(": ")[0].lower(): line.partition(": ")[2] for line in others}, rest

    def at(self, path: str) -> str:
        return f"/{self.token}/{path}"

    def send(self, path: str, value, **headers) -> int:
        told = {"origin": f"http://{self.host}", "content_type": "application/json"} | headers
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask(self.at(path), "POST", body, **told)[0]


def until(true, seconds: float = 30) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    if not environments.ready("review"):
        pytest.skip("no environment for review: run `make environments`")
    target = Target(tmp_path_factory.mktemp("guard"))
    yield target
    target.process.kill()


CLIP = "r000000_0000400_0002000"
KEEP = {"who": "anna", "about": "clip", "of": CLIP, "kind": "keep", "name": "0" * 32}


def test_what_is_the_pages_own_is_answered(target):
    for path in ("", "static/app.js", "api/voices", "api/clips?queue=sample", f"api/clip/{CLIP}", f"sound/{CLIP}/clip"):
        status, headers, body = target.ask(target.at(path))
        assert status == 200 and body, path
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
    assert target.send("api/decide", KEEP) == 200 == target.send("api/undo", {"who": "anna"})


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/voices", "/x/api/voices", "//", "/%00/", "/%ff/"])
def test_without_the_token_nothing_is_there(target, path):
    status, headers, body = target.ask(path)
    assert status == 404 and target.token.encode() not in body and "content-security-policy" in headers


@pytest.mark.parametrize(
    "path",
    [
        "static/../serve.py",
        "static/..%2fserve.py",
        "static/%2e%2e/serve.py",
        "static/....//serve.py",
        "static//etc/passwd",
        "static/app.js%00.html",
        "sound/..%2f..%2f..%2fetc%2fpasswd/clip",
        "sound/%2fetc%2fpasswd/clip",
        f"sound/{CLIP}/..%2f..%2ftoken",
        f"sound/{CLIP}%2f..%2f..%2f..%2freview%2ftoken/clip",
        f"sound/{CLIP}' or 1=1 --/clip".replace(" ", "%20"),
        "sound/r000000_0000400_9999999/clip",
        "picture/../../token/source",
        "tried/../../../etc/passwd/source.wav",
        "api/clips?queue=v0;drop%20table%20clips",
        "api/try/" + "0" * 32,
    ],
)
def test_no_path_of_a_request_reaches_the_drive(target, path):
    status, _, body = target.ask(target.at(path))
    assert status == 404 and b"root:" not in body and target.token.encode() not in body


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1", "", "127.0.0.1.evil.example:{port}", None],
)
def test_a_foreign_name_is_refused(target, host):
    status = target.ask(target.at("api/voices"), host=host and host.format(port=target.port))[0]
    assert status in (400, 403)


def test_its_own_names_are_taken(target):
    for name in ("localhost", "127.0.0.1", "[::1]"):
        assert target.ask(target.at("api/voices"), host=f"{name}:{target.port}")[0] == 200


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://{host}", "http://127.0.0.1:1", ""])
def test_other_sites_decide_nothing(target, origin):
    before = target.decisions.read_bytes() if target.decisions.is_file() else sorted(target.decisions.glob("*"))
    assert (
        target.send("api/decide", KEEP | {"name": "1" * 32}, origin=origin and origin.format(host=target.host)) == 403
    )
    assert before == sorted(target.decisions.glob("*"))


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_load_nothing_but_may_link(target, site):
    assert target.ask(target.at("api/voices"), sec_fetch_site=site, sec_fetch_mode="no-cors")[0] == 403
    assert target.ask(target.at(""), sec_fetch_site=site, sec_fetch_mode="navigate")[0] == 200


@pytest.mark.parametrize(
    ("value", "status", "headers"),
    [
        (b"{", 400, {}),
        (b"[]", 400, {}),
        (b"null", 400, {}),
        (b"[" * 30_000, 400, {}),
        (b"\xff\xfe", 400, {}),
        (KEEP, 415, {"content_type": "text/plain"}),
        (KEEP, 415, {"content_type": "application/x-www-form-urlencoded"}),
        (KEEP | {"who": ""}, 400, {}),
        (KEEP | {"who": "a\nb"}, 400, {}),
        (KEEP | {"who": "x" * 81}, 400, {}),
        (KEEP | {"who": ["anna"] * 50}, 400, {}),
        (KEEP | {"kind": "burn"}, 400, {}),
        (KEEP | {"kind": "undo"}, 400, {}),
        (KEEP | {"of": "../../etc"}, 400, {}),
        (KEEP | {"of": "v0001"}, 400, {}),
        (KEEP | {"name": "../x"}, 400, {}),
        (KEEP | {"times": [1, 2, 3]}, 400, {}),
        (KEEP | {"kind": "retime", "times": ["a", None]}, 400, {}),
        (KEEP | {"kind": "drop", "value": "x" * 2001, "name": ""}, 400, {}),
        (b'{"who": "anna", "about": "clip", "of": "' + CLIP.encode() + b'", "kind": "split", "times": [NaN]}', 400, {}),
        (b" " * 70_000, 413, {}),
    ],
)
def test_nonsense_is_told_and_written_nowhere(target, value, status, headers):
    files = {path: path.read_bytes() for path in target.decisions.glob("*.jsonl")}
    assert target.send("api/decide", value, **headers) == status
    kept = {path: path.read_bytes() for path in target.decisions.glob("*.jsonl")}
    assert {path: data for path, data in kept.items() if data} == {path: data for path, data in files.items() if data}
    assert all(path.parent == target.decisions for path in kept)


def test_a_body_without_an_end_is_cut_off(target):
    head = f"POST {target.at('api/decide')} HTTP/1.1\r\nhost: {target.host}\r\norigin: http://{target.host}\r\n"
    head += "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    with target.connect() as sock:
        sock.sendall(head.encode() + chunk * 5)
        assert b"413" in sock.recv(65536).split(b"\r\n")[0]


def test_an_upload_that_is_too_large_is_refused_before_it_comes(target):
    headers = {"content_length": str(300 << 20), "content_type": "application/octet-stream"}
    status = target.ask(target.at("api/try?name=a.wav"), "POST", origin=f"http://{target.host}", **headers)[0]
    assert status == 413
    assert target.send("api/try?name=../../x.sh", b"") == 400


def test_a_head_that_never_ends_is_not_waited_for(target):
    with target.connect() as sock:
        begun = time.monotonic()
        try:
            for _ in range(40):
                sock.sendall(b"GET / HTTP/1.1\r\nx: y\r\n"[: 1 + int(time.monotonic() - begun)])
                time.sleep(0.25)
            pytest.fail("still open")
        except OSError:
            pass


def test_a_body_that_never_comes_is_not_waited_for(target):
    head = f"POST {target.at('api/decide')} HTTP/1.1\r\nhost: {target.host}\r\norigin: http://{target.host}\r\n"
    head += "content-type: application/json\r\ncontent-length: 900\r\n\r\n{"
    assert b"408" in target.raw(head.encode()).split(b"\r\n")[0]


def test_a_crowd_that_says_nothing_locks_nobody_out_for_long(target):
    crowd = [target.connect() for _ in range(100)]
    until(lambda: target.ask(target.at("api/voices"))[0] == 200)
    for sock in crowd:
        sock.close()


def test_readers_that_take_nothing_are_left(target):
    """Each asks for more than the kernel takes in, and there are more of them than are served at a time."""
    before, crowd = target.open_files(), []
    for _ in range(80):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        sock.connect(("127.0.0.1", target.port))
        asked = f"GET {target.at(f'sound/{CLIP}/vocals')} HTTP/1.1\r\nhost: {target.host}\r\n\r\n"
        sock.sendall(asked.encode() * 40)
        crowd.append(sock)
    until(lambda: target.ask(target.at("api/voices"))[0] == 200)
    until(lambda: target.open_files() <= before + 4)
    for sock in crowd:
        sock.close()


def upload(target, body: bytes, length: int) -> socket.socket:
    """A connection on which an upload of `length` bytes was begun with `body`."""
    head = f"POST {target.at('api/try?name=a.wav')} HTTP/1.1\r\nhost: {target.host}\r\norigin: http://{target.host}\r\n"
    sock = target.connect()
    sock.sendall(f"{head}connection: close\r\ncontent-length: {length}\r\n\r\n".encode() + body)
    return sock


def test_uploads_that_break_off_leave_nothing_and_no_sound_ends_with_a_sentence(target):
    for _ in range(2 * tried.KEPT):  # more than are kept at a time
        upload(target, b"RIFF", 100_000).close()
    upload(target, b"RIFF", 100_000).shutdown(socket.SHUT_WR)
    asked = {"origin": f"http://{target.host}", "content_type": "application/octet-stream"}
    taken: list[bytes] = []

    def hand_over() -> bool:
        status, _, said = target.ask(target.at("api/try?name=a.wav"), "POST", b"<html>no sound</html>" * 50, **asked)
        taken.append(said)
        return status == 200

    until(hand_over)
    name = json.loads(taken[-1])["name"]

    def outcome() -> dict:
        return json.loads(target.ask(target.at(f"api/try/{name}"))[2])

    until(lambda: outcome()["state"] == "failed", 120)
    assert "recording.wav: Not a sound file" in outcome()["message"]
    uploads = [path for path in target.scratch.glob("*/*/input/*") if path.stat().st_size]
    assert [path.read_bytes()[:6] for path in uploads] == [b"<html>"]


@pytest.mark.parametrize(
    ("asked", "status", "length"),
    [
        ("bytes=0-3", 206, 4),
        ("bytes=-10", 206, 10),
        ("bytes=40-", 206, None),
        ("bytes=999999999-", 416, 0),
        ("bytes=5-2", 416, 0),
        ("bytes=a-b", 200, None),
        ("lines=0-3", 200, None),
    ],
)
def test_a_player_gets_the_range_it_asks_for(target, asked, status, length):
    whole = target.ask(target.at(f"sound/{CLIP}/vocals"))[2]
    answer, headers, body = target.ask(target.at(f"sound/{CLIP}/vocals"), range=asked)
    assert answer == status and (length is None or len(body) == length)
    assert whole[:4] == b"RIFF" and (status != 206 or body in whole)
