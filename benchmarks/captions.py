"""How captions are put in step with speech, when they are as they are, moved, of another show, mixed up or made worse.

    python -m benchmarks.captions ../shared/data/radio --work work

WORK is a work folder of a run over the shows. What the others are compared with are the texts that the captions as they
are give to the clips of the wanted voices; docs/texts.md holds these against the truth.
"""

import argparse
import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engines import spans
from engines.textmeasures import letters
from pipeline import entry, levels, manifest
from pipeline.rows import Segmented
from stages.transcribe import captions, islands, step
from stages.transcribe.captions.cue import Cue
from stages.transcribe.islands import Islands

LEAST = (0.5, 0.8, 0.85, 0.9, 0.95)  # probabilities at which texts are counted
SEEDS = 3
Change = Callable[[list[Cue], random.Random], list[Cue]]


def cut(cues: list[Cue], chance: random.Random) -> list[Cue]:
    """Cues of more than five words parted at a random word, at a time off by up to 0.3 s."""
    parted = []
    for cue in cues:
        words = cue.text.split()
        if len(words) <= 5:
            parted.append(cue)
            continue
        at = chance.randint(2, len(words) - 2)
        share = sum(map(len, words[:at])) / sum(map(len, words))
        middle = cue.start + share * (cue.end - cue.start) + chance.uniform(-0.3, 0.3)
        parted += [Cue(cue.start, middle, " ".join(words[:at])), Cue(middle, cue.end, " ".join(words[at:]))]
    return parted


def joined(cues: list[Cue], chance: random.Random) -> list[Cue]:
    """Some neighbours made one cue."""
    longer: list[Cue] = []
    for cue in cues:
        before = longer[-1] if longer else None
        if before and cue.start - before.end < 1 and len(before.text) < 60 and chance.random() < 0.6:
            longer[-1] = before._replace(end=cue.end, text=f"{before.text} {cue.text}")
        else:
            longer.append(cue)
    return longer


def bare(cues: list[Cue], chance: random.Random) -> list[Cue]:
    """Without punctuation."""
    return [cue._replace(text=re.sub(r"[.,?!]", "", cue.text)) for cue in cues]


def sloppy(cues: list[Cue], chance: random.Random) -> list[Cue]:
    """Times off by up to 0.7 s more, ends by up to 1 s."""
    return sorted(
        cue._replace(start=cue.start + chance.uniform(-0.7, 0.7), end=cue.end + chance.uniform(-0.7, 1)) for cue in cues
    )


def thinned(cues: list[Cue], chance: random.Random) -> list[Cue]:
    """A fifth of them missing."""
    return [cue for cue in cues if chance.random() > 0.2]


def shuffled(cues: list[Cue], chance: random.Random) -> list[Cue]:
    """The texts in another order."""
    return [cue._replace(text=other.text) for cue, other in zip(cues, chance.sample(cues, len(cues)), strict=True)]


def moved(by: float) -> Change:
    return lambda cues, chance: [
        cue._replace(start=cue.start + by, end=cue.end + by) for cue in cues if cue.start + by > 0
    ]


def paced(rate: float) -> Change:
    """Times multiplied."""
    return lambda cues, chance: [cue._replace(start=cue.start * rate, end=cue.end * rate) for cue in cues]


