"""Nothing arrives at a private address: not by any way in which a page of Chromium or yt-dlp can connect."""

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import ROOT, python
from inside import OUTSIDE, inside
from raw import Raw, answer, serving
from servers import sound

GOOD = sound("good", 20_000)
# Every way in which a page can make a browser connect; {inside} is host:port.
WAYS = """<!doctype html><title>Show</title>
<link rel=icon href="http://{inside}/icon"><link rel=manifest href="http://{inside}/manifest">
<link rel=stylesheet href="http://{inside}/css"><link rel=preconnect href="http://{inside}">
<link rel=dns-prefetch href="http://{inside}"><link rel=prefetch href="http://{inside}/prefetch">
<link rel=preload as=script href="http://{inside}/preload"><link rel=modulepreload href="http://{inside}/module">
<script type=speculationrules>{{"prerender": [{{"urls": ["http://{inside}/prerender"]}}]}}</script>
<p class=e><a href="/a.mp3" ping="http://{inside}/ping">a</a>
<iframe src="http://{inside}/frame"></iframe><iframe src="/frame"></iframe>
<object data="http://{inside}/object"></object><embed src="http://{inside}/embed">
<img src="http://{inside}/image" srcset="https://{inside}/set"><video src="http://{inside}/film" autoplay></video>
<audio src="http://{inside}/sound" preload=auto></audio><svg><image href="http://{inside}/svg"></svg>
<form id=form action="http://{inside}/form" method=post target=hole><input name=a></form><iframe name=hole></iframe>
<script src="http://{inside}/script"></script><style>@font-face {{ font-family: f; src: url(http://{inside}/font) }}
body {{ font-family: f; background: url(https://{inside}/background) }}</style>
<script>
const tried = window.tried = [];
const attempt = (name, action) => {{ try {{ tried.push(name); const p = action(); if (p && p.catch) p.catch(() => 0); }}
  catch (e) {{ tried.push(name + ": " + e); }} }};
attempt("fetch", () => fetch("http://{inside}/fetch", {{mode: "no-cors"}}));
attempt("fetch https", () => fetch("https://{inside}/fetch", {{mode: "no-cors"}}));
attempt("keepalive", () => fetch("http://{inside}/alive", {{method: "POST", keepalive: true, body: "x"}}));
attempt("xhr", () => {{ const x = new XMLHttpRequest(); x.open("POST", "http://{inside}/xhr"); x.send("x"); }});
attempt("beacon", () => navigator.sendBeacon("http://{inside}/beacon", "x"));
attempt("events", () => new EventSource("http://{inside}/events"));
attempt("ws", () => new WebSocket("ws://{inside}/ws"));
attempt("wss", () => new WebSocket("wss://{inside}/wss"));
attempt("socket stream", () => new WebSocketStream("ws://{inside}/stream"));
attempt("worker", () => new Worker(URL.createObjectURL(new Blob([
  `importScripts("http://{inside}/worker"); fetch("http://{inside}/in-worker")`]))));
attempt("service worker", () => navigator.serviceWorker.register("/worker.js"));
attempt("import", () => import("http://{inside}/import"));
attempt("transport", () => new WebTransport("https://{inside}/transport"));
attempt("rtc", () => {{
  const ice = ["stun:{inside}", "turn:{inside}?transport=udp", "turn:{inside}?transport=tcp", "turns:{inside}"]
    .map(urls => ({{urls, username: "u", credential: "c"}}));
  const peer = new RTCPeerConnection({{iceServers: ice, iceCandidatePoolSize: 4}});
  peer.createDataChannel("x"); peer.createOffer().then(o => peer.setLocalDescription(o)).then(() =>
    peer.addIceCandidate({{candidate: "candidate:1 1 udp 2 {host} {port} typ host", sdpMid: "0"}})); }});
attempt("rtc in a frame", () => {{ const frame = document.createElement("iframe"); document.body.append(frame);
  const peer = new frame.contentWindow.RTCPeerConnection({{iceServers: [{{urls: "stun:{inside}"}}]}});
  peer.createDataChannel("x"); peer.createOffer().then(o => peer.setLocalDescription(o)); }});
attempt("form", () => form.submit());
attempt("open", () => window.open("http://{inside}/open", "_blank", "noopener"));
</script>"""

