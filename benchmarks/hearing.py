"""Word error rate and speed of a recogniser on the utterances of known text in shows with a timeline.

    python -m benchmarks.hearing RADIO [--recognizer pocketsphinx] [--language en] [--model MODEL] [--threads 1]

RADIO has shows.csv, texts.csv and a timeline per show. Utterances are cut from the mixture, so what is heard is speech
over music and noise too: nothing was separated before.
"""

import argparse
import csv
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from engines import recognizers
from engines.recognizers.settings import SphinxSettings, WhisperSettings
from evaluation.texts import Text, rates
from install import environments
from pipeline import audio, entry
from pipeline.errors import ConfigError

AROUND_SECONDS = 0.1  # kept before and after what the timeline calls speech
ENVIRONMENT = "recognizers"


def utterances(radio: Path, language: str) -> dict[str, tuple[str, np.ndarray]]:
    """Utterance -> (its text, its samples at RATE), for those of a language in all shows."""
    with open(radio / "texts.csv", encoding="utf-8") as table:
        texts = {row["source"]: row["text"] for row in csv.DictReader(table) if row["language"] == language}
    found = {}
    with open(radio / "shows.csv", encoding="utf-8") as table:
        shows = list(csv.DictReader(table))
    for show in shows:
        blocks = audio.Decoding(radio / show["file"], recognizers.RATE, 1)
        sound = audio.concatenated(block[:, 0] for block in blocks)
        with open(radio / f"{show['show']}.csv", encoding="utf-8") as table:
            rows = [row for row in csv.DictReader(table) if row["label"] == "speech"]
        for source in sorted({row["source"].partition("|")[0] for row in rows} & set(texts)):
            spans = [row for row in rows if row["source"].partition("|")[0] == source]
            start = float(spans[0]["start"]) - AROUND_SECONDS
            stop = float(spans[-1]["end"]) + AROUND_SECONDS
            clip = sound[max(0, round(start * recognizers.RATE)) : round(stop * recognizers.RATE)]
            found[f"{show['show']} {source}"] = texts[source], clip
    return found


def hear(folder: str, name: str, language: str, model: str, threads: str) -> None:
    """In the environment of the recognisers: what is heard in FOLDER/clips.npz, to FOLDER/heard.json."""
    given = WhisperSettings(model=model, language=language) if name == "whisper" else SphinxSettings()
    with np.load(Path(folder) / "clips.npz") as clips:
        asked = [(key, clips[key]) for key in clips.files]
    recognizer = recognizers.module(name).Recognizer(given, int(threads))
    began = time.perf_counter()
    heard = {key: [said.text, said.log_probability] for key, said in recognizer.recognize(asked)}
    answer = {"heard": heard, "seconds": time.perf_counter() - began}
    (Path(folder) / "heard.json").write_text(json.dumps(answer), encoding="utf-8")


def report(asked: dict[str, tuple[str, np.ndarray]], answer: dict, name: str, language: str) -> str:
    """Every utterance with its error rate and the recogniser's confidence, then all together."""
    texts = {key: Text(key, name, language, text, answer["heard"][key][0]) for key, (text, _) in asked.items()}
    lines = [f"{'':<32}{'WER':>7}{'log p':>8}"]
    for key, text in texts.items():
        lines.append(f"{key:<32}{rates([text])[name].wer:>7.3f}{answer['heard'][key][1] or 0:>8.2f}  {text.text}")
    whole, seconds = rates(texts.values())[name], sum(len(clip) for _, clip in asked.values()) / recognizers.RATE
    speed = seconds / answer["seconds"]
    lines.append(f"{name}: {whole.clips} utterances, {seconds:.0f} s, WER {whole.wer:.3f}, CER {whole.cer:.3f}")
    return "\n".join([*lines, f"{speed:.1f} times real time, loading included"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("radio", type=Path, help="folder with shows.csv, texts.csv and the timelines")
    parser.add_argument("--recognizer", choices=["pocketsphinx", "whisper"], default="pocketsphinx")
    parser.add_argument("--language", default="en", help="language of the utterances")
    parser.add_argument("--model", default="", help="Whisper's model, a name or a folder")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if not (args.radio / "texts.csv").is_file():
        raise ConfigError(f"hearing: {args.radio} has no texts.csv with the texts of the utterances.")
    environments.make(ENVIRONMENT)
    asked = utterances(args.radio, args.language)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "clips.npz", **{key: clip for key, (_, clip) in asked.items()})
        program = "import sys; from benchmarks.hearing import hear; hear(*sys.argv[1:])"
        command = [environments.python(ENVIRONMENT), "-c", program, folder, args.recognizer, args.language, args.model]
        root = Path(__file__).parent.parent
        subprocess.run([*command, str(args.threads)], env=os.environ | {"PYTHONPATH": str(root)}, check=True)
        answer = json.loads((Path(folder) / "heard.json").read_text(encoding="utf-8"))
    print(report(asked, answer, args.recognizer, args.language))


if __name__ == "__main__":
    entry.run(main)
