"""report: one page that shows a corpus, where its hours went, how it measures and how it sounds.

It is made of statistics.json, the tables and the work folder's manifests, each read a row at a time; what is not there
(a score, the work folder, a source recording) is left out. It opens offline and is the same, byte for byte, each time.
"""

import argparse
import json
from pathlib import Path

from pipeline import manifest, program, run
from pipeline.errors import ConfigError
from stages import select
from stages.export import MARKER
from stages.reports import compare, funnel, histograms, page, players, sound, spectrograms, strips, tables, words
from stages.reports import thresholds as curves

SPEAKERS = 20  # lines of the table of speakers


def statistics_of(corpus: Path) -> dict:
    """What the export stage counted. Raises ConfigError where `corpus` has no such account."""
    path = corpus / "statistics.json"
    if not path.is_file():
        raise ConfigError(f"report: {path} does not exist: run the export stage, or check --corpus.")
    return json.loads(path.read_text(encoding="utf-8"))


def tiles(statistics: dict) -> list[tuple[str, str]]:
    """The figures at the top."""
    given, kept = statistics["input"], statistics["kept"]
    return [
        ("recordings", f"{given['recordings']:,}"),
        ("input", words.span(given["seconds"])),
        ("corpus", words.span(kept["seconds"])),
        ("of the input", words.share(kept["seconds"], given["seconds"])),
        ("clips", f"{kept['clips']:,}"),
        ("speakers", f"{len(statistics['speakers']):,}"),
    ]


def compared(this: histograms.Spread, other: Path | None) -> dict:
    """The parts of the comparison; `compared` is None where there is nothing to compare with."""
    if not other:
        return {"compared": None}
    there = histograms.Spread()
    tables.feed(tables.clips(other), [there])
    return {
        "compared": compare.figures(this, there),
        "compared_clips": [f"{one.clips:,}" for one in (this, there)],
        "other": tables.clean(str(other)),
        "divergence_bins": compare.DIVERGENCE_BINS,
    }


def process(work: Path, corpus: Path, other: Path | None, marks: dict[str, dict[str, float]]) -> str:
    """The page's HTML. marks: the thresholds that were set, {score: {"min": value, "max": value}}."""
    statistics = statistics_of(corpus)
    spread, spans, choice = histograms.Spread(), strips.Kept(), players.Choice()
    tables.feed(tables.clips(corpus), (spread, spans, choice))
    messages, rejected = funnel.Messages(), players.Rejected()
    tables.feed(tables.rejects(corpus), (messages, rejected))
    recordings, sources = strips.recordings(work), players.Sources(work)
    speakers = funnel.speakers(statistics)
    parts = {
        "tiles": tiles(statistics),
        "funnel": funnel.steps(statistics),
        "speakers": speakers[:SPEAKERS],
        "more_speakers": len(speakers[SPEAKERS:]),
        "rejects": funnel.table(statistics, messages.of),
        "labels": strips.legend(recordings),
        "strips": strips.figures(recordings, spans),
        "strips_rest": strips.rest(recordings, spans),
        "histograms": histograms.figures(spread),
        "thresholds": curves.figures(curves.candidates(work, corpus), marks),
        "pairs": list(players.pairs(choice, corpus, sources)),
        "kept": list(players.kept(choice, corpus)),
        "borderline": list(players.borderline(choice, corpus)),
        "rejected": list(players.rejected(rejected, sources)),
        "range_db": int(spectrograms.RANGE_DB),
        "longest": sound.LONGEST,
    }
    return page.render(parts | compared(spread, other))


def marks(least: list[str], greatest: list[str]) -> dict[str, dict[str, float]]:
    """The thresholds of flags as the select stage takes them: {score: {"min": value, "max": value}}."""
    found: dict[str, dict[str, float]] = {}
    for side, given in (("min", least), ("max", greatest)):
        for name, value in select.bounds(given).items():
            found.setdefault(name, {})[side] = value
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=program.Defaults)
    parser.add_argument("--work", type=Path, required=True, help="work folder with the manifests of all stages")
    parser.add_argument("--corpus", type=Path, required=True, help="corpus folder; report.html is written there")
    parser.add_argument("--compare", type=Path, help="another corpus folder, to hold the distributions against")
    parser.add_argument("--min", action="append", default=[], metavar="SCORE=VALUE", help="a threshold that was set")
    parser.add_argument("--max", action="append", default=[], metavar="SCORE=VALUE", help="a threshold that was set")
    args = parser.parse_args()
    statistics_of(args.corpus)
    with run.alone(args.corpus, MARKER):
        text = process(args.work, args.corpus, args.compare, marks(args.min, args.max))
        manifest.write_text(args.corpus / "report.html", text)


if __name__ == "__main__":
    program.run(main)
