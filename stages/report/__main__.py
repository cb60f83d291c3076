"""report: one page that shows a corpus, where its hours went, how it measures and how it sounds.

It is made of statistics.json, the tables and the work folder's manifests, each read a row at a time; what is not there
(a score, the work folder, a source recording) is left out. It opens offline and is the same, byte for byte, each time.
Where a source recording was away, the next run that finds it makes the page again.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline import corpus as corpora
from pipeline import decisions, entry, lock, manifest, metadata, program, tables, texts, vouch
from pipeline.decision import Decision
from pipeline.errors import ConfigError
from stages.report import (
    compare,
    decided,
    enhanced,
    funnel,
    histograms,
    page,
    players,
    reading,
    sound,
    spectrograms,
    strips,
    thresholds,
    tones,
    transcripts,
    words,
)

STAGE = "report"
PAGE = "report.html"
SPEAKERS = 20  # lines of the table of speakers
AT_ONCE = 2  # lists of players


def statistics_of(corpus: Path) -> dict:
    """What the export stage counted. Raises ConfigError where `corpus` has no such account."""
    path = corpus / corpora.STATISTICS
    if not path.is_file():
        raise ConfigError(f"report: {path} does not exist: run the export stage, or check --corpus-dir.")
    return json.loads(path.read_text(encoding="utf-8"))


def tiles(statistics: dict, with_text: int) -> list[tuple[str, str]]:
    """The figures at the top. with_text: clips that have a text."""
    given, kept = statistics["input"], statistics["kept"]
    transcribed = [("clips with text", words.share(with_text, kept["clips"]))] if with_text else []
    return [
        ("recordings", f"{given['recordings']:,}"),
        ("input", words.span(given["seconds"])),
        ("corpus", words.span(kept["seconds"])),
        ("of the input", words.share(kept["seconds"], given["seconds"])),
        ("clips", f"{kept['clips']:,}"),
        ("speakers", f"{len(statistics['speakers']):,}"),
        *transcribed,
    ]


def compared(this: histograms.Spread, other: Path | None) -> dict:
    """The parts of the comparison; `compared` is None where there is nothing to compare with."""
    if not other:
        return {"compared": None}
    there = histograms.Spread()
    reading.feed(reading.clips(other), [there])
    return {
        "compared": compare.figures(this, there),
        "compared_clips": [f"{spread.clips:,}" for spread in (this, there)],
        "other": tables.legible(str(other)),
        "divergence_bins": compare.DIVERGENCE_BINS,
    }


def process(
    work: Path,
    corpus: Path,
    other: Path | None,
    marks: dict[str, dict[str, float]],
    holding: Sequence[Decision] = (),
    enhance: bool = False,
) -> tuple[str, set[Path]]:
    """The page's HTML, and the source recordings that it has not because their files are away.

    marks: the thresholds that were set, {score: {"min": value, "max": value}}; holding: what people decided; enhance:
    whether clips went through that stage.
    """
    statistics = statistics_of(corpus)
    spread, spans, choice, told = histograms.Spread(), strips.Kept(), players.Choice(), tones.Tones()
    resting, written = decided.Resting(), transcripts.Texts()
    reading.feed(reading.clips(corpus), (spread, spans, choice, resting, told, written))
    messages, rejected = funnel.Messages(), players.Rejected()
    reading.feed(reading.rejects(corpus), (messages, rejected))
    recordings, sources = strips.segmented(work), players.Sources(work)
    speakers = funnel.speakers(statistics)
    parts = {
        "tiles": tiles(statistics, len(texts.of_clips(corpus))),
        "funnel": funnel.steps(statistics),
        "speakers": speakers[:SPEAKERS],
        "more_speakers": len(speakers[SPEAKERS:]),
        "rejects": funnel.table(statistics, messages.of),
        "labels": strips.legend(recordings),
        "strips": strips.figures(recordings, spans),
        "strips_rest": strips.rest(recordings, spans),
        "histograms": histograms.figures(spread),
        "thresholds": thresholds.figures(thresholds.candidates(work, corpus), marks),
        "tones": tones.table(told),
        "tone_map": tones.chart(told, work),
        "enhanced": enhanced.section(reading.manifests(work, "enhance"), work) if enhance else None,
        "range_db": int(spectrograms.RANGE_DB),
        "longest": sound.LONGEST,
    }
    heard = {
        "tone_clips": tones.heard(told, corpus),
        "pairs": players.pairs(choice, corpus, sources),
        "kept": players.kept(choice, corpus),
        "borderline": players.borderline(choice, corpus),
        "rejected": players.rejected(rejected, sources),
    }
    with ThreadPoolExecutor(AT_ONCE) as pool:  # each player is an ffmpeg to wait for
        parts |= zip(heard, pool.map(list, heard.values()), strict=True)
    parts |= compared(spread, other) | decided.parts(holding, resting) | transcripts.parts(written, corpus, work)
    return page.render(parts), sources.absent


def marks(filters: dict[str, dict | None]) -> dict[str, dict[str, float]]:
    """The thresholds that were set, {score: {"min": value, "max": value}}, of the section `filters`."""
    bounds = {
        name: {side: value for side, value in bound.items() if value is not None}
        for name, bound in filters.items()
        if bound
    }
    return {name: bound for name, bound in bounds.items() if bound}


def main() -> None:
    def add(parser) -> None:
        parser.add_argument("--compare", type=Path, help="another corpus folder, to hold the distributions against")

    job = program.parse(STAGE, __doc__, add)
    place = Path(job.settings.corpus_dir)
    enhance = job.settings.mode != "off"
    statistics_of(place)
    with lock.alone(place, corpora.MARKER), vouch.alone(job.out):
        holding = decisions.of(Path(job.settings.decisions))
        bounds = marks(job.settings.filters.model_dump())
        text, absent = process(job.work, place, job.args.compare, bounds, holding, enhance)
        manifest.write_text(place / PAGE, text)
        corpora.record(job.out, place, [PAGE], [place / metadata.METADATA], absent)


if __name__ == "__main__":
    entry.run(main)
