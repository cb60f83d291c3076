"""The stage transcribe as a program: captions beside a recording, a service that is asked for no clip twice."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import soundfile
from test_align import talk

from pipeline import captions as beside
from pipeline import manifest, rows
from tests.conftest import ROOT, program, row

RATE = 44100


@pytest.fixture
def shard(tmp_path):
    """(work folder, cues, words with their island, islands) of a made-up talk: noise where somebody speaks."""
    cues, speech, words = talk(5, sentences=12)
    work, seconds = tmp_path / "work", float(speech.stop[-1]) + 2
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 1e-4, round(seconds * RATE))
    for start, stop in zip(speech.start, speech.stop, strict=True):
        part = slice(round(start * RATE), round(stop * RATE))
        sound[part] += rng.normal(0, 0.1, part.stop - part.start)
    (work / "separate").mkdir(parents=True)
    soundfile.write(work / "separate/vocals.flac", sound, RATE)
    recording = {"source": "talk.mp3", "end": seconds, "sha256": "a" * 64}
    segmented = row(
        rows.Segmented, **recording, path="labels.csv", vocals="separate/vocals.flac", mixture="../talk.mp3"
    )
    manifest.write_text(work / "labels.csv", f"labels,start,stop\nmale,0.00,{seconds:.2f}\n")
    manifest.write(work / "segment/s0000/manifest.jsonl", [segmented], rows.Segmented)
    manifest.write_text(work / "index/shards.json", json.dumps({"shards": ["s0000"], "recordings": 1}))
    manifest.write_text(work / "index/s0000/captions.json", "{}\n")
    clips = []
    for number in range(0, len(speech.start) - 1, 2):
        start, end = round(float(speech.start[number]), 2), round(float(speech.stop[number + 1]), 2)
        clip = row(
            rows.NormalizedClip, start=start, end=end, source="talk.mp3", path=f"clips/{number}.wav", sample_rate=RATE
        )
        (work / "clips").mkdir(exist_ok=True)
        soundfile.write(work / clip["path"], sound[round(start * RATE) : round(end * RATE)], RATE)
        clips.append(clip | {"answer": "confident", "islands": [number, number + 1]})
    clips[-1]["answer"] = "uncertain"
    manifest.write(work / "speaker/s0000/manifest.jsonl", clips)
    return work, cues, words, clips


def write_captions(work, cues, name="talk.vtt", by=0.0):
    """Put captions beside the recording, and into the index."""

    def stamp(seconds):
        return f"{int(seconds // 60):02d}:{seconds % 60:06.3f}"

    text = "".join(f"{stamp(cue.start + by)} --> {stamp(cue.end + by)}\n{cue.text}\n\n" for cue in cues)
    path = work.parent / name
    path.write_text("WEBVTT\n\n" + text)
    table = {"r000000": [[f"../{name}", {}] for name in sorted(file.name for file in work.parent.glob("*.vtt"))]}
    manifest.write_text(work / "index/s0000" / beside.TABLE, json.dumps(table))


def candidates(work) -> dict[str, list[dict]]:
    facts = manifest.read(work / "transcribe/s0000/manifest.jsonl", rows.Transcribed)
    return {fact["id"]: fact["candidates"] for fact in facts}


def transcribe(work, **settings):
    flags = [f"--{name}={value}" for name, value in settings.items()]
    return program("stages.transcribe", f"--work={work}", "--shard=s0000", *flags)


@pytest.mark.parametrize("by", [0.0, 2.0])
def test_captions_give_whole_words_and_all_of_them_to_clips(shard, by):
    work, cues, words, clips = shard
    write_captions(work, cues, by=by)
    transcribe(work)
    texts = candidates(work)
    assert texts[clips[-1]["id"]] == []  # an uncertain voice's clip waits until it is wanted
    given = [(clip, texts[clip["id"]][0]) for clip in clips[:-1] if texts[clip["id"]]]
    assert len(given) >= 0.8 * (len(clips) - 1)
    for clip, candidate in given:
        assert candidate["text"] == " ".join(text for text, island in words if island in clip["islands"])
        assert candidate["source"] == "captions" and candidate["confidence"] >= 0.85
    (account,) = json.loads((work / "transcribe/s0000/r000000.captions.json").read_text())
    assert account["used"] and account["texts"] >= len(given) and account["shift"] == pytest.approx(-by, abs=0.3)


def test_of_several_languages_the_one_that_is_spoken_is_taken(shard):
    work, cues, _, clips = shard
    write_captions(work, [cue._replace(text=cue.text.upper()) for cue in cues], "talk.de.vtt")
    write_captions(work, cues, "talk.en-orig.vtt")
    transcribe(work)
    assert {text["language"] for texts in candidates(work).values() for text in texts} == {"en"}
    transcribe(work, language="de")
    assert {text["language"] for texts in candidates(work).values() for text in texts} == {"de"}
    transcribe(work, language="fr")
    assert not any(candidates(work).values())
    told = json.loads((work / "transcribe/s0000/r000000.captions.json").read_text())
    assert all("spoken is 'fr'" in file["refused"] for file in told)


def test_of_two_languages_none_is_taken_until_the_spoken_one_is_told(shard):
    work, cues, _, _ = shard
    for name in ("talk.en.vtt", "talk.ko.vtt"):
        write_captions(work, cues, name)
    transcribe(work)
    assert not any(candidates(work).values())
    told = json.loads((work / "transcribe/s0000/r000000.captions.json").read_text())
    assert len(told) == 2 and all("transcribe.language" in file["refused"] for file in told)
    transcribe(work, language="ko")
    assert {text["language"] for texts in candidates(work).values() for text in texts} == {"ko"}


def test_what_does_not_fit_gives_no_text_and_says_why(shard):
    work, _, _, clips = shard
    write_captions(work, talk(77, sentences=12)[0])
    (work.parent / "talk.srt").write_bytes(b"")
    transcribe(work)
    assert not any(candidates(work).values())
    facts = manifest.read(work / "transcribe/s0000/manifest.jsonl", rows.Transcribed)
    assert all(fact["asked"] == [] for fact in facts)  # so that `select` does not miss a text
    (account,) = json.loads((work / "transcribe/s0000/r000000.captions.json").read_text())
    assert "another recording" in account["refused"]


def test_captions_that_are_away_stop_the_job_and_are_taken_when_they_are_back(shard):
    work, cues, _, _ = shard
    write_captions(work, cues)
    (work.parent / "talk.vtt").rename(work.parent / "away")
    answer = program("stages.transcribe", f"--work={work}", "--shard=s0000", check=False)
    assert answer.returncode == 1 and "talk.vtt" in answer.stderr.splitlines()[-1]
    assert answer.stderr.splitlines()[-1].startswith("error: ") and "Traceback" not in answer.stderr
    assert not (work / "transcribe/s0000/manifest.jsonl").exists()
    (work.parent / "away").rename(work.parent / "talk.vtt")
    transcribe(work)
    assert any(candidates(work).values())


class Service:
    """Answers `before` requests, then none until it is opened; counts what it has answered, by clip."""

    def __init__(self, before: int):
        self.answered: Counter = Counter()
        self.left, self.lock, self.opened = before, threading.Lock(), threading.Event()

    def handler(service):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                name = re.search(rb'filename="(.+?)\.flac"', body)[1].decode()
                with service.lock:
                    service.left -= 1
                    waits = service.left < 0
                if waits and not service.opened.wait(60):
                    return
                content = json.dumps({"text": f"text of {name}"}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                with service.lock:
                    service.answered[name] += 1

            def log_message(self, *_):
                pass

        return Handler


def test_a_killed_run_asks_for_no_answered_clip_again(shard):
    work, _, _, clips = shard
    service = Service(before=4)
    server = ThreadingHTTPServer(("127.0.0.1", 0), service.handler())
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/v1/audio/transcriptions"
    flags = ["--engines=[http]", f"--http={json.dumps({'url': address, 'parallel': 1, 'per_minute': 60000})}"]
    command = [sys.executable, "-m", "stages.transcribe", f"--work={work}", "--shard=s0000", *flags]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    try:
        running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        heard = work / "transcribe/s0000/r000000.heard.jsonl"
        until = time.monotonic() + 60
        while time.monotonic() < until and (not heard.exists() or heard.read_text().count("\n") < 4):
            time.sleep(0.05)
        os.kill(running.pid, signal.SIGKILL)
        said = running.communicate()[1]
        wanted = [clip["id"] for clip in clips[:-1]]
        assert f"{len(wanted)} clips" in said and "127.0.0.1" in said  # told before anything was sent
        assert sum(service.answered.values()) == 4
        service.opened.set()
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert f"{len(wanted) - 4} clips" in done.stderr
    finally:
        server.shutdown()
    texts = candidates(work)
    assert {name: [text["text"] for text in texts[name]] for name in wanted} == {n: [f"text of {n}"] for n in wanted}
    # The request that waited when the run was killed was never answered to it.
    twice = [name for name, count in service.answered.items() if count > 1]
    assert len(twice) <= 1 and set(service.answered) == set(wanted)


def test_what_a_recogniser_lacks_is_said_before_any_job(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(
        f"input: {ROOT / 'examples'}\nwork_dir: {tmp_path / 'work'}\ncorpus_dir: {tmp_path / 'corpus'}\n"
        f"decisions: {tmp_path / 'decisions'}\ntranscribe: {{engines: [whisper, http], whisper: {{model: no-such}}}}\n"
    )
    command = [sys.executable, "-m", "snakemake", "-n", "-s", str(ROOT / "Snakefile"), "--configfile", str(config)]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert answer.returncode == 1 and "Traceback" not in answer.stderr
    assert "python -m install.recognizers no-such" in answer.stderr and "http.url" in answer.stderr
