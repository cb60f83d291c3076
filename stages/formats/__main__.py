"""formats: the corpus in the layouts that trainers read, and its dataset card.

Each layout is a folder of the corpus, built beside and put in its place when whole; folders of layouts that are not
wanted (any more) are removed, as they would tell of an older corpus. Texts that a person wrote into one are taken up
first. README.md comes last.
"""

import json
import logging
import shutil
from pathlib import Path

from pipeline import corpus, lock, manifest, program, tables, texts
from pipeline.errors import ConfigError
from pipeline.program import Job
from stages.formats import card, layouts
from stages.formats.clips import Clips
from stages.formats.splits import NAMES, Splits

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
    clips = tables.read(place / corpus.CLIPS, only=["clip", "sha256", "start", "end"]).rename(columns={"clip": "id"})
    given, left = texts.carry(texts.gather(place), clips.to_dict("records"))
    texts.write(place, clips["id"], given, left)


def write(job: Job, place: Path) -> list[str]:
    """Write the wanted layouts into the corpus, remove the others, and put the card beside them; give what there is."""
    settings, statistics = job.settings, statistics_of(place)
    take_up_texts(place)
    clips = Clips(place, Splits(settings.split.validation, settings.split.test, settings.seed))
    if absent := [name for name in NAMES if name not in clips.splits]:
        log.warning("no recording fell to %s: raise its share in export.split or change the seed", ", ".join(absent))
    new = place / f"{corpus.BUILDING}-{STAGE}"
    shutil.rmtree(new, ignore_errors=True)
    for name, layout in layouts.known().items():
        if name in settings.exports:
            (new / name).mkdir(parents=True)
            layout.write(clips, new / name)
            log.info("%s: %d clips", name, sum(clips.splits.values()))
    for name in layouts.known():
        shutil.rmtree(place / name, ignore_errors=True)
        if name in settings.exports:
            (new / name).rename(place / name)
    shutil.rmtree(new, ignore_errors=True)
    manifest.write_text(place / CARD, card.text(clips, statistics, settings.exports, job.args.described))
    return [*settings.exports, CARD]


def main() -> None:
    def add(parser) -> None:
        parser.add_argument("--described", type=json.loads, default={}, help="the run's settings as JSON, for the card")

    job = program.parse(STAGE, __doc__, add)
    place = Path(job.settings.corpus_dir)
    statistics_of(place)
    with lock.alone(place, corpus.MARKER), lock.alone(job.out):
        names = write(job, place)
        files = [
            path for name in names for path in [place / name, *sorted((place / name).rglob("*"))] if path.is_file()
        ]
        sizes = {path.relative_to(place).as_posix(): path.stat().st_size for path in files}
        own = {name: size for name, size in sizes.items() if name not in texts.COPIES}
        manifest.write_text(job.out / "corpus.json", json.dumps({"corpus": str(place), "files": own}, indent=0) + "\n")


if __name__ == "__main__":
    program.run(main)
