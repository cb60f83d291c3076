"""speaker: keep the clips of the wanted voice, decided on the corpus as a whole.

With targets, every clip is confidently a target's (kept), perhaps (reject `uncertain`, for a person to hear) or
nobody's. Without, the voices with most seconds are kept as voice1, voice2, … and their most typical clips are copied to
OUT/references to be heard. A threshold given as a number judges clip by clip instead, by plain cosine to the target.

Writes beside the manifest: speakers.csv, all voices found, with a clip to listen to; targets.csv, how surely each
target was found; voices.jsonl, voice and gender of every clip. Rows are streamed; what is held is about 1.2 kB a clip.
"""

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline import manifest, program, run
from stages import present, threshold, voices
from stages.present import Clips

STAGE = "speaker"
JUDGED_SECONDS = 1.6  # Resemblyzer's window: below it a vector rests on padding


def stream(work: Path) -> Iterator[dict]:
    """The rows of all shards, one at a time."""
    for shard in manifest.shards(work):
        yield from manifest.stream(work / "embed" / shard / "manifest.jsonl")


def read(work: Path) -> Clips:
    """Take in all clips; those of one recording share a file of vectors and follow each other."""
    vectors, facts, numbers = [], [], {}
    path = stored = None
    for row in stream(work):
        if row["embeddings"] != path:
            path, stored = row["embeddings"], np.load(work / row["embeddings"])["vectors"]
        number = numbers.setdefault(row["recording_id"], len(numbers))
        vectors.append(stored[row["embedding"]])
        facts.append((row["duration"], number, row.get("male", float(row["label"] == "male"))))
    seconds, recording, male = np.array(facts, float).reshape(-1, 3).T
    return Clips(np.array(vectors, np.float32), seconds, recording.astype(int), male)


def choose(
    clips: Clips, clusters: voices.Clusters, targets: np.ndarray, least: str
) -> tuple[np.ndarray, np.ndarray, list[threshold.Verdict]]:
    """For every clip the index of its target (-1: nobody's) and the answer, and a verdict per target."""
    if least == "auto":
        return threshold.assign(clusters, targets)
    similarity = clips.vectors @ targets.T
    found = similarity.max(axis=1) >= float(least)
    verdicts = [
        threshold.Verdict(
            threshold.CONFIDENT if best >= float(least) else threshold.REJECTED, float(best), float("nan")
        )
        for best in similarity.max(axis=0)
    ]
    choice = np.where(found, np.argmax(similarity, axis=1), -1)
    return choice, np.where(found, threshold.CONFIDENT, threshold.REJECTED), verdicts


def decide(row: dict, choice: int, answer: int, scores: np.ndarray, names: list[str], short_clips: str) -> dict:
    """The row as kept, or its reject. scores: (targets,) plain cosines."""
    nearest = int(np.argmax(scores))
    if row["voiced_seconds"] <= 0:
        return manifest.reject(row, STAGE, "no_voice", "No voice was found in the clip.")
    if row["voiced_seconds"] < JUDGED_SECONDS and short_clips == "reject":
        message = f"{row['voiced_seconds']:.2f} s of voice, {JUDGED_SECONDS} s are needed to judge."
        return manifest.reject(row, STAGE, "too_short_to_judge", message)
    if choice < 0 or answer == threshold.REJECTED:
        message = f"Nearest target {names[nearest]}, similarity {scores[nearest]:.3f}."
        return manifest.reject(row, STAGE, "other_speaker", message)
    if answer == threshold.UNCERTAIN:
        return manifest.reject(row, STAGE, "uncertain", f"Perhaps {names[choice]}, to be heard: {row['path']}")
    return row | {"parent_id": row["id"], "speaker": names[choice], "similarity": round(float(scores[choice]), 4)}