def interrupted(seconds: float) -> Change:
    """The second half too late, as where captions were made before something was cut out of the recording."""

    def change(cues: list[Cue], chance: random.Random) -> list[Cue]:
        half = cues[len(cues) // 2].start
        return [
            cue if cue.start < half else cue._replace(start=cue.start + seconds, end=cue.end + seconds) for cue in cues
        ]

    return change


def slipped(cues: list[Cue], chance: random.Random) -> list[Cue]:
    """A text missing, and those behind it each in the place of the one before."""
    missing = chance.randrange(1, len(cues) - 2)
    texts = [cue.text for cue in cues[:missing] + cues[missing + 1 :]]
    return [cue._replace(text=text) for cue, text in zip(cues, texts, strict=False)]


def worded(cues: list[Cue], chance: random.Random) -> list[Cue]:
    """A word missing in each cue of more than four."""
    changed = []
    for cue in cues:
        words = cue.text.split()
        if len(words) > 4:
            words.pop(chance.randrange(len(words)))
        changed.append(cue._replace(text=" ".join(words)))
    return changed


WORSE: dict[str, Change] = {"cut": cut, "joined": joined, "bare": bare, "sloppy": sloppy, "thinned": thinned}
WORSE["cut, bare"] = lambda cues, chance: bare(cut(cues, chance), chance)
WORSE |= {"slipped": slipped, "word less": worded}
MOVED: dict[str, Change] = {f"{by:+g} s": moved(by) for by in (2.0, -2.0, 30.0)}
MOVED |= {"x 25/24": paced(25 / 24), "x 24/25": paced(24 / 25), "x 1.01": paced(1.01)}
MOVED |= {f"half {by:+g} s": interrupted(by) for by in (3.0, 20.0)}


def shows(work: Path, radio: Path) -> dict[str, tuple[Islands, list[dict], list[Cue]]]:
    """(speech, wanted clips, cues) of every show."""
    known = {}
    for shard in manifest.shards(work):
        wanted = list(manifest.lines(manifest.of_shard(work, "speaker", shard)))
        for row in manifest.stream(manifest.of_shard(work, "segment", shard), Segmented):
            clips = [clip for clip in wanted if clip["recording_id"] == row["id"]]
            path = radio / "captions" / f"{Path(row['source']).stem}.vtt"
            with ThreadPoolExecutor(2) as pool:
                level = levels.of_vocals(row, work, pool)
            edges = [edge for clip in clips for edge in (clip["start"], clip["end"])]
            speech = islands.of(spans.read_csv(work / row["path"]), level, edges)
            sure = [clip for clip in clips if clip["answer"] == "confident"]
            known[path.stem] = speech, sure, captions.read(path).cues
    return known


def texts(speech: Islands, clips: list[dict], cues: list[Cue]) -> dict[str, tuple[str, float]] | None:
    """Clip -> (its text, the probability); None where the captions are refused."""
    placed = step.put(cues, speech)
    if placed.refused:
        return None
    given = {}
    for clip in clips:
        inside = speech.within(clip["start"], clip["end"])
        if fit := placed.alignment.between(inside.start, inside.stop) if inside else None:
            given[clip["id"]] = placed.alignment.words.text(fit.first, fit.stop), fit.probability
    return given


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("radio", type=Path, help="the development shows")
    parser.add_argument("--work", type=Path, required=True, help="work folder of a run over them")
    args = parser.parse_args()
    known = shows(args.work, args.radio)
    right = {name: texts(*show) or {} for name, show in known.items()}
    print(
        f"{'captions':<14}{'refused':>9}{'clips':>7}" + "".join(f"{f'at {least:g}':>9}{'other':>7}" for least in LEAST)
    )
    for kind, change in {"as they are": lambda cues, chance: cues, **MOVED, **WORSE, "shuffled": shuffled}.items():
        refused, clips, given, other = 0, 0, [0] * len(LEAST), [0] * len(LEAST)
        for name, (speech, wanted, cues) in known.items():
            for seed in range(SEEDS if kind in (*WORSE, "shuffled") else 1):
                answer = texts(speech, wanted, change(cues, random.Random(seed)))
                refused, clips = refused + (answer is None), clips + len(wanted)
                for clip, (text, probability) in (answer or {}).items():
                    same = letters(text) == letters(right[name].get(clip, ("", 0.0))[0])
                    for number, least in enumerate(LEAST):
                        given[number] += probability >= least
                        other[number] += probability >= least and not same
        print(f"{kind:<14}{refused:>9}{clips:>7}" + "".join(f"{a:>9}{b:>7}" for a, b in zip(given, other, strict=True)))
    pairs = [(name, other) for name in known for other in known if name != other]
    refused = sum(texts(*known[name][:2], known[other][2]) is None for name, other in pairs)
    print(f"of another show: {refused} of {len(pairs)} refused")


if __name__ == "__main__":
    entry.run(main)