NAVIGATE = '<!doctype html><meta http-equiv=refresh content="0; url=http://{inside}/refresh"><p class=e>x'


@pytest.mark.skipif(not shutil.which("chromedriver"), reason="needs chromium and chromium-driver")
def test_chromium_by_each_way_of_a_page(room):
    with serving(Raw({})) as raw, inside() as there:
        told = {"inside": there.place, "host": there.host, "port": there.port}
        hints = (
            f"Link: <http://{there.place}/hint>; rel=preconnect, <http://{there.place}/early>; rel=preload; as=script"
        )
        alternative = f'Alt-Svc: h3="{there.place}"; ma=3600'
        reports = [
            f'Report-To: {{"group":"g","max_age":3600,"endpoints":[{{"url":"https://{there.place}/report"}}]}}',
            f'Reporting-Endpoints: g="https://{there.place}/report"',
            "Content-Security-Policy-Report-Only: default-src 'none'; report-to g; report-uri /csp http://"
            f"{there.place}/csp",
        ]
        body = WAYS.format(**told).encode()
        raw.answers = {
            "/": answer(body, hints, alternative, *reports, kind="text/html"),
            "/frame": answer(body.replace(b"/frame", b"/none"), kind="text/html"),
            "/away": answer(NAVIGATE.format(**told).encode(), kind="text/html"),
            "/redirect": answer(b"", f"Location: http://{there.place}/", status="302 Found"),
            "/worker.js": answer(f'fetch("http://{there.place}/sw")'.encode(), kind="text/javascript"),
            "/a.mp3": answer(GOOD),
        }
        sources = [
            {"listing": {"url": raw.url + path, "item": ".e", "next": ".e"}} for path in ("/", "/away", "/redirect")
        ]
        room.crawl(sources, prelude=OUTSIDE, allow_private_hosts=False, timeout_seconds=4, respect_robots=False)
        assert [row["url"] for row in room.rows] == [raw.url + "/a.mp3"]
        # The page was really run: what may be asked for was, from scripts too.
        assert {"/", "/frame", "/away", "/redirect"} <= {seen.path for seen in raw.log}
    assert there.arrived == []


def test_the_sockets_inside_count():
    """What the other tests rely on: a connection and a datagram are seen."""
    import socket
    import time

    with inside() as there:
        socket.create_connection((there.host, there.port)).close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"x", (there.host, there.port))
        end = time.monotonic() + 5
        while len(there.arrived) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        assert sorted(kind for kind, _ in there.arrived) == ["tcp", "udp"]


# Each of yt-dlp's downloaders, native and external, is told to fetch from inside, as if extraction had chosen it.
EACH = """
import io, json, os, sys
from crawl import grabber, sealed, settings
order = json.loads(sys.argv[1])
inside = order.pop("inside")
from yt_dlp.downloader import PROTOCOL_MAP
from yt_dlp.downloader.external import _BY_NAME, get_external_downloader
from yt_dlp.downloader import get_suitable_downloader
from yt_dlp.downloader.http import HttpFD
import yt_dlp.downloader.external, yt_dlp.postprocessor.ffmpeg
sealed.seal(order["port"], grabber.deno())
class Line:
    def ask(self, question, **words): return {}
tried = []
def attempt(name, fd_class, url, **more):
    order["url"] = url
    ydl, _ = grabber.make(order, Line())
    info = {"id": "x", "url": url, "ext": "mp3", "protocol": "http", "title": "x", "http_headers": {},
            "play_path": "x", "app": "x", "fragments": [{"url": url}], "fragment_base_url": url, "is_live": False,
            "manifest_url": url, "video_id": "x", "chat": {}, "ws": url} | more
    tried.append(name)
    try: fd_class(ydl, ydl.params).download(os.path.join(order["parts"], f"x-{len(tried)}.mp3"), info)
    except BaseException as error: tried[-1] += f": {type(error).__name__}"
for protocol, fd_class in {**PROTOCOL_MAP, "http": HttpFD, "https": HttpFD}.items():
    for scheme in ("http", "https", "rtmp", "ws", "ftp"):
        attempt(f"{protocol} {scheme}", fd_class, f"{scheme}://{inside}/x", protocol=protocol)
for name in _BY_NAME:
    attempt(name, get_external_downloader(name), f"http://{inside}/x")
print(json.dumps(tried))
"""


