"""tone: the tone of every wanted clip, by a model or by clusters, as facts joined by the clip's id.

A clip is held against all clips of its speaker, so this is one job for the corpus; what costs time, `describe` has
done. A clip without a voice, one of a speaker with few clips, and one whose tone is not sure have none (""). `place` is
the clip's place on the report's map. What a person said of a clip's tone outweighs all this.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from engines.tone import clusters
from engines.tone.model import Model, tell
from engines.tone.normalization import Speaker
from engines.tone.plane import Plane
from pipeline import decisions, entry, lock, manifest, program
from pipeline.decision import Decision
from pipeline.places import Latest
from pipeline.program import Job
from pipeline.rows import Toned
from stages.tone import vectors

STAGE = "tone"


def plane_of(work: Path, known: dict[str, Speaker]) -> Plane:
    """The plane in which the clips of the corpus differ most."""
    plane = Plane()
    for _, batch in vectors.normalized(work, known):
        plane.add(batch)
    return plane


def by_model(job: Job, known: dict[str, Speaker], plane: Plane) -> Iterator[dict]:
    """The facts of the clips that a model can judge."""
    model = Model(Path(job.settings.model))
    for rows, batch in vectors.normalized(job.work, known):
        chances = model.probabilities(chosen(batch, model.card.parts), job.settings.tones)
        tones, sure = tell(chances, model.card.tones, job.settings.min_confidence)
        yield from map(fact, rows, tones, sure, plane.places(batch))


def chosen(batch: np.ndarray, parts: list[str]) -> np.ndarray:
    """The columns of vectors (n, d) that belong to some parts, in the order of these."""
    starts = dict(zip(vectors.SIZES, np.cumsum([0, *vectors.SIZES.values()]), strict=False))
    return np.concatenate([batch[:, starts[part] : starts[part] + vectors.SIZES[part]] for part in parts], axis=1)


def by_clusters(job: Job, known: dict[str, Speaker], plane: Plane) -> Iterator[dict]:
    """The facts of the clips that fall into groups, named by what sets these apart."""
    rows, places, traits = [], [np.zeros((0, 2))], [np.zeros((0, len(clusters.TRAITS)))]
    for part, batch in vectors.normalized(job.work, known):
        rows += [{name: row[name] for name in ("schema", "id", "recording_id")} for row in part]
        places.append(plane.places(batch))
        traits.append(clusters.traits(batch))
    places, traits = np.concatenate(places), np.concatenate(traits)
    if not rows:
        return
    wanted = job.settings.clusters
    groups = clusters.group(places, clusters.count(places) if wanted == "auto" else wanted)
    names, sure = clusters.words(traits, groups), clusters.confidence(places, groups)
    tones = [names[at] if trust >= job.settings.min_confidence else "" for at, trust in zip(groups, sure, strict=True)]
    yield from map(fact, rows, tones, sure, places)


def fact(row: dict, tone: str, sure: float, place: np.ndarray) -> dict:
    """A clip's tone, how sure it is (three digits), and its place on the map."""
    known = {name: row[name] for name in ("schema", "id", "recording_id")}
    return known | {
        "tone": tone,
        "tone_confidence": round(float(sure), 3),
        "place": [round(float(value), 3) for value in place],
        "by_person": False,
    }


def decided(facts: Iterable[dict], wanted: Iterable[dict], told: Iterable[Decision]) -> Iterator[dict]:
    """The facts with what people said laid over them, then those of clips that only people could tell.

    wanted: the rows of all wanted clips; told: decisions that hold, of which those on tones count.
    """
    latest = Latest(decision for decision in told if decision.kind == "tone")
    by_person = {}
    for row in wanted:
        if decision := latest.of(row):
            known = {name: row[name] for name in ("schema", "id", "recording_id")}
            said = {"tone": decision.value, "tone_confidence": 1.0, "place": None, "by_person": True}
            by_person[row["id"]] = known | said
    for machine in facts:
        said = by_person.pop(machine["id"], {})
        yield machine | said | {"place": machine["place"]}
    yield from by_person.values()


def main() -> None:
    job = program.parse(STAGE, __doc__)
    with lock.alone(job.out):
        known = vectors.speakers(job.work)
        facts = (by_model if job.settings.model else by_clusters)(job, known, plane_of(job.work, known))
        told = decisions.of(Path(job.settings.decisions))
        manifest.write(job.out / manifest.MANIFEST, decided(facts, vectors.wanted(job.work), told), Toned)


if __name__ == "__main__":
    entry.run(main)
