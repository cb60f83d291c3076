"""speaker: keep the clips of the wanted voice, decided on the corpus as a whole.

With targets, a clip is a target's (kept), perhaps one (reject `uncertain`, for a person to hear) or nobody's. Without,
the voices with most seconds are kept as voice1, voice2, … and their most typical clips copied to OUT/references. A
threshold given as a number judges clip by clip instead, by plain cosine to the target.

Writes for each shard the clips that are wanted or uncertain (manifest.jsonl), and for all: rejects.jsonl; voices.jsonl
(voice, gender and answer of every clip); speakers.csv (all voices, with a clip to listen to); targets.csv (how surely
each target was found). Rows are streamed; memory grows by about 1.2 kB a clip.
"""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from pipeline import audio, entry, manifest, program, vouch
from pipeline.rows import Embedded, Facts, NormalizedClip, Reject
from stages.speaker import clusters, present, threshold, voices
from stages.speaker.present import Clips

STAGE = "speaker"
JUDGED_SECONDS = 1.6  # Resemblyzer's window: below it a vector rests on padding


def stream(work: Path) -> Iterator[dict]:
    """The clips of all shards with their facts from embed, one at a time."""
    for shard in manifest.shards(work):
        yield from of_shard(work, shard)


def of_shard(work: Path, shard: str) -> Iterator[dict]:
    """The clips of a shard that could be embedded, with their facts from embed."""
    facts = {fact["id"]: fact for fact in manifest.stream(manifest.of_shard(work, "embed", shard), Embedded)}
    for row in manifest.stream(manifest.of_shard(work, "normalize", shard), NormalizedClip):
        if row["id"] in facts:
            yield row | facts[row["id"]]


def read(work: Path) -> Clips:
    """Read all clips that have a voice; those of one recording share a file of vectors and follow each other."""
    vectors, facts, numbers = [], [], {}
    path = stored = None
    for i, row in enumerate(stream(work)):
        if row["voiced_seconds"] <= 0:
            continue
        if row["embeddings"] != path:
            audio.check_there(work / row["embeddings"])
            path, stored = row["embeddings"], np.load(work / row["embeddings"])["vectors"]
        number = numbers.setdefault(row["recording_id"], len(numbers))
        vectors.append(stored[row["embedding"]])
        facts.append((i, row["duration"], number, row.get("male", float(row["label"] == "male"))))
    place, seconds, recording, male = np.array(facts, float).reshape(-1, 4).T
    return Clips(place.astype(int), np.array(vectors, np.float32), seconds, recording.astype(int), male)


@dataclass(frozen=True)
class Decision:
    """What is decided about every clip, and about every target."""

    voice: np.ndarray  # (clips,)
    choice: np.ndarray  # (clips,), index of the target; -1: nobody's
    answer: np.ndarray  # (clips,), REJECTED, UNCERTAIN or CONFIDENT of threshold
    names: list[str]  # of the targets, as are the fields below
    targets: np.ndarray  # (targets, d) float32, unit vectors
    doubts: list[str]
    verdicts: list[threshold.Verdict]


def choose(clips: Clips, references: Path | None, least: str, count: int) -> Decision:
    """Decide on all clips: by the targets of a reference stage, or the `count` voices (0: all) with most seconds."""
    clustered = clusters.cluster(clips.vectors, clips.seconds, clips.recording)
    joined = voices.group(clustered)
    voice = joined[clustered.of]
    if references:
        stored = np.load(references)
        names, targets, doubts = stored["names"].tolist(), stored["vectors"], stored["doubts"].tolist()
    else:
        heads = clusters.unit(clusters.sums(clips.vectors, clips.seconds, voice))
        targets = heads[: count or None].astype(np.float32)
        names, doubts = [f"voice{i + 1}" for i in range(len(targets))], [""] * len(targets)
    if least != "auto":
        assigned = threshold.by_cosine(clips.vectors, targets, float(least))
    elif references:
        assigned = threshold.assign(clustered, joined, targets)
    else:
        choice = np.where(voice < len(targets), voice, -1)
        answer = np.where(clustered.within, threshold.CONFIDENT, threshold.UNCERTAIN)
        itself = threshold.Verdict(threshold.CONFIDENT, float("nan"), float("nan"))
        assigned = choice, np.where(choice >= 0, answer, threshold.REJECTED), [itself] * len(targets)
    choice, answer, verdicts = assigned
    return Decision(voice, choice, answer, names, targets, doubts, verdicts)


