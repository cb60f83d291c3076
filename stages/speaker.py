"""speaker: keep the clips of the wanted voice, decided on the corpus as a whole.

With targets, every voice (cluster of clips) that is near enough to a target is given its name. Without, the voices with
most seconds are kept as voice1, voice2, … and their most typical clips are copied to OUT/references to be heard. A
threshold given as a number judges clip by clip instead, by plain cosine to the target.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np

from pipeline import manifest, program
from stages import voices

STAGE = "speaker"
JUDGED_SECONDS = 1.6  # Resemblyzer's window: below it a vector rests on padding
MEDOIDS = 3


def read_embeddings(rows: list[dict], work: Path) -> np.ndarray:
    """The vectors (clips, 256) that the rows of the embed stage point to."""
    files: dict[str, np.ndarray] = {}
    for row in rows:
        if row["embeddings"] not in files:
            files[row["embeddings"]] = np.load(work / row["embeddings"])["vectors"]
    return np.stack([files[row["embeddings"]][row["embedding"]] for row in rows])


def decide(
    rows: list[dict], target: np.ndarray, similarity: np.ndarray, names: list[str], short_clips: str
) -> tuple[list[dict], list[dict]]:
    """Rows and rejects. target: (clips,) index into names, or -1; similarity: (clips, targets) plain cosine."""
    kept, rejects = [], []
    for row, choice, scores in zip(rows, target, similarity, strict=True):
        nearest = int(np.argmax(scores))
        if row["voiced_seconds"] <= 0:
            rejects.append(manifest.reject(row, STAGE, "no_voice", "No voice was found in the clip."))
        elif row["voiced_seconds"] < JUDGED_SECONDS and short_clips == "reject":
            message = f"{row['voiced_seconds']:.2f} s of voice, {JUDGED_SECONDS} s are needed to judge."
            rejects.append(manifest.reject(row, STAGE, "too_short_to_judge", message))
        elif choice < 0:
            message = f"Nearest target {names[nearest]}, similarity {scores[nearest]:.3f}."
            rejects.append(manifest.reject(row, STAGE, "other_speaker", message))
        else:
            score = round(float(scores[choice]), 4)
            kept.append(row | {"parent_id": row["id"], "speaker": names[choice], "similarity": score})
    return kept, rejects


def write_references(rows, vectors, seconds, target, names: list[str], out: Path, work: Path) -> None:
    """Copy the most typical clips of every kept voice to out/NAME."""
    shutil.rmtree(out, ignore_errors=True)
    for choice, name in enumerate(names):
        members = np.flatnonzero(target == choice)
        (out / name).mkdir(parents=True, exist_ok=True)
        for i in voices.medoids(vectors, seconds, members, MEDOIDS) if len(members) else ():
            shutil.copyfile(work / rows[i]["path"], out / name / f"{rows[i]['id']}.wav")


def choose(vectors: np.ndarray, targets: np.ndarray, seconds: np.ndarray, threshold: str) -> np.ndarray:
    """For every clip the index of its target, or -1: by voices, or clip by clip where a threshold is given."""
    if threshold == "auto":
        return voices.assign(vectors, seconds, targets)
    similarity = vectors @ targets.T
    return np.where(similarity.max(axis=1) >= float(threshold), np.argmax(similarity, axis=1), -1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=program.Defaults)
    parser.add_argument("--work", type=Path, required=True, help="work folder with index/shards.json and embed/")
    parser.add_argument("--out", type=Path, required=True, help="folder for manifest, rejects and references")
    parser.add_argument("--references", type=Path, nargs="?", help=".npz of the reference stage; without: find voices")
    parser.add_argument("--threshold", default="auto", help="auto, or the least plain cosine to a target")
    parser.add_argument("--short-clips", choices=("keep", "reject"), default="keep", help="clips too short to judge")
    parser.add_argument("--voices", type=int, default=1, help="without references: how many to keep, 0 for all")
    args = parser.parse_args()

    shards = json.loads((args.work / "index" / "shards.json").read_text(encoding="utf-8"))["shards"]
    rows = [row for shard in shards for row in manifest.read(args.work / "embed" / shard / "manifest.jsonl")]
    kept, rejects = [], []
    if rows:
        vectors = read_embeddings(rows, args.work)
        seconds = np.array([row["duration"] for row in rows])
        if args.references:
            stored = np.load(args.references)
            names, targets = stored["names"].tolist(), stored["vectors"]
        else:
            targets = voices.most_present(vectors, seconds, args.voices)
            names = [f"voice{i + 1}" for i in range(len(targets))]
        target = choose(vectors, targets, seconds, args.threshold)
        if not args.references:
            write_references(rows, vectors, seconds, target, names, args.out / "references", args.work)
        kept, rejects = decide(rows, target, vectors @ targets.T, names, args.short_clips)
    manifest.check_complete(rows, kept, rejects)
    manifest.write(args.out / "rejects.jsonl", rejects, manifest.REJECT)
    manifest.write(args.out / "manifest.jsonl", kept)


if __name__ == "__main__":
    program.run(main)
