"""What is said in the clips of a corpus, by a known timeline and the texts of its utterances.

A row of speech in a timeline names its utterance in `source`; a table `source,language,text` tells what is said in it.
A clip's true text is known where it holds whole utterances, each with a text.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from evaluation.texts import Rates, Text, gate, rates
from pipeline import manifest
from pipeline.errors import ConfigError
from pipeline.rows import Proofread

WHOLE = 0.8  # least share of each of an utterance's passages that lies in a clip that holds it
TOUCHED = 0.1  # seconds of an utterance in a clip that count as said in it
TOLERATED = 0.05  # character error rate of a text that is not yet wrong


@dataclass(frozen=True)
class Utterance:
    """What is said, and the spans (start, end) in seconds in which it is said."""

    text: str
    language: str
    spans: list[tuple[float, float]]


def utterances(timeline: Path, said: dict[str, tuple[str, str]]) -> list[Utterance]:
    """The utterances of a timeline; one that `said` (source -> (language, text)) does not have has no text."""
    spans: dict[str, list[tuple[float, float]]] = {}
    with open(timeline, encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["label"] == "speech":
                name = row.get("source", "").partition("|")[0]
                spans.setdefault(name, []).append((float(row["start"]), float(row["end"])))
    nothing = ("", "")
    return [Utterance(said.get(name, nothing)[1], said.get(name, nothing)[0], places) for name, places in spans.items()]


def truth(clip: tuple[float, float], of_recording: list[Utterance]) -> tuple[str, str] | None:
    """(text, language) of what is said in a clip (start, end); None where it is not known for all of it."""
    inside = []
    for utterance in of_recording:
        shares = [(max(min(clip[1], end) - max(clip[0], start), 0), end - start) for start, end in utterance.spans]
        if sum(part for part, _ in shares) > TOUCHED:
            whole = all(part >= WHOLE * length for part, length in shares)
            inside.append((utterance.spans[0][0], utterance, whole))
    if not inside or not all(utterance.text and whole for _, utterance, whole in inside):
        return None
    inside.sort(key=lambda part: part[0])
    return " ".join(utterance.text for _, utterance, _ in inside), inside[0][1].language


def read_table(path: Path) -> dict[str, tuple[str, str]]:
    """source -> (language, text) of a table of utterances. Raises ConfigError where it is none."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as lines:
            return {row["source"]: (row["language"], row["text"]) for row in csv.DictReader(lines)}
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise ConfigError(f"evaluate: --texts {path}: expected the columns source,language,text: {error}.") from error


def of_work(work: Path, timelines: Path, table: Path) -> list[Text]:
    """The texts of all wanted clips whose truth is known; `kept`: whether select kept them."""
    said = read_table(table)
    kept = {row["id"] for row in manifest.lines(work / "select" / manifest.MANIFEST)}
    proofs = {row["id"]: row for row in manifest.stream(work / "proofread" / manifest.MANIFEST, Proofread)}
    by_recording: dict[str, list[Utterance]] = {}
    texts = []
    for shard in manifest.shards(work):
        for row in manifest.lines(manifest.of_shard(work, "speaker", shard)):
            proof, timeline = proofs.get(row["id"]), timelines / f"{Path(row['source']).stem}.csv"
            if not proof or not proof["text"] or not timeline.is_file():
                continue
            if row["source"] not in by_recording:
                by_recording[row["source"]] = utterances(timeline, said)
            if known := truth((row["start"], row["end"]), by_recording[row["source"]]):
                source = f"{proof['text_source']}, {row['speaker']}"
                texts.append(Text(row["id"], source, known[1], known[0], proof["text"], row["id"] in kept))
    return texts


def report(texts: list[Text]) -> str:
    """Error rates by source and voice, of all texts and of the kept ones, and how well the gate finds wrong ones."""
    lines = [f"{'texts of':<34}{'clips':>7}{'WER':>9}{'CER':>9}{'ends wrong':>12}"]
    for source, figures in rates(texts).items():
        lines.append(_line(source, figures))
        kept = rates(text for text in texts if text.source == source and text.kept)
        lines += [_line("  of these kept", of_kept) for of_kept in kept.values()]
    found = gate(texts, TOLERATED)
    lines += ["", f"wrong by more than {TOLERATED:.0%} of their characters: {found.wrong} of {found.texts} texts"]
    shares = [
        f"{name} {value:.3f}" for name, value in (("precision", found.precision), ("recall", found.recall)) if value
    ]
    lines.append(f"dropped: {found.dropped}" + (f", {', '.join(shares)}" if shares else ""))
    return "\n".join(lines)


def _line(name: str, figures: Rates) -> str:
    values = [f"{value:>9.4f}" if value is not None else f"{'-':>9}" for value in (figures.wer, figures.cer)]
    ends = f"{figures.ends:>12.4f}" if figures.ends is not None else f"{'-':>12}"
    return f"{name:<34}{figures.clips:>7}{''.join(values)}{ends}"