def decide(row: dict, choice: int, answer: int, scores: np.ndarray, names: list[str], short_clips: str) -> dict:
    """The row as kept, or its reject. scores: (targets,) plain cosines."""
    nearest = int(np.argmax(scores))
    if row["voiced_seconds"] < JUDGED_SECONDS and short_clips == "reject":
        message = f"{row['voiced_seconds']:.2f} s of voice, {JUDGED_SECONDS} s are needed to judge."
        return manifest.reject(row, STAGE, "too_short_to_judge", message)
    if choice < 0 or answer == threshold.REJECTED:
        message = f"Nearest target {names[nearest]}, similarity {scores[nearest]:.3f}."
        return manifest.reject(row, STAGE, "other_speaker", message)
    if answer == threshold.UNCERTAIN:
        return manifest.reject(row, STAGE, "uncertain", f"Perhaps {names[choice]}, to be heard: {row['path']}")
    return row | {"parent_id": row["id"], "speaker": names[choice], "similarity": round(float(scores[choice]), 4)}


def write_rows(work: Path, out: Path, clips: Clips, decision: Decision, genders: list[str], short_clips: str) -> None:
    """Write the shards' manifests, rejects.jsonl and voices.jsonl; a clip that is not among `clips` has no voice."""
    numbers, places = iter(enumerate(clips.row.tolist())), count()
    clip, here = next(numbers, (None, None))
    with (
        manifest.writing(out / manifest.REJECTS, Reject) as reject,
        manifest.writing(out / "voices.jsonl", Facts) as tell,
    ):
        for shard in manifest.shards(work):
            with manifest.writing(out / shard / manifest.MANIFEST, Facts) as keep:
                for row in of_shard(work, shard):
                    if next(places) != here:
                        reject(manifest.reject(row, STAGE, "no_voice", "No voice was found in the clip."))
                        continue
                    answer, scores = int(decision.answer[clip]), clips.vectors[clip] @ decision.targets.T
                    voice = {"voice": present.name(decision.voice[clip]), "gender": genders[decision.voice[clip]]}
                    result = decide(
                        row | voice, int(decision.choice[clip]), answer, scores, decision.names, short_clips
                    )
                    if "reason" in result:
                        reject(result)
                        if result["reason"] == "uncertain":
                            keep(row | voice | {"answer": "uncertain"})
                    else:
                        keep(result | {"answer": "confident"})
                    place = {name: row[name] for name in ("schema", "id", "recording_id", "source", "start", "end")}
                    tell(place | voice | {"answer": present.ANSWERS[answer]})
                    clip, here = next(numbers, (None, None))


def write_references(kept: dict[str, list[str]], out: Path, work: Path) -> None:
    """Copy the clips, name of a voice -> paths, to out/NAME; nothing else stays in `out`."""
    shutil.rmtree(out, ignore_errors=True)
    for name, paths in kept.items():
        (out / name).mkdir(parents=True)
        for path in paths:
            shutil.copyfile(work / path, out / name / Path(path).name)


def paths_of(work: Path, rows: Iterable[int]) -> dict[int, str]:
    """The paths of the clips with these row numbers, by number."""
    wanted = set(rows)
    return {i: row["path"] for i, row in enumerate(stream(work)) if i in wanted}


def process(work: Path, out: Path, references: Path | None, least: str, short_clips: str, count: int) -> None:
    """Decide on all clips and write what the stage writes."""
    clips = read(work)
    if not len(clips.row):
        names = np.load(references)["names"].tolist() if references else []
        absent = threshold.Verdict(threshold.REJECTED, float("nan"), float("nan"))
        nobody = np.zeros(0, int)
        decision = Decision(nobody, nobody, nobody, names, nobody, [""] * len(names), [absent] * len(names))
    else:
        decision = choose(clips, references, least, count)
    described = present.describe_voices(clips, decision.voice)
    write_rows(work, out, clips, decision, [voice["gender"] for voice in described], short_clips)
    sure = decision.answer == threshold.CONFIDENT
    typical = {
        name: [] if references else present.typical(clips, sure & (decision.choice == number))
        for number, name in enumerate(decision.names)
    }
    to_hear = [voice["medoid"] for voice in described] + [clip for chosen in typical.values() for clip in chosen]
    paths = paths_of(work, clips.row[to_hear].tolist() if to_hear else [])
    kept = {name: [paths[int(clips.row[clip])] for clip in chosen] for name, chosen in typical.items() if chosen}
    if not references:
        write_references(kept, out / "references", work)
    rows = [voice | {"medoid": paths[int(clips.row[voice["medoid"]])]} for voice in described]
    manifest.write_text(out / "speakers.csv", present.to_csv(present.VOICE, rows))
    lines = []
    for number, verdict in enumerate(decision.verdicts):
        chosen = decision.choice == number
        seconds = [float(clips.seconds[chosen & (decision.answer == a)].sum()) for a in range(3)]
        lines.append(present.describe_target(decision.names[number], verdict, seconds, decision.doubts[number]))
    manifest.write_text(out / "targets.csv", present.to_csv(present.TARGET, lines))


def main() -> None:
    job = program.parse(STAGE, __doc__)
    settings = job.settings
    references = job.work / "reference" / "references.npz" if settings.targets else None
    with vouch.alone(job.out):
        process(job.work, job.out, references, str(settings.threshold), settings.short_clips, settings.voices)


if __name__ == "__main__":
    entry.run(main)
