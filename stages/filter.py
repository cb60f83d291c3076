"""filter: low-pass, high-pass and notches, as second-order sections, without phase by default.

A Butterworth filter of slope S dB/octave has order S/6 and loses 3.01 dB at its cutoff; `passes` of it lose
passes times as much everywhere. With zero phase, half of the passes run backwards, so the total slope is the same.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline import audio, manifest, program, run
from pipeline.errors import ConfigError

STAGE = "filter"
EDGE_SECONDS = 0.25  # reflected at both ends while filtering, longer than the filters ring


@dataclass(frozen=True)
class Slope:
    """One low-pass or high-pass: kind "lowpass" or "highpass", cutoff in Hz, dB per octave, passes."""

    kind: str
    cutoff_hz: float
    slope_db_per_octave: int
    passes: int = 1


def butterworth(slope: Slope, sample_rate: int, zero_phase: bool) -> np.ndarray:
    """The second-order sections (n, 6) to run once forwards and, for zero phase, once backwards.

    Raises ConfigError for a cutoff at or above Nyquist, or a slope that cannot be halved.
    """
    from scipy import signal

    if not 0 < slope.cutoff_hz < sample_rate / 2:
        raise ConfigError(
            f"filter: {slope.kind} cutoff {slope.cutoff_hz:g} Hz is not between 0 and the Nyquist frequency of the "
            f"clips, {sample_rate / 2:g} Hz: choose another."
        )
    order, rest = divmod(slope.slope_db_per_octave, 6)
    whole, half = divmod(slope.passes, 2) if zero_phase else (slope.passes, 0)
    if rest or order < 1 or (half and order % 2):
        raise ConfigError(
            f"filter: {slope.kind} slope {slope.slope_db_per_octave} dB/octave is not a multiple of "
            f"{12 if half else 6}: choose one that is."
        )
    orders = [order] * whole + [order // 2] * half
    sections = [signal.butter(n, slope.cutoff_hz, slope.kind, fs=sample_rate, output="sos") for n in orders]
    return np.concatenate(sections)


def notch(frequency_hz: float, q: float, sample_rate: int) -> np.ndarray:
    """One second-order section (1, 6) that removes `frequency_hz`; its -3 dB bandwidth is frequency / q."""
    from scipy import signal

    nyquist = sample_rate / 2
    if not (0 < frequency_hz < nyquist and q > 0):
        raise ConfigError(
            f"filter: notch {frequency_hz:g} Hz is not between 0 and the Nyquist frequency of the clips, "
            f"{nyquist:g} Hz, or its Q, {q:g}, not above 0: choose another."
        )
    return signal.tf2sos(*signal.iirnotch(frequency_hz, q, fs=sample_rate))


def apply(clip: np.ndarray, sections: np.ndarray, sample_rate: int, zero_phase: bool) -> np.ndarray:
    """Filter a clip (n,): the same length and dtype; forwards and backwards for zero phase."""
    from scipy import signal

    if not len(sections):
        return clip
    edge = min(len(clip) - 1, round(EDGE_SECONDS * sample_rate))
    if zero_phase:
        filtered = signal.sosfiltfilt(sections, clip.astype(np.float64), padlen=edge)
    else:
        filtered = signal.sosfilt(sections, clip.astype(np.float64))
    return filtered.astype(clip.dtype)


def process(rows: list[dict], design, out: Path, work: Path, zero_phase: bool) -> run.Outcome:
    """Filter the clips of one recording."""
    made = []
    for row in rows:
        path = out / row["recording_id"] / f"{row['id']}.wav"
        rate = row["sample_rate"]
        clip = apply(audio.read(work / row["path"])[:, 0], design(rate), rate, zero_phase)
        with audio.writing(path, rate, 1, "FLOAT") as wav:
            wav.write(clip)
        made.append(row | {"parent_id": row["id"], "path": program.relative(path, work)})
    return made, []


def numbers(*kinds: type, names: str):
    """An argparse type for numbers joined by commas, for example 5000,36,2."""

    def parse(text: str) -> tuple:
        parts = text.split(",")
        try:
            if len(parts) != len(kinds):
                raise ValueError
            return tuple(kind(part) for kind, part in zip(kinds, parts, strict=True))
        except ValueError:
            raise argparse.ArgumentTypeError(f"expected {names}, found '{text}'") from None

    return parse


def main() -> None:
    parser = program.parser(__doc__)
    slope = numbers(float, int, int, names="CUTOFF_HZ,DB_PER_OCTAVE,PASSES")
    parser.add_argument("--low-pass", type=slope, metavar="HZ,DB,PASSES", help="for example 5000,36,2")
    parser.add_argument("--high-pass", type=slope, metavar="HZ,DB,PASSES", help="for example 50,12,2")
    pair = numbers(float, float, names="FREQUENCY_HZ,Q")
    parser.add_argument("--notch", type=pair, action="append", default=[], metavar="HZ,Q", help="may be repeated")
    parser.add_argument("--causal", action="store_true", help="filter forwards only, with delay and phase")
    args = parser.parse_args()
    slopes = [Slope("lowpass", *args.low_pass)] if args.low_pass else []
    slopes += [Slope("highpass", *args.high_pass)] if args.high_pass else []
    zero_phase = not args.causal
    designs: dict[int, np.ndarray] = {}

    def design(rate: int) -> np.ndarray:
        if rate not in designs:
            sections = [butterworth(slope, rate, zero_phase) for slope in slopes]
            sections += [notch(*pair, rate) for pair in args.notch]
            designs[rate] = np.concatenate(sections) if sections else np.zeros((0, 6))
        return designs[rate]

    def one(rows: list[dict]) -> run.Outcome:
        return process(rows, design, args.out, args.work, zero_phase)

    inputs = manifest.read(args.manifest)
    run.run_shard(STAGE, inputs, args.out, one, program.settings(args), args.max_failed_fraction)


if __name__ == "__main__":
    program.run(main)
