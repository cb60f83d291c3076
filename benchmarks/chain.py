"""Time the whole chain against the original packages' command lines, run file by file as a user would.

    python -m benchmarks.chain RECORDINGS REFERENCE

Runs: spleeter separate; ina_speech_segmenter.py; cuts at labels of 1.5 s or more; ffmpeg-normalize for each clip;
Resemblyzer for each clip. Then this pipeline by Snakemake on the same files with the same reference. Prints seconds.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile
import yaml

from install import environments, weights
from pipeline import audio, ffmpeg, inputs

ROOT = Path(__file__).parents[1]
RESEMBLE = """
import sys, pathlib, resemblyzer
encoder = resemblyzer.VoiceEncoder(verbose=False)
reference = encoder.embed_utterance(resemblyzer.preprocess_wav(pathlib.Path(sys.argv[1])))
for path in sorted(pathlib.Path(sys.argv[2]).iterdir()):
    print(path.name, encoder.embed_utterance(resemblyzer.preprocess_wav(path)) @ reference)
"""


def call(*command) -> None:
    """Run a command to its end; stop the benchmark where it fails."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"{command[0]} failed: {result.stderr[-500:]}")


def originals(files: list[Path], reference: Path, folder: Path) -> dict[str, float]:
    """Seconds of each step of the plain chain."""
    os.environ["PATH"] = str(Path(ffmpeg.find("ffmpeg")).parent) + os.pathsep + os.environ["PATH"]
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_HOME": str(folder / "keras")}
    places = {"MODEL_PATH": folder / "spleeter" / "2stems", "KERAS": folder / "keras" / "inaSpeechSegmenter"}
    for place, part in zip(places.values(), ("spleeter", "ina"), strict=True):
        place.mkdir(parents=True)
        for name in weights.PINNED:
            if name.startswith(part):
                (place / Path(name).name).symlink_to(weights.file(name))
    (places["MODEL_PATH"] / "checkpoint").write_text('model_checkpoint_path: "model"\n')
    (places["MODEL_PATH"] / ".probe").write_text("OK")
    os.environ["MODEL_PATH"] = str(folder / "spleeter")
    seconds = dict.fromkeys(("separate", "segment", "slice", "normalize", "speaker"), 0.0)
    clips, labels, levelled = (folder / name for name in ("clips", "labels", "levelled"))
    for place in (clips, labels, levelled):
        place.mkdir()

    def timed(step: str, work, *arguments) -> None:
        start = time.perf_counter()
        work(*arguments)
        seconds[step] += time.perf_counter() - start

    spleeter = environments.folder("spleeter") / "bin" / "spleeter"
    segmenter = (environments.python("ina"), environments.folder("ina") / "bin" / "ina_speech_segmenter.py")
    for file in files:
        vocals = folder / "out" / file.stem / "vocals.wav"
        table = labels / f"{file.stem}.csv"
        timed("separate", call, spleeter, "separate", "-p", "spleeter:2stems", "-o", folder / "out", file)
        timed("segment", call, *segmenter, "-i", vocals, "-o", labels)
        os.replace(labels / "vocals.csv", table)
        timed("slice", cut, vocals, table, file.stem, clips)
    command = Path(sys.executable).parent / "ffmpeg-normalize"
    for clip in sorted(clips.iterdir()):
        timed("normalize", call, command, clip, "-o", levelled / clip.name, "-ar", "22050", "-c:a", "pcm_s16le")
    timed("speaker", call, environments.python("resemblyzer"), "-c", RESEMBLE, reference, levelled)
    return seconds


def cut(vocals: Path, table: Path, name: str, out: Path) -> None:
    """A clip for every label male or female of at least 1.5 s."""
    with open(table, newline="") as lines:
        spans = [row for row in csv.DictReader(lines, delimiter="\t") if row["labels"] in ("male", "female")]
    for row in spans:
        start, stop = float(row["start"]), float(row["stop"])
        if stop - start >= 1.5:
            signal = audio.read(vocals, round(start * 44100), round(stop * 44100))
            soundfile.write(out / f"{name}_{row['start']}.wav", signal.mean(axis=1), 44100)


def ours(files: list[Path], reference: Path, folder: Path) -> float:
    """Seconds of one Snakemake run."""
    config = {"input": [str(file) for file in files], "work_dir": str(folder / "w"), "corpus_dir": str(folder / "c")}
    config["speaker"] = {"targets": {"target": str(reference)}}
    (folder / "mine.yaml").write_text(yaml.safe_dump(config))
    start = time.perf_counter()
    call(sys.executable, "-m", "snakemake", "-j2", "-s", ROOT / "Snakefile", "--configfile", folder / "mine.yaml")
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("recordings", type=Path, help="folder of recordings")
    parser.add_argument("reference", type=Path, help="a clip of the wanted voice")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [item.path.absolute() for item in inputs.find(str(args.recordings))]
        start = cpu_seconds()
        whole = ours(files, args.reference.absolute(), folder)
        between = cpu_seconds()
        seconds = originals(files, args.reference.absolute(), folder)
        cpu = between - start, cpu_seconds() - between
    length = sum(audio_seconds(file) for file in files)
    total = sum(seconds.values())
    print(json.dumps({step: round(value, 1) for step, value in seconds.items()}))
    print(
        f"{length:.0f} s of recordings: originals {total:.0f} s, {cpu[1]:.0f} s CPU ({length / total:.1f} x real time),"
    )
    print(f"voxsieve {whole:.0f} s, {cpu[0]:.0f} s CPU ({length / whole:.1f} x real time), ratio {total / whole:.1f}")


def cpu_seconds() -> float:
    """CPU seconds of all processes that this one has started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def audio_seconds(path: Path) -> float:
    """Decoded length of a recording in seconds."""
    return sum(len(block) for block in audio.Decoding(path, 16000, 1)) / 16000


if __name__ == "__main__":
    main()
