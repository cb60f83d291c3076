"""Work and corpus folders as the stages leave them, of made-up recordings, for tests of the page."""

import json
import zlib
from pathlib import Path

import numpy as np
import soundfile

from pipeline.rows import SCHEMA, clip_id

RATE, CORPUS_RATE = 44100, 22050
SPEECH, PAUSE = 1.6, 0.4  # seconds of a clip and between two
PER_RECORDING = 8
EVIL = '<img src=x onerror="document.title=1">'  # a name that would do harm where it is taken for markup
UNCERTAIN, CONFIDENT, REJECTED = "uncertain", "confident", "rejected"


def tone(number: int, seconds: float, rate: int) -> np.ndarray:
    """Something to hear and to see: a tone with a beat of its own."""
    time = np.arange(round(seconds * rate)) / rate
    beat = 0.55 + 0.45 * np.sin(2 * np.pi * (3 + number % 4) * time)
    return (0.3 * beat * np.sin(2 * np.pi * (160 + 40 * (number % 9)) * time)).astype(np.float32)


def write(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def recording(work: Path, number: int, clips: int) -> dict:
    """A recording with its vocals, as `separate` tells of it."""
    name, seconds = f"r{number:06d}", PAUSE + clips * (SPEECH + PAUSE)
    parts = [np.zeros(round(PAUSE * RATE), np.float32)]
    for clip in range(clips):
        parts += [tone(number * PER_RECORDING + clip, SPEECH, RATE), np.zeros(round(PAUSE * RATE), np.float32)]
    signal = np.concatenate(parts)
    source, vocals = f"source/{name}.flac", f"separate/s0000/{name}.flac"
    for path in (source, vocals):
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(work / path, signal, RATE)
    told = {
        "schema": SCHEMA,
        "id": name,
        "recording_id": name,
        "parent_id": None,
        "source": f"show {number} {EVIL}.mp3",
    }
    told |= {"path": vocals, "mixture": source, "gain": 1.0, "downmix": [[0.0, "mean"]], "duration": seconds}
    return told | {"start": 0.0, "end": seconds, "sha256": f"{number:064x}", "codec": "flac", "sample_rate": RATE}


def folder(place: Path, clips: int = 24, voices: int = 4) -> tuple[Path, Path]:
    """Work and corpus: clips of voices in turn; the first is kept, the second uncertain, the others nobody's."""
    work, corpus = place / "work", place / "corpus"
    recordings, cut, told, scores, lines = [], [], [], [], []
    for number in range(-(-clips // PER_RECORDING)):
        here = min(PER_RECORDING, clips - number * PER_RECORDING)
        recordings.append(recording(work, number, here))
        for i in range(here):
            n = number * PER_RECORDING + i
            start = round(PAUSE + i * (SPEECH + PAUSE), 3)
            end, v = round(start + SPEECH, 3), n % voices
            name = clip_id(f"r{number:06d}", start, end)
            path = f"normalize/s0000/r{number:06d}/{name}.wav"
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(work / path, tone(n, SPEECH, CORPUS_RATE), CORPUS_RATE)
            row = {"schema": SCHEMA, "id": name, "recording_id": f"r{number:06d}", "source": recordings[-1]["source"]}
            row |= {"sha256": recordings[-1]["sha256"], "start": start, "end": end}
            answer = {0: CONFIDENT, 1: UNCERTAIN}.get(v, REJECTED)
            whose = "anna" if v < 2 else ""
            told.append(row | {"path": path, "voice": f"v{v:04d}", "gender": "female", "decided": "", "answer": answer})
            told[-1] |= {"speaker": whose, "similarity": round(0.9 - 0.2 * v, 3)}
            cut.append(row | {"parent_id": f"r{number:06d}", "path": recordings[-1]["path"], "label": "female"})
            cut[-1] |= {"sample_rate": RATE, "duration": SPEECH, "gain": 1.0, "downmix": [[0.0, "mean"]]}
            if v < 2:
                score = round(1.5 + zlib.crc32(name.encode()) % 2000 / 1000, 3)
                scores.append({"schema": SCHEMA, "id": name, "recording_id": row["recording_id"], "dnsmos_ovrl": score})
            if v == 0:
                lines.append(f"{name}|what number {n} says, in so many words|\n")
    write(work / "separate/s0000/manifest.jsonl", recordings)
    write(work / "slice/s0000/manifest.jsonl", cut)
    write(work / "score/s0000/manifest.jsonl", scores)
    short = {"schema": SCHEMA, "recording_id": "r000002", "reason": "too_short", "start": 2.1, "end": 2.3}
    write(work / "slice/s0000/rejects.jsonl", [short])
    write(work / "speaker/voices.jsonl", told)
    write(work / "select/rejects.jsonl", [])
    write(work / "tone/manifest.jsonl", [{"id": row["id"], "tone": "calm"} for row in told if row["voice"] == "v0001"])
    (work / "index").mkdir()
    (work / "index/shards.json").write_text(json.dumps({"shards": ["s0000"], "recordings": len(recordings)}))
    (work / "speaker/speakers.csv").write_text(speakers(told, voices), encoding="utf-8")
    (work / "speaker/told.json").write_text("[]")
    spoken = [
        [word, 0.2 * i, 0.2 * i + 0.2, 1.0] for i, word in enumerate("what number 4 says, in so many words".split())
    ]
    candidate = {"source": "made", "text": " ".join(word for word, *_ in spoken), "words": spoken}
    heard = {"schema": SCHEMA, "id": told[4]["id"], "recording_id": "r000000", "candidates": [candidate]}
    write(work / "transcribe/s0000/manifest.jsonl", [heard])
    corpus.mkdir()
    lines[0] = lines[0].replace("in so many words", f"Привет & {EVIL}")
    (corpus / "metadata.csv").write_text("".join(lines), encoding="utf-8")
    return work, corpus


def speakers(told: list[dict], voices: int) -> str:
    """speakers.csv, as the speaker stage writes it."""
    head = "voice,clips,seconds,gender,medoid,target,similarity,confident_seconds,uncertain_seconds,typical\n"
    for v in range(voices):
        own = [row for row in told if row["voice"] == f"v{v:04d}"]
        seconds = round(SPEECH * len(own), 2)
        sure, unsure = (seconds if v == wanted else 0.0 for wanted in (0, 1))
        typical = " ".join(row["id"] for row in own[:3])
        head += f"v{v:04d},{len(own)},{seconds},female,{own[0]['path']},anna,{0.9 - 0.2 * v:.3f},"
        head += f"{sure},{unsure},{typical}\n"
    return head


def many(place: Path, clips: int, voices: int = 2000) -> Path:
    """A work folder of very many clips, without sound: what the index is made of."""
    work, shards = place / "work", 250
    (work / "speaker").mkdir(parents=True)
    (work / "select").mkdir()
    (work / "index").mkdir()
    dice = np.random.default_rng(0)
    each = -(-clips // shards)
    with open(work / "speaker/voices.jsonl", "w") as told, open(work / "select/rejects.jsonl", "w") as dropped:
        for shard in range(shards):
            name = f"s{shard:04d}"
            (work / "score" / name).mkdir(parents=True)
            with open(work / "score" / name / "manifest.jsonl", "w") as scores:
                for i in range(min(each, clips - shard * each)):
                    told_, score, drop = _one(shard, i, dice, voices)
                    told.write(told_)
                    scores.write(score)
                    dropped.write(drop)
    (work / "index/shards.json").write_text(json.dumps({"shards": [f"s{shard:04d}" for shard in range(shards)]}))
    head = "voice,clips,seconds,gender,medoid,target,similarity,confident_seconds,uncertain_seconds,typical\n"
    lines = (f"v{v:04d},500,3000.0,female,a.wav,anna,0.5,{v},{voices - v},\n" for v in range(voices))
    (work / "speaker/speakers.csv").write_text(head + "".join(lines))
    return work


def _one(shard: int, i: int, dice: np.random.Generator, voices: int) -> tuple[str, str, str]:
    """The lines of one clip in voices.jsonl, in the scores, and among the rejects ("" for most)."""
    recording, start = shard * 40 + i // 100, (i % 100) * 7000 + 500
    length, kind, v = int(dice.integers(1500, 6500)), dice.random(), int(dice.integers(voices))
    name = f"r{recording:06d}_{start:07d}_{start + length:07d}"
    answer = UNCERTAIN if kind < 0.15 else CONFIDENT if kind < 0.8 else REJECTED
    told = (
        f'{{"schema": {SCHEMA}, "id": "{name}", "recording_id": "r{recording:06d}", "source": "show{recording}.mp3", '
        f'"sha256": "{recording:064x}", "start": {start / 1000}, "end": {(start + length) / 1000}, '
        f'"path": "normalize/s{shard:04d}/r{recording:06d}/{name}.wav", "voice": "v{v:04d}", "gender": "female", '
        f'"decided": "", "answer": "{answer}", "speaker": "anna", "similarity": {kind:.4f}}}\n'
    )
    score = f'{{"schema": {SCHEMA}, "id": "{name}", "dnsmos_ovrl": {1 + 3 * kind:.3f}}}\n'
    drop = f'{{"schema": {SCHEMA}, "id": "{name}", "reason": "dnsmos_ovrl"}}\n' if 0.15 <= kind < 0.2 else ""
    return told, score if answer != REJECTED else "", drop
