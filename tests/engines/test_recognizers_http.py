"""The recogniser http against a service on this machine that does what services do."""

import io
import json
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import soundfile

from engines.recognizers import service
from engines.recognizers.http import Recognizer
from engines.recognizers.settings import HttpSettings
from pipeline.errors import ModelError

KEY = "key-4711-secret"


class Site:
    """What the service is to do, in turn, for its requests; after that it transcribes."""

    def __init__(self):
        self.script: list = []
        self.asked: list[dict] = []
        self.begun: list[float] = []
        self.lock = threading.Lock()
        self.open = threading.Event()

    def handler(site):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                name = re.search(rb'filename="(.+?)\.flac"', body)[1].decode()
                sound = body[body.index(b"fLaC") :]
                with site.lock:
                    site.begun.append(time.monotonic())
                    fields = dict(re.findall(rb'name="([a-z_]+)"\r\n\r\n(.*?)\r\n', body))
                    heard = soundfile.read(io.BytesIO(sound))[0]
                    site.asked.append(
                        {"name": name, "key": self.headers.get("Authorization"), "samples": len(heard)}
                        | {key.decode(): value.decode() for key, value in fields.items()}
                    )
                    act = site.script.pop(0) if site.script else (200, {"text": f"this is {name}"}, {})
                if callable(act):
                    act = act(self, site.asked[-1])
                if act:
                    self.answer(*act)

            def answer(self, status, content, headers):
                content = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for key, value in (headers | {"Content-Length": str(len(content))}).items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        return Handler


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setattr(service, "FIRST_PAUSE", 0.01)
    monkeypatch.setenv("SPEECH_KEY", KEY)
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), site.handler())
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_port}/v1/audio/transcriptions"
    yield site
    site.open.set()
    server.shutdown()
    server.server_close()


def recognizer(site, **settings) -> Recognizer:
    usual = {"url": site.url, "key_variable": "SPEECH_KEY", "per_minute": 60000, "timeout_seconds": 5.0, "retries": 3}
    return Recognizer(HttpSettings(**usual | settings))


def clips(count: int):
    return [(f"c{number}", np.full(1600, 0.1, np.float32)) for number in range(count)]


def test_every_clip_is_sent_once_with_the_key_and_comes_back(site):
    answers = dict(recognizer(site, parallel=3, language="ko", model="some").recognize(clips(7)))
    assert {name: heard.text for name, heard in answers.items()} == {f"c{n}": f"this is c{n}" for n in range(7)}
    assert set(Counter(request["name"] for request in site.asked).values()) == {1}
    for request in site.asked:
        assert request["key"] == f"Bearer {KEY}" and request["samples"] == 1600
        assert (request["model"], request["language"], request["response_format"]) == ("some", "ko", "verbose_json")


def test_a_recogniser_is_used_again_and_again(site):
    asks = recognizer(site)
    assert [len(dict(asks.recognize(clips(count)))) for count in (1, 2, 0, 3)] == [1, 2, 0, 3]


def test_without_a_key_none_is_sent_whatever_netrc_says(site, tmp_path, monkeypatch):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password word\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    list(recognizer(site, key_variable=None).recognize(clips(1)))
    assert site.asked[0]["key"] is None


@pytest.mark.parametrize("status", [429, 500, 503, 408])
def test_a_passing_failure_is_tried_again(site, status):
    site.script = [(status, b"busy", {}), (status, b"", {"Retry-After": "0"})]
    assert [heard.text for _, heard in recognizer(site, parallel=1).recognize(clips(2))] == ["this is c0", "this is c1"]
    assert len(site.asked) == 4


def test_when_the_service_asks_to_wait_nobody_asks_it_meanwhile(site):
    site.script = [(429, b"", {"Retry-After": "1"})]
    list(recognizer(site, parallel=1).recognize(clips(2)))
    assert site.begun[1] - site.begun[0] >= 0.99


def test_a_service_that_never_recovers_is_one_sentence(site):
    site.script = [(500, b"", {})] * 10
    with pytest.raises(ModelError, match=r"did not transcribe clip c0 in 3 attempts, at last for an answer 500"):
        list(recognizer(site, retries=2).recognize(clips(1)))
    assert len(site.asked) == 3


def test_what_arrived_is_given_before_the_refusal(site):
    def refused(*_):
        time.sleep(0.2)  # the others are under way
        return 401, {"error": f"no such key {KEY}"}, {}

    site.script = [refused]
    heard = []
    with pytest.raises(ModelError, match="401") as caught:
        heard.extend(recognizer(site, parallel=4).recognize(clips(4)))
    assert KEY not in str(caught.value) and "***" in str(caught.value)
    assert len(site.asked) == 4