def order(folder, port: int, **more) -> dict:
    from crawl.settings import Crawl

    return Crawl(retries=0, timeout_seconds=2).model_dump(mode="json") | {
        "parts": str(folder), "proxy": f"http://127.0.0.1:{port}", "port": port, "cookies": "", **more
    }  # fmt: skip


def test_each_downloader_of_yt_dlp(tmp_path, monkeypatch):
    """With ffmpeg and the like on the PATH, and an environment that says to go round the proxy."""
    from crawl import gate
    from crawl.settings import Crawl

    programs = tmp_path / "bin"
    programs.mkdir()
    log = tmp_path / "started"
    for name in ("ffmpeg", "ffprobe", "avconv", "aria2c", "curl", "wget", "axel", "http", "rtmpdump", "mplayer", "mpv"):
        (programs / name).write_text(f"#!{sys.executable}\nimport sys; open({str(log)!r}, 'a').write({name!r})\n")
        (programs / name).chmod(0o755)
    with inside() as there, gate.opened(Crawl()) as door:
        words = json.dumps(order(tmp_path, door.server_address[1], inside=there.place))
        rest = {"PATH": str(programs), "no_proxy": there.host, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
        done = subprocess.run(
            [python(), "-c", textwrap.dedent(EACH), words],
            cwd=tmp_path,
            env=rest,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        tried = json.loads(done.stdout.splitlines()[-1])
        print(f"\n{len(tried)} downloads tried, {len(door.refused)} refused by the gate")
    assert len(tried) > 60 and there.arrived == [] and not log.exists()


KEYED = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:10
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="http://{inside}/key"
#EXTINF:10,
http://{inside}/0.ts
#EXT-X-ENDLIST
"""


def test_a_playlist_that_only_ffmpeg_would_take(room, monkeypatch):
    """yt-dlp hands it to ffmpeg in spite of its settings: there is no ffmpeg for it, and no way past the gate."""
    from pipeline import ffmpeg

    with serving(Raw({})) as raw, inside() as there:
        lists = {
            "/keyed.m3u8": KEYED.format(inside=there.place),
            "/plain.m3u8": KEYED.format(inside=there.place).replace("METHOD=SAMPLE-AES", "METHOD=AES-128"),
            "/open.m3u8": KEYED.format(inside=there.place).partition("#EXT-X-KEY")[0]
            + f"#EXTINF:1,\nhttp://{there.place}/0.ts\n",
        }
        raw.answers = {
            path: answer(body.encode(), kind="application/vnd.apple.mpegurl") for path, body in lists.items()
        }
        monkeypatch.setenv("PATH", str(Path(ffmpeg.find("ffmpeg")).parent))
        monkeypatch.setenv("no_proxy", there.host)
        sources = [{"links": [raw.url + path for path in lists]}]
        room.crawl(sources, 1, prelude=OUTSIDE, allow_private_hosts=False, respect_robots=False)
        assert len(room.rejects) == len(lists)
    assert there.arrived == []


@pytest.mark.parametrize("kind", ["http", "feed"])
def test_addresses_and_redirects(room, kind):
    with serving(Raw({})) as raw, inside() as there:
        raw.answers = {"/away": answer(b"", f"Location: http://{there.place}/", status="302 Found")}
        entry = '<item><guid>{0}</guid><enclosure url="{1}" type="audio/mpeg"/></item>'
        addresses = [f"http://{there.place}/x", raw.url + "/away"]
        items = "".join(entry.format(n, address) for n, address in enumerate(addresses))
        feed = f'<rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()
        raw.answers["/feed"] = answer(feed, kind="text/xml")
        sources = [{"http": addresses}] if kind == "http" else [{"feed": raw.url + "/feed"}, {"feed": addresses[0]}]
        room.crawl(sources, 1, prelude=OUTSIDE, allow_private_hosts=False)
        assert {row["reason"] for row in room.rejects} == {"private_address"}
    assert there.arrived == []