def write_references(clips: Clips, choice: np.ndarray, names: list[str], paths: dict[int, str], out: Path, work: Path):
    """Copy the most typical clips of every kept voice to out/NAME."""
    shutil.rmtree(out, ignore_errors=True)
    for number, name in enumerate(names):
        (out / name).mkdir(parents=True, exist_ok=True)
        for clip in present.typical(clips, choice, number):
            shutil.copyfile(work / paths[clip], out / name / Path(paths[clip]).name)


def least_cosine(text: str) -> str:
    """An argparse type: auto, or a number between -1 and 1."""
    if text != "auto" and not -1 <= float(text) <= 1:
        raise argparse.ArgumentTypeError(f"expected auto or a number between -1 and 1, found {text}")
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=program.Defaults)
    parser.add_argument("--work", type=Path, required=True, help="work folder with index/shards.json and embed/")
    parser.add_argument("--out", type=Path, required=True, help="folder for manifest, rejects, tables and references")
    parser.add_argument("--references", type=Path, nargs="?", help=".npz of the reference stage; without: find voices")
    parser.add_argument("--threshold", type=least_cosine, default="auto", help="auto, or the least cosine to a target")
    parser.add_argument("--short-clips", choices=("keep", "reject"), default="keep", help="clips too short to judge")
    parser.add_argument("--voices", type=int, default=1, help="without references: how many to keep, 0 for all")
    args = parser.parse_args()
    with run.alone(args.out):
        write(args, read(args.work))


def write(args: argparse.Namespace, clips: Clips) -> None:
    """Decide on all clips and write what the stage writes."""
    voice, described, verdicts = np.zeros(0, int), [], []
    if len(clips.vectors):
        clusters = voices.cluster(clips.vectors, clips.seconds, clips.recording)
        voice = voices.group(clusters, clips.seconds)
        described = present.describe_voices(clips, voice)
        if args.references:
            stored = np.load(args.references)
            names, targets, doubts = stored["names"].tolist(), stored["vectors"], stored["doubts"].tolist()
        else:
            targets = voices.unit(voices.sums(clips.vectors, clips.seconds, voice))[: args.voices or None]
            names, doubts = [f"voice{i + 1}" for i in range(len(targets))], [""] * len(targets)
        choice, answer, verdicts = choose(clips, clusters, targets, args.threshold)
    genders = [one["gender"] for one in described]
    to_hear = {one["medoid"] for one in described}
    if not args.references and verdicts:
        to_hear |= {clip for number in range(len(names)) for clip in present.typical(clips, choice, number)}
    paths: dict[int, str] = {}
    with (
        manifest.writing(args.out / "rejects.jsonl", manifest.REJECT) as reject,
        manifest.writing(args.out / "manifest.jsonl") as keep,
        manifest.writing(args.out / "voices.jsonl", {"schema": int, "id": str, "start": float, "end": float}) as tell,
    ):
        for i, row in enumerate(stream(args.work)):
            found = {"voice": described[voice[i]]["voice"], "gender": genders[voice[i]]}
            made = decide(
                row | found, int(choice[i]), int(answer[i]), clips.vectors[i] @ targets.T, names, args.short_clips
            )
            (reject if "reason" in made else keep)(made)
            place = {name: row[name] for name in ("schema", "id", "source", "start", "end")}
            tell(place | found | {"answer": present.ANSWERS[answer[i]]})
            if i in to_hear:
                paths[i] = row["path"]
    if not args.references and verdicts:
        write_references(clips, choice, names, paths, args.out / "references", args.work)
    manifest.write_text(
        args.out / "speakers.csv", present.to_csv([one | {"medoid": paths[one["medoid"]]} for one in described])
    )
    lines = []
    for number, verdict in enumerate(verdicts):
        mine = [float(clips.seconds[(choice == number) & (answer == a)].sum()) for a in range(3)]
        lines.append(present.describe_target(names[number], verdict, mine, doubts[number]))
    manifest.write_text(args.out / "targets.csv", present.to_csv(lines))


if __name__ == "__main__":
    program.run(main)