def test_answers_under_way_are_kept_when_one_is_refused(site):
    site.script = [(401, b"no", {})]
    kept, refusal = [], None
    answers = recognizer(site, parallel=4).recognize(clips(50))
    try:
        for name, _ in answers:
            kept.append(name)
    except ModelError as error:
        refusal = error
    assert refusal and len(kept) == len(site.asked) - 1 < 50


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_clip_that_the_service_refuses_is_left_out_and_told(site, caplog, status):
    asks = recognizer(site, parallel=1)
    assert len(dict(asks.recognize(clips(1)))) == 1
    asks.detailed = False  # so that a refusal is not asked again without times
    site.script = [(status, b"too short", {}), (status, b"too short", {})]
    assert list(dict(asks.recognize(clips(5)))) == ["c2", "c3", "c4"]
    told = [record.getMessage() for record in caplog.records]
    assert [f"refused clip c{n} with {status}: too short: it goes without this text" in told[n] for n in range(2)]


def test_a_service_that_refuses_clip_after_clip_is_one_sentence(site):
    site.script = [(400, b"no such model", {})] * 20
    asks = recognizer(site, parallel=1)
    with pytest.raises(ModelError, match="refused clip c2 with 400: no such model"):
        list(asks.recognize(clips(9)))
    assert {request["name"] for request in site.asked} == {"c0", "c1", "c2"}


def test_a_hanging_and_a_trickling_service_are_given_up(site):
    def hangs(*_):
        site.open.wait(5)

    def trickles(handler, _):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _ in range(50):
            if site.open.wait(0.1):
                return
            handler.wfile.write(b" " * 17)
            handler.wfile.flush()

    def trickles_headers(handler, _):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(50):
            if site.open.wait(0.1):
                return
            handler.wfile.write(b"X-%d: 1\r\n" % number)
            handler.wfile.flush()

    site.script = [hangs, trickles, trickles_headers]
    answers = dict(recognizer(site, timeout_seconds=0.5).recognize(clips(1)))
    assert answers["c0"].text == "this is c0" and len(site.asked) == 4


def test_a_service_that_is_not_there_is_one_sentence(site):
    nowhere = site.url.replace(site.url.split(":")[2].split("/")[0], "9")
    with pytest.raises(ModelError, match="did not transcribe clip c0"):
        list(recognizer(site, url=nowhere, retries=1).recognize(clips(1)))


def test_redirects_are_refused_so_that_the_key_stays(site):
    site.script = [(307, b"", {"Location": "http://127.0.0.2/other"})]
    with pytest.raises(ModelError, match=r"sends on to http://127\.0\.0\.2/other"):
        list(recognizer(site).recognize(clips(1)))
    assert len(site.asked) == 1


@pytest.mark.parametrize("body", [b"<html>welcome</html>", b"[1]", b'{"text": null}', b" " * 1_100_000])
def test_a_foreign_answer_is_one_sentence(site, body):
    site.script = [(200, body, {})]
    with pytest.raises(ModelError, match=r"check http\.url"):
        list(recognizer(site).recognize(clips(1)))


def test_a_service_that_gives_the_key_back_does_not_bring_it_into_the_message(site):
    site.script = [(200, f"Authorization: Bearer {KEY}".encode(), {})]
    with pytest.raises(ModelError, match="begins with 'Authorization: Bearer") as caught:
        list(recognizer(site, parallel=1).recognize(clips(1)))
    assert KEY[:6] not in str(caught.value)


def test_a_service_that_gives_no_times_is_asked_for_text_alone(site):
    def picky(handler, asked):
        if asked["response_format"] != "json":
            return 400, {"error": "response_format verbose_json is not compatible"}, {}
        return 200, {"text": "only text"}, {}

    site.script = [picky] * 9
    answers = [heard.text for _, heard in recognizer(site, parallel=1).recognize(clips(3))]
    assert answers == ["only text"] * 3
    assert [asked["response_format"] for asked in site.asked] == ["verbose_json", "json", "json", "json"]


def test_requests_begin_no_faster_than_allowed(site):
    list(recognizer(site, parallel=4, per_minute=600).recognize(clips(5)))
    assert site.begun[-1] - site.begun[0] >= 0.39


def test_whoever_stops_listening_stops_the_asking(site):
    answers = recognizer(site, parallel=2).recognize(clips(1000))
    next(answers)
    answers.close()
    assert len(site.asked) < 10
