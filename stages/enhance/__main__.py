"""enhance: take noise and rooms out of clips, and keep the result only where it is better.

With mode auto a clip stays as it was unless its quality rises, its voice stays and no speech is lost; what was measured
stands in its row. Only enhanced clips get a file of their own, all others stay places in the vocals.
`python -m stages.enhance compare FOLDER` tells what the methods do to any folder of sounds.
"""

import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np

from engines import enhancers, resemblyzer
from engines.enhancers.better import Choice, choose
from engines.enhancers.judging import Judge
from engines.enhancers.spectral import Spectral
from engines.protocols import Enhancer
from pipeline import audio, clips, entry, program, run, verdict
from pipeline.errors import Reject
from pipeline.program import Job
from pipeline.rows import Clip, Segmented, Separated
from stages.enhance import compare, sources

STAGE = "enhance"
CLIPS_AT_ONCE = 16
Sounds = dict[str, np.ndarray]


def process(
    rows: list[dict], job: Job, judge: Judge | None, steps: list[Enhancer], whole: dict, labels: dict
) -> run.Outcome:
    """The clips of one recording; those that are better enhanced with a file of their own.

    `whole` and `labels`: the recording as separate and as segment left it.
    """
    settings = job.settings
    ratings: dict[str, tuple[float, float]] = {}
    wanted = rows
    if judge:
        doubtful = [row for row in rows if not _surely_clean(row, settings.clean_above_db)]
        heard, _ = run.per_clip(job, doubtful, lambda row: judge.background(_resampled(row, job)), settings.threads)
        ratings = {row["id"]: rating for row, rating in heard}
        wanted = [row for row, (background, _) in heard if background < settings.noisy_below]
    steps = [_fitted(step, job, whole, labels) for step in steps] if wanted else steps

    def better(candidate: tuple[dict, np.ndarray, Sounds]) -> dict:
        row, clip, sounds = candidate
        rate, known = row["sample_rate"], ratings.get(row["id"])
        choice = choose(clip, sounds, steps, rate, settings, judge, known, settings.residual)
        return row | _written(row, choice, job)

    made = {}
    with ThreadPoolExecutor(settings.threads) as pool:
        candidates = _candidates(wanted, job, whole)
        while batch := list(islice(candidates, CLIPS_AT_ONCE)):
            made |= {row["id"]: row for row in pool.map(better, batch)}
    return [_told(made.get(row["id"], row), ratings.get(row["id"])) for row in rows], []


def _surely_clean(row: dict, above_db: float) -> bool:
    """Whether segment has found the voice that far above the rest of the recording: costs nothing."""
    measured = row.get("speech_to_background_db")
    return measured is not None and measured >= above_db


def _resampled(row: dict, job: Job) -> np.ndarray:
    return audio.resample(clips.place(row, job.work), row["sample_rate"], Judge.SAMPLE_RATE)


def _candidates(rows: list[dict], job: Job, whole: dict) -> Iterator[tuple[dict, np.ndarray, Sounds]]:
    """(row, the clip as it is, what it may be made of) for every row."""
    source = job.settings.source
    with_mixture = source == "mixture" or (source == "auto" and job.settings.mode == "auto")
    pairs: Iterable[tuple[dict, np.ndarray | None]] = ((row, None) for row in rows)
    if with_mixture:
        pairs = sources.of_mixture(job.work / whole["mixture"], rows, audio.WORK_RATE)
    for row, mixture in pairs:
        clip = clips.place(row, job.work)
        sounds = {} if source == "mixture" else {"vocals": clip}
        yield row, clip, sounds if mixture is None else sounds | {"mixture": mixture[: len(clip)]}


def _fitted(step: Enhancer, job: Job, whole: dict, labels: dict) -> Enhancer:
    """A step as this recording wants it: spectral reduction takes the profile of the recording's noise."""
    if not isinstance(step, Spectral):
        return step
    of_mixture = job.settings.source != "vocals"
    path = job.work / (whole["mixture"] if of_mixture else whole["path"])
    gain = 1.0 if of_mixture else whole["gain"]
    known = sources.noise_profile(job.settings.profile, path, job.work / labels["path"], whole["downmix"], gain)
    return Spectral(known, step.reduction_db, step.sensitivity, step.smoothing_bands)


def _written(row: dict, choice: Choice, job: Job) -> dict:
    """The fields of a row that tell what became of it; an enhanced clip is written, at the scale of the vocals."""
    told = {}
    if choice.measured:
        told = {name: round(float(value), 3) for name, value in vars(choice.measured).items()}
    if choice.version is None:
        return {"enhanced": "", "unchanged": choice.fault, "compared": told}
    path = job.out / row["recording_id"] / f"{row['id']}.flac"
    with audio.writing(path, row["sample_rate"], 1) as flac:
        flac.write(choice.version.sound * np.float32(row["gain"]))
    return {"enhanced": choice.version.source, "unchanged": "", "enhanced_path": job.relative(path), "compared": told}


def _told(row: dict, ratings: tuple[float, float] | None) -> dict:
    known = {} if ratings is None else {"background": round(ratings[0], 3), "overall": round(ratings[1], 3)}
    untouched = {} if "enhanced" in row else {"enhanced": "", "unchanged": "not noisy", "compared": {}}
    return row | untouched | {"before": known, "parent_id": row["id"]}


def steps_of(settings, threads: int) -> list[Enhancer]:
    """The enhancers that the settings ask for, in the order in which a clip goes through them.

    The room comes first: it is predicted from the sound's own past, which a denoiser would have changed.
    """
    if settings.denoise == "spectral":
        denoise = [Spectral(None, settings.reduction_db, settings.sensitivity, settings.smoothing_bands)]
    else:
        denoise = [] if settings.denoise == "none" else [enhancers.load(settings.denoise, threads)]
    return ([] if settings.dereverb == "none" else [enhancers.load(settings.dereverb, threads)]) + denoise


def main() -> None:
    if sys.argv[1:2] == ["compare"]:
        return compare.main(sys.argv[2:])
    job = program.parse(STAGE, __doc__)
    settings = job.settings
    steps, judge = steps_of(settings, 1), None
    if settings.mode == "auto":
        judge = Judge(resemblyzer.load("onnx", 1, settings.device), settings.device)
    whole = {row["id"]: row for row in job.inputs(Separated, "separate")}
    labels = {row["recording_id"]: row for row in job.inputs(Segmented, "segment")}

    def one(rows: list[dict]) -> run.Outcome:
        recording = rows[0]["recording_id"]
        files = [job.work / whole[recording][name] for name in ("path", "mixture")]

        def work() -> run.Outcome:
            return process(rows, job, judge, steps, whole[recording], labels[recording])

        try:
            return verdict.reached(work, files, job.out, f"{STAGE} {recording}")
        except Reject as reason:  # its clips are none the worse for it
            return [_told(row | {"enhanced": "", "unchanged": str(reason), "compared": {}}, None) for row in rows], []

    run.run_shard(job, job.inputs(Clip), one, Clip)


if __name__ == "__main__":
    entry.run(main)
