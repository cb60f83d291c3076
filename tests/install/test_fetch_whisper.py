"""Fetching Whisper models by name, from a hub on this machine."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from install import environments

ROOT = Path(__file__).parents[2]
COMMIT = "0123456789" * 4
FILES = {name: f"content of {name}".encode() for name in ("model.bin", "config.json", "tokenizer.json", "README.md")}
pytestmark = pytest.mark.skipif(not environments.ready("recognizers"), reason="the environment recognizers is not made")


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as a download asks for."""

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        name = self.path.rpartition("/")[2]
        if self.path.startswith("/api/models/Systran/faster-whisper-tiny"):
            files = [{"rfilename": name} for name in FILES]
            content = json.dumps({"id": "Systran/faster-whisper-tiny", "sha": COMMIT, "siblings": files}).encode()
        elif "/faster-whisper-tiny/resolve/" in self.path and name in FILES:
            content = FILES[name]
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def fetch(name: str, cache: Path, endpoint: str) -> subprocess.CompletedProcess:
    """`python -m install.recognizers` as a person runs it, with the real environments' folder in another cache."""
    (cache / "envs").parent.mkdir(parents=True, exist_ok=True)
    if not (cache / "envs").exists():
        (cache / "envs").symlink_to(environments.folder("recognizers").parent)
    settings = {"VOXSIEVE_CACHE": str(cache), "HF_ENDPOINT": endpoint, "HF_HOME": str(cache / "hub")}
    settings |= {"HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    command = [sys.executable, "-m", "install.recognizers", name]
    return subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True)


def test_a_model_is_fetched_whole_and_once(hub, tmp_path):
    answer = fetch("tiny", tmp_path / "cache", hub)
    assert answer.returncode == 0, answer.stderr[-2000:]
    place = tmp_path / "cache" / "whisper" / "tiny"
    assert answer.stdout.strip() == str(place)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == {
        name: FILES[name] for name in ("model.bin", "config.json", "tokenizer.json")
    }
    assert fetch("tiny", tmp_path / "cache", "http://127.0.0.1:9").returncode == 0  # it is there: nobody is asked


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tinny", "There is no Whisper model tinny: expected one of tiny.en, tiny"),
        ("owner/nothing", "could not be fetched"),
        ("a/../b", "could not be fetched"),
    ],
)
def test_a_model_that_cannot_be_had_is_one_sentence(hub, tmp_path, name, told):
    answer = fetch(name, tmp_path / "cache", hub)
    assert answer.returncode == 1 and told in answer.stderr and "Traceback" not in answer.stderr


def test_a_hub_that_cannot_be_reached_is_one_sentence(tmp_path):
    answer = fetch("tiny", tmp_path / "cache", "http://127.0.0.1:9")
    assert answer.returncode == 1 and "look at the connection" in answer.stderr and "Traceback" not in answer.stderr
    assert not (tmp_path / "cache" / "whisper" / "tiny").exists()
