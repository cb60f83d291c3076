"""How well the gate finds wrong texts, with pocketsphinx as the witness.

    python -m benchmarks.text_gate ../shared/data/radio --work work

WORK is a work folder of a run over the shows with pocketsphinx among `transcribe.engines`. Of the clips whose true text
is known, a third of the texts, drawn at random, are made wrong: cut by up to half, swapped for another clip's, a phrase
repeated, words invented behind them. Printed are precision and recall of the default thresholds over many draws, what
was missed by kind, error rates of what pocketsphinx hears, all of it and what the gate keeps, and how much that is.
"""

import argparse
import random
from collections import Counter
from pathlib import Path

from evaluation import spoken
from evaluation.texts import Text, rates
from pipeline import entry, manifest
from pipeline.errors import ConfigError
from pipeline.rows import Transcribed
from stages.proofread import choose, pace
from stages.select.settings import Filters
from stages.select.thresholds import Thresholds

WITNESS = "pocketsphinx"
DRAWS = 200
KINDS = ("cut", "swapped", "repeated", "invented")
INVENTED = (
    "and then she went home because it was late so thank you very much for watching and see you next time".split()
)


def wrong(text: str, kind: str, others: list[str], chance: random.Random) -> str:
    """A text made wrong in one of KINDS."""
    words = text.split()
    if kind == "swapped":
        return chance.choice([other for other in others if other != text])
    if kind == "invented":
        first = chance.randrange(len(INVENTED) - 6)
        return " ".join([text, *INVENTED[first : first + chance.randint(2, 6)]])
    if kind == "repeated" and len(words) > 3:
        first = chance.randrange(len(words) - 2)
        last = first + chance.randint(2, min(5, len(words) - first))
        return " ".join([*words[:last], *words[first:]])
    count = chance.randint(1, max(1, len(words) // 2))
    return " ".join(words[count:] if chance.random() < 0.5 else words[:-count])


def heard(work: Path, radio: Path) -> list[tuple[dict, dict, str]]:
    """(row, the witness's candidate, true text or "" where it is not known) of every clip that the witness heard."""
    said = spoken.read_table(radio / "texts.csv")
    clips = []
    for shard in manifest.shards(work):
        facts = manifest.stream(manifest.of_shard(work, "transcribe", shard), Transcribed)
        by_id = {fact["id"]: fact["candidates"] for fact in facts}
        for row in manifest.lines(manifest.of_shard(work, "speaker", shard)):
            candidate = next((text for text in by_id.get(row["id"], ()) if text["source"] == WITNESS), None)
            timeline = radio / f"{Path(row['source']).stem}.csv"
            if candidate and row["answer"] == "confident" and timeline.is_file():
                truth = spoken.truth((row["start"], row["end"]), spoken.utterances(timeline, said))
                clips.append((row, candidate, truth[0] if truth and truth[1] == "en" else ""))
    return clips


def doubted(text: dict, candidates: list[dict], row: dict, thresholds: Thresholds) -> bool:
    """Whether the default thresholds speak against a text."""
    chosen = choose.by_machine(candidates, "en")
    paces: dict[tuple[str, str], pace.Pace] = {}  # a handful of clips tells no voice's pace
    return bool(thresholds.text_faults(chosen | choose.measured(chosen, candidates, row, paces) | {"asked": [WITNESS]}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("radio", type=Path, help="the development shows")
    parser.add_argument("--work", type=Path, required=True, help="work folder of a run with pocketsphinx")
    args = parser.parse_args()
    thresholds = Thresholds.of(Filters().model_dump())
    everything = heard(args.work, args.radio)
    clips = [clip for clip in everything if clip[2]]
    if not clips:
        raise ConfigError(f"{args.work}: {WITNESS} heard no clip whose text is known: run with it among the engines.")
    hits, false, missed = 0, 0, Counter()
    truths = [truth for _, _, truth in clips]
    for draw in range(DRAWS):
        chance = random.Random(draw)
        for row, witness, truth in clips:
            kind = chance.choice(KINDS) if chance.random() < 1 / 3 else ""
            text = wrong(truth, kind, truths, chance) if kind else truth
            candidate = witness | {"source": "given", "text": text, "words": [], "log_probability": None}
            if doubted(candidate, [candidate, witness], row, thresholds):
                hits, false = hits + bool(kind), false + (not kind)
            elif kind:
                missed[kind] += 1
    print(f"{len(clips)} clips, {DRAWS} draws: precision {hits / max(hits + false, 1):.3f}, ", end="")
    print(f"recall {hits / max(hits + missed.total(), 1):.3f}; missed {dict(missed)}")
    alone = [
        Text(row["id"], WITNESS, "en", truth, witness["text"], not doubted(witness, [witness], row, thresholds))
        for row, witness, truth in clips
    ]
    for name, texts in (("all", alone), ("kept", [text for text in alone if text.kept])):
        for figures in rates(texts).values():
            error_rates = f"WER {figures.wer:.3f}, CER {figures.cer:.3f}"
            print(f"{WITNESS} alone, {name}: {figures.clips} clips, {error_rates}")
    for speaker in sorted({row["speaker"] for row, _, _ in clips}):
        own = [(row, witness) for row, witness, _ in everything if row["speaker"] == speaker]
        kept = sum(not doubted(witness, [witness], row, thresholds) for row, witness in own)
        print(f"{WITNESS} alone, {speaker}: {kept} of {len(own)} clips kept")


if __name__ == "__main__":
    entry.run(main)
