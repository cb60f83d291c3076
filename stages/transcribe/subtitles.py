"""The texts that captions give to the clips of one recording."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from engines import spans
from pipeline import levels
from pipeline.program import Job
from stages.transcribe import captions, islands, step
from stages.transcribe.captions import Captions, Unreadable
from stages.transcribe.islands import Islands
from stages.transcribe.settings import CAPTIONS
from stages.transcribe.step import Step

ORIGINAL = "-orig"  # how automatic captions in the language that is spoken are marked
UNSURE = "there are captions in other languages too: no text is taken, until transcribe.language says which is spoken."


@dataclass
class Brought:
    """What captions brought: `texts`: clip -> candidates; `account`: what became of each file, for the report."""

    used: bool = False
    language: str | None = None
    texts: dict[str, list[dict]] = field(default_factory=dict)
    account: list[dict] = field(default_factory=list)


def of_recording(recording: dict, files: list[Path], rows: list[dict], job: Job) -> Brought:
    """The texts of the clips `rows` of a recording (one of segment's rows), from the first caption file that fits."""
    brought = Brought()
    with ThreadPoolExecutor(job.settings.threads) as pool:
        level = levels.of_vocals(recording, job.work, pool)
    edges = [edge for row in rows for edge in (row["start"], row["end"])]
    speech = islands.of(spans.read_csv(job.work / recording["path"]), level, edges)
    unsure = [] if job.settings.language else translations(files)
    for path in in_order(files, job.settings.language):
        told = {"recording_id": recording["id"], "file": path.name, "used": False}
        brought.account.append(told)
        try:
            read = captions.read(path)
        except Unreadable as error:
            told["refused"] = f"{path.name}: {error}: no text is taken from it."
            continue
        told |= {"language": read.language, "cues": len(read.cues), "repairs": read.repairs}
        if job.settings.language and read.language not in (None, job.settings.language):
            told["refused"] = f"{path.name}: they are in '{read.language}', spoken is '{job.settings.language}'."
            continue
        if path in unsure:
            told["refused"] = f"{path.name}: {UNSURE}"
            continue
        placed = step.put(read.cues, speech)
        told["shift"] = round(placed.shift, 2)
        if placed.rate != 1:
            told["repairs"] = [*read.repairs, f"its times multiplied by {placed.rate:.4f}, the speed of the recording"]
        if placed.refused:
            told["refused"] = f"{path.name}: {placed.refused}: no text is taken from them."
            continue
        brought.used, brought.language = True, read.language or job.settings.language
        brought.texts = texts(read, placed, speech, rows, job.settings.least_probability)
        told |= {"used": True, "texts": len(brought.texts)}
        break
    return brought


def translations(files: list[Path]) -> list[Path]:
    """Those of a recording's caption files that may be translations: of several languages, not marked as original."""
    stated = {path: language for path in files if (language := captions.language_of(path))}
    unmarked = [path for path in stated if not path.stem.endswith(ORIGINAL)]
    return unmarked if len(set(stated.values())) > 1 else []


def in_order(files: list[Path], language: str | None) -> list[Path]:
    """Caption files in the order in which they are tried.

    The language that is spoken, what is marked as original, what states no language, then the others: a translation
    fits the times of what is spoken as well, so that it must not come first.
    """

    def rank(path: Path) -> tuple:
        stated = captions.language_of(path)
        return (
            stated != language if language else False,
            not path.stem.endswith(ORIGINAL),
            stated is not None,
            path.name,
        )

    return sorted(files, key=rank)


def texts(read: Captions, placed: Step, speech: Islands, rows: list[dict], least: float) -> dict[str, list[dict]]:
    """Clip -> its candidate, where at least with this probability it holds exactly the words that captions give it."""
    candidates = {}
    for row in rows:
        inside = speech.within(row["start"], row["end"])
        fit = placed.alignment.between(inside.start, inside.stop) if inside else None
        if fit and fit.probability >= least:
            candidates[row["id"]] = [
                {
                    "source": CAPTIONS,
                    "text": placed.alignment.words.text(fit.first, fit.stop),
                    "language": read.language,
                    "confidence": round(fit.probability, 3),
                    "log_probability": None,
                    "no_speech": None,
                    "words": [],
                }
            ]
    return candidates
