"""score: what can be said of every clip's quality, as numbers in its row, and its fingerprint. Nothing is dropped.

Scores are made once; `select` holds them against thresholds, in seconds. A score that a clip gives no ground for is
null. Fingerprints stand in one .npz per recording: `hashes` and `frames`, those of clip i from bounds[i] on.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pipeline import arrays, audio, manifest, program, run
from stages import fingerprint, measures

STAGE = "score"
RATE = 16000  # Hz: what all models here listen to
CLIPS_AT_ONCE = 64
PATCH_STEP = 8  # ina's patches of 0.68 s, one every 160 ms
DECIMALS = {"clipping": 6, "bandwidth_hz": 0, "f0_median_hz": 1}  # of the others: 3


class Scorer:
    """The models, loaded once; `threads` clips at a time. Raises ModelError where weights are missing."""

    def __init__(self, threads: int, device: str):
        from stages.engines import segment_onnx
        from stages.engines.dnsmos_onnx import Rater
        from stages.engines.embed_onnx import Embedder

        self.threads = threads
        self.rater = Rater(threads, device)
        self.embedder = Embedder(threads, device)
        network = segment_onnx.NETWORKS["smn"]
        self.music = network.labels.index("music")
        self.listener = segment_onnx.Listener(network, exact=True, batch=64, threads=1, device=device)

    def score(self, clips: list[np.ndarray], sample_rate: int) -> tuple[list[dict], list[tuple]]:
        """The scores of clips (n,) mono float32, and their fingerprints (hashes, frames)."""
        with ThreadPoolExecutor(self.threads) as pool:
            heard = list(pool.map(lambda clip: audio.resample(clip, sample_rate, RATE), clips))
            measured = list(pool.map(lambda clip, at_rate: measure(clip, sample_rate, at_rate), clips, heard))
            residue = list(pool.map(self.music_residue, heard))
            prints = list(pool.map(lambda clip: fingerprint.hashes(*fingerprint.peaks(clip, RATE)), heard))
        alike = self.half_similarity(heard)
        rated = self.rater.rate(heard).tolist()
        found = [
            dict(zip(("dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl"), rating, strict=True))
            | scores
            | {"music_residue": music, "half_similarity": similarity}
            for rating, scores, music, similarity in zip(rated, measured, residue, alike, strict=True)
        ]
        return found, prints

    def music_residue(self, clip: np.ndarray) -> float | None:
        """Mean posterior of music over the patches of a clip (n,) at 16 kHz; None below one analysis window."""
        from stages.engines import ina_features
        from stages.engines.segment_onnx import PATCH, STEP

        mel, _ = ina_features.features([clip])
        if not len(mel):
            return None
        mel = np.pad(mel, ((0, max(0, PATCH - len(mel))), (0, 0)), "edge")
        patches = np.arange(0, (len(mel) - PATCH) // STEP + 1, PATCH_STEP) + PATCH // (2 * STEP)
        return float(self.listener.posteriors(mel, patches)[:, self.music].mean())

    def half_similarity(self, clips: list[np.ndarray]) -> list[float | None]:
        """Cosine of the voices of both halves of clips (n,) at 16 kHz; None where one of them has no voice."""
        halves = [half for clip in clips for half in (clip[: len(clip) // 2], clip[len(clip) // 2 :])]
        vectors = [one.vector for one in self.embedder.embed(halves)]
        pairs = zip(vectors[::2], vectors[1::2], strict=True)
        return [None if first is None or second is None else float(first @ second) for first, second in pairs]


def measure(clip: np.ndarray, sample_rate: int, heard: np.ndarray) -> dict[str, float | None]:
    """The scores that need no model, of a clip (n,) and of the same at 16 kHz, `heard`."""
    period = measures.periodicity(heard, RATE)
    leading, trailing = measures.edge_silences(heard, RATE)
    median, semitones = measures.f0_statistics(period)
    return {
        "snr_db": measures.snr_db(period),
        "clipping": measures.clipping(heard),
        "bandwidth_hz": measures.bandwidth_hz(clip, sample_rate),
        "voiced_share": measures.voiced_share(period),
        "leading_silence_s": leading,
        "trailing_silence_s": trailing,
        "f0_median_hz": median,
        "f0_range_semitones": semitones,
    }


def process(rows: list[dict], scorer: Scorer, out: Path, work: Path) -> run.Outcome:
    """Score the clips of one recording; its rows all come back, with the scores in them."""
    made, prints = [], []
    path = out / f"{rows[0]['recording_id']}.npz"
    for start in range(0, len(rows), CLIPS_AT_ONCE):
        batch = rows[start : start + CLIPS_AT_ONCE]
        clips = [audio.read(work / row["path"])[:, 0] for row in batch]
        scores, found = scorer.score(clips, batch[0]["sample_rate"])
        prints += found
        for number, (row, one) in enumerate(zip(batch, scores, strict=True), start):
            place = {"fingerprints": program.relative(path, work), "fingerprint": number}
            made.append(row | place | rounded(one) | {"parent_id": row["id"]})
    hashes, frames = (np.concatenate(column) for column in zip(*prints, strict=True))
    arrays.save(path, hashes=hashes, frames=frames, bounds=np.cumsum([0, *(len(one) for one, _ in prints)]))
    return made, []


def rounded(scores: dict[str, float | None]) -> dict[str, float | None]:
    """As many decimals as a score is good for."""
    return {
        name: value if value is None else round(float(value), DECIMALS.get(name, 3)) for name, value in scores.items()
    }


def main() -> None:
    parser = program.parser(__doc__)
    parser.add_argument("--threads", type=program.count, default=2, help="cores to use")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the models run")
    args = parser.parse_args()
    scorer = Scorer(args.threads, args.device)

    def one(rows: list[dict]) -> run.Outcome:
        return process(rows, scorer, args.out, args.work)

    inputs = manifest.read(args.manifest)
    run.run_shard(STAGE, inputs, args.out, one, program.settings(args), args.max_failed_fraction)


if __name__ == "__main__":
    program.run(main)
