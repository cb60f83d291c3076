"""formats: the corpus in the layouts that trainers read, and its dataset card.

Each format is a folder of the corpus, built beside and put in its place when whole; folders of formats that are not
wanted (any more) are removed, as they would tell of an older corpus. README.md comes last.
"""

import argparse
import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import manifest, program, run
from pipeline.errors import ConfigError
from pipeline.faults import MARKER
from stages.exports import card, huggingface, kaldi, lhotse, ljspeech, nemo, webdataset
from stages.exports.clips import Clips
from stages.exports.splits import NAMES, Splits

FORMATS = {
    "ljspeech": ljspeech.write,
    "huggingface": huggingface.write,
    "lhotse": lhotse.write,
    "kaldi": kaldi.write,
    "nemo": nemo.write,
    "webdataset": webdataset.write,
}
log = logging.getLogger("voxsieve")


@contextmanager
def building(place: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `place` when the block ends without error."""
    new, old = (place.with_name(f"{place.name}.{age}") for age in ("new", "old"))
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
    new.mkdir()
    yield new
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def statistics_of(corpus: Path) -> dict:
    """What the export stage counted. Raises ConfigError where `corpus` is not one that voxsieve made."""
    if not (corpus / MARKER).exists() or not (corpus / "statistics.json").is_file():
        raise ConfigError(
            f"formats: {corpus} is not a corpus that voxsieve made: run the export stage, or check --corpus."
        )
    return json.loads((corpus / "statistics.json").read_text(encoding="utf-8"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=program.Defaults)
    parser.add_argument("--corpus", type=Path, required=True, help="corpus folder, as the export stage wrote it")
    parser.add_argument("--format", action="append", choices=FORMATS, default=[], help="one to write; repeatable")
    parser.add_argument("--validation", type=float, default=0.05, help="expected share of the recordings")
    parser.add_argument("--test", type=float, default=0.05, help="expected share of the recordings")
    parser.add_argument("--seed", type=int, default=0, help="another seed is another draw of the splits")
    parser.add_argument("--settings", type=json.loads, default={}, help="the run's settings as JSON, for the card")
    args = parser.parse_args()

    statistics = statistics_of(args.corpus)
    with run.alone(args.corpus, MARKER):
        write(args, statistics)


def write(args: argparse.Namespace, statistics: dict) -> None:
    """Write the wanted formats into the corpus, remove the others, and put the card beside them."""
    clips = Clips(args.corpus, Splits(args.validation, args.test, args.seed))
    if absent := [name for name in NAMES if name not in clips.splits]:
        log.warning("no recording fell to %s: raise its share in export.split or change the seed", ", ".join(absent))
    for name, write_format in FORMATS.items():
        if name in args.format:
            with building(args.corpus / name) as out:
                write_format(clips, out)
            log.info("%s: %d clips", name, sum(clips.splits.values()))
        else:
            shutil.rmtree(args.corpus / name, ignore_errors=True)
    wanted = [name for name in FORMATS if name in args.format]
    manifest.write_text(args.corpus / "README.md", card.text(clips, statistics, wanted, args.settings))


if __name__ == "__main__":
    program.run(main)
