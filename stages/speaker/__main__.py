"""speaker: keep the clips of the wanted voice, decided on the corpus as a whole.

With targets, a clip is a target's (kept), perhaps one (reject `uncertain`, for a person to hear) or nobody's. Without,
the voices with most seconds are kept as voice1, voice2, … and their most typical clips copied to OUT/references. A
threshold given as a number judges clip by clip instead, by plain cosine to the target.

Writes for each shard the clips that are wanted or uncertain (manifest.jsonl), and for all: rejects.jsonl; voices.jsonl
(voice, gender and answer of every clip); speakers.csv (all voices, with a clip to listen to); targets.csv (how surely
each target was found). What a person decided outweighs all this. Rows are streamed; memory grows by about 1.2 kB a
clip.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

import numpy as np

from pipeline import audio, decisions, entry, manifest, program, vouch
from pipeline.decision import Decision
from pipeline.rows import Embedded, Facts, NormalizedClip, Reject
from stages.speaker import decided, present, threshold
from stages.speaker.choice import Choice, choose, find, nothing
from stages.speaker.present import Clips

STAGE = "speaker"
TOLD_OF_CLIPS = ("schema", "id", "recording_id", "source", "sha256", "start", "end", "path")
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
    vectors, facts, numbers, sha256 = [], [], {}, []
    path = stored = None
    for i, row in enumerate(stream(work)):
        if row["voiced_seconds"] <= 0:
            continue
        if row["embeddings"] != path:
            audio.check_there(work / row["embeddings"])
            path, stored = row["embeddings"], np.load(work / row["embeddings"])["vectors"]
        number = numbers.setdefault(row["recording_id"], len(numbers))
        if number == len(sha256):
            sha256.append(row["sha256"])
        vectors.append(stored[row["embedding"]])
        male = row.get("male", float(row["label"] == "male"))
        facts.append((i, row["duration"], number, male, row["start"], row["end"]))
    place, seconds, recording, male, start, end = np.array(facts, float).reshape(-1, 6).T
    vectors = np.array(vectors, np.float32)
    return Clips(place.astype(int), vectors, seconds, recording.astype(int), male, start, end, sha256)


def decide(row: dict, choice: int, answer: int, scores: np.ndarray, names: list[str], short_clips: str) -> dict:
    """The row as kept, or its reject. scores: (targets,) plain cosines; row["decided"]: what a person decided on."""
    nearest = int(np.argmax(scores))
    if row["voiced_seconds"] < JUDGED_SECONDS and short_clips == "reject" and row["decided"] != "clip":
        message = f"{row['voiced_seconds']:.2f} s of voice, {JUDGED_SECONDS} s are needed to judge."
        return manifest.reject(row, STAGE, "too_short_to_judge", message)
    if choice < 0 or answer == threshold.REJECTED:
        message = f"Nearest target {names[nearest]}, similarity {scores[nearest]:.3f}."
        if row["decided"]:
            message = "A person heard that it is nobody who is wanted."
        return manifest.reject(row, STAGE, "other_speaker", message)
    if answer == threshold.UNCERTAIN:
        return manifest.reject(row, STAGE, "uncertain", f"Perhaps {names[choice]}, to be heard: {row['path']}")
    return row | {"parent_id": row["id"], "speaker": names[choice], "similarity": round(float(scores[choice]), 4)}


def write_rows(work: Path, out: Path, clips: Clips, choice: Choice, genders: list[str], short_clips: str) -> None:
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
                    answer, scores = int(choice.answer[clip]), clips.vectors[clip] @ choice.targets.T
                    target = int(choice.choice[clip])
                    voice = {"voice": present.name(choice.voice[clip]), "gender": genders[choice.voice[clip]]}
                    voice["decided"] = decided.TOLD[choice.by[clip]]
                    result = decide(row | voice, target, answer, scores, choice.names, short_clips)
                    if "reason" in result:
                        reject(result)
                        if result["reason"] == "uncertain":
                            keep(row | voice | {"answer": "uncertain"})
                    else:
                        keep(result | {"answer": "confident"})
                    tell(
                        {name: row[name] for name in TOLD_OF_CLIPS}
                        | voice
                        | {"answer": present.ANSWERS[answer], "speaker": choice.names[target] if target >= 0 else ""}
                        | {"similarity": round(float(scores.max()), 4)}
                    )
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


def process(
    work: Path,
    out: Path,
    references: Path | None,
    least: str,
    short_clips: str,
    count: int,
    told: Sequence[Decision] = (),
) -> None:
    """Decide on all clips and write what the stage writes. told: what people decided."""
    clips = read(work)
    if len(clips.row):
        choice = choose(clips, find(clips), references, least, count, told)
    else:
        choice = nothing(np.load(references)["names"].tolist() if references else [])
    described = present.describe_voices(clips, choice)
    write_rows(work, out, clips, choice, [voice["gender"] for voice in described], short_clips)
    sure = choice.answer == threshold.CONFIDENT
    typical = {
        name: [] if references else present.typical(clips, sure & (choice.choice == number))
        for number, name in enumerate(choice.names)
    }
    to_hear = [clip for voice in described for clip in voice["typical"]]
    to_hear += [clip for chosen in typical.values() for clip in chosen]
    paths = paths_of(work, clips.row[to_hear].tolist() if to_hear else [])
    kept = {name: [paths[int(clips.row[clip])] for clip in chosen] for name, chosen in typical.items() if chosen}
    if not references:
        write_references(kept, out / "references", work)
    for voice in described:
        heard = [paths[int(clips.row[clip])] for clip in voice["typical"]]
        voice |= {"medoid": heard[0], "typical": " ".join(Path(path).stem for path in heard)}
    manifest.write_text(out / "speakers.csv", present.to_csv(present.VOICE, described))
    lines = []
    for number, verdict in enumerate(choice.verdicts):
        chosen = choice.choice == number
        seconds = [float(clips.seconds[chosen & (choice.answer == a)].sum()) for a in range(3)]
        lines.append(present.describe_target(choice.names[number], verdict, seconds, choice.doubts[number]))
    manifest.write_text(out / "targets.csv", present.to_csv(present.TARGET, lines))


def main() -> None:
    job = program.parse(STAGE, __doc__)
    settings = job.settings
    references = job.work / "reference" / "references.npz" if settings.targets else None
    with vouch.alone(job.out):
        told = decisions.of(Path(settings.decisions))
        process(job.work, job.out, references, str(settings.threshold), settings.short_clips, settings.voices, told)
        manifest.write_text(job.out / "told.json", json.dumps([decision.id for decision in told]))


if __name__ == "__main__":
    entry.run(main)
