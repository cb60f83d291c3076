"""formats: the corpus in the layouts that trainers read, its splits, and its dataset card.

Each layout is a folder of the corpus, built elsewhere and moved into place when complete. Folders of layouts that are
no longer wanted are removed, as they would describe an older corpus. Texts that a person wrote into a layout are saved
first. splits.csv records how the corpus was split; README.md, the card, is written last.
"""

import json
import logging
import shutil
from pathlib import Path

from pipeline import corpus, entry, lock, manifest, metadata, program, tables, texts, vouch
from pipeline.errors import ConfigError
from pipeline.program import Job
from stages.formats import card, layouts, splits
from stages.formats.clips import Clips
from stages.formats.parting import Parting
from stages.formats.splits import GAP, NONE, Shares

STAGE = "formats"
CARD = "README.md"
log = logging.getLogger("voxsieve")


def statistics_of(place: Path) -> dict:
    """What the export stage counted. Raises ConfigError where `place` is not a corpus that voxsieve made."""
    if not (place / corpus.MARKER).exists() or not (place / corpus.STATISTICS).is_file():
        raise ConfigError(
            f"formats: {place} is not a corpus that voxsieve made: run the export stage, or check --corpus-dir."
        )
    return json.loads((place / corpus.STATISTICS).read_text(encoding="utf-8"))


def take_up_texts(place: Path) -> None:
    """Bring texts that a person wrote into a layout into metadata.csv, before the layout is built anew."""
    clips = (row | {"id": row["clip"]} for row in tables.rows(place / corpus.CLIPS, texts.PLACE, texts.PLACE))
    given, left = texts.carry(texts.gather(place), clips)
    heard = metadata.read(place / metadata.WRITTEN)
    names = (row["clip"] for row in tables.rows(place / corpus.CLIPS, {"clip": str}))
    versions = ((name, heard.get(name, metadata.NOTHING)) for name in names)
    texts.write(place, ((name, version, version[1]) for name, version in versions), given, left)


def tell_splits(clips: Clips) -> None:
    """Log which wanted splits are empty, and how many clips are in none."""
    wanted = {splits.VALIDATION: clips.shares.validation, splits.TEST: clips.shares.test}
    for name in (name for name, share in wanted.items() if share and name not in clips.splits):
        log.warning("the split %s is empty: raise its share in export.split or change export.seed", name)
    if apart := clips.count(NONE):
        log.info("clips in no split, because they are within %g s of another split's clip: %d", GAP, apart)


def write(job: Job, place: Path) -> list[str]:
    """Write the wanted layouts into the corpus, remove the others, and put the card beside them; name what there is."""
    settings, statistics = job.settings, statistics_of(place)
    take_up_texts(place)
    shares = Shares(settings.split.validation, settings.split.test, settings.seed)
    clips = Clips(place, shares, Parting(settings.as_speakers, settings.min_hours))
    tell_splits(clips)
    new = place / f"{corpus.BUILDING}-{STAGE}"
    shutil.rmtree(new, ignore_errors=True)
    wanted = {name: layout for name, layout in layouts.known().items() if name in settings.exports}
    for name, layout in wanted.items():
        clips.check(layout.NEEDS, name)
        (new / name).mkdir(parents=True)
        layout.write(clips, new / name)
        log.info("%s: %d clips", name, sum(clips.splits.values()))
    for name in layouts.known():
        shutil.rmtree(place / name, ignore_errors=True)
        if name in wanted:
            (new / name).rename(place / name)
    shutil.rmtree(new, ignore_errors=True)
    splits.write(place / splits.FILE, clips.divided, clips.shares)
    manifest.write_text(place / CARD, card.text(clips, statistics, list(wanted), job.args.described))
    return [*wanted, splits.FILE, CARD]


def main() -> None:
    def add(parser) -> None:
        parser.add_argument("--described", type=json.loads, default={}, help="the run's settings as JSON, for the card")

    job = program.parse(STAGE, __doc__, add)
    place = Path(job.settings.corpus_dir)
    statistics_of(place)
    with lock.alone(place, corpus.MARKER), vouch.alone(job.out):
        names = write(job, place)
        corpus.record(job.out, place, names, [place / metadata.METADATA, *metadata.copies(place)])


if __name__ == "__main__":
    entry.run(main)
