"""By how much captions as a whole come too early or too late, from where somebody speaks."""

import numpy as np

from stages.transcribe.align import Islands

FARTHEST = 120.0  # seconds that captions may be off as a whole
STEP = 0.05  # seconds
ONSET = 0.3  # seconds that a cue may begin from where speech does
ONSET_WORTH = 2.0  # seconds of speech under a cue that a cue's beginning where speech begins is worth
CANDIDATES = 4
APART = 1.0  # seconds between candidates


def candidates(cues: np.ndarray, islands: Islands) -> list[float]:
    """Seconds that may have to be added to the times of cues (k, 2), the likeliest first; 0 is always among them.

    Speech under cues counts for a shift, silence under them against it, and so do cues that begin where speech begins
    after a pause.
    """
    end = max(islands.stop[-1], cues.max()) + 2 * FARTHEST
    length = 1 << int(np.ceil(np.log2(end / STEP)))
    speech, cover, onsets, begins = (np.zeros(length) for _ in range(4))
    speech[: int(islands.stop[-1] / STEP)] = -1.0
    for start, stop in zip(islands.start, islands.stop, strict=True):
        speech[int(start / STEP) : max(int(stop / STEP), int(start / STEP) + 1)] = 1.0
    kernel = np.exp(-0.5 * (np.arange(-3 * ONSET, 3 * ONSET + STEP, STEP) / ONSET) ** 2)
    paused = np.insert(islands.start[1:] - islands.stop[:-1] > ONSET, 0, True)
    onsets[(islands.start[paused] / STEP).astype(int)] = 1.0
    onsets = np.convolve(onsets, kernel, "same")
    for start, stop in np.maximum(cues, 0.0):
        cover[int(start / STEP) : int(stop / STEP)] = 1.0
        begins[int(start / STEP)] += 1.0

    def correlated(sound: np.ndarray, text: np.ndarray) -> np.ndarray:
        return np.fft.irfft(np.fft.rfft(sound) * np.conj(np.fft.rfft(text)), length)

    worth = STEP * correlated(speech, cover) + ONSET_WORTH * correlated(onsets, begins)
    steps = int(FARTHEST / STEP)
    offsets = np.concatenate([np.arange(0, steps + 1), np.arange(-steps, 0)])
    worth = worth[offsets]
    chosen: list[float] = []
    for number in np.argsort(-worth):
        seconds = float(offsets[number] * STEP)
        if all(abs(seconds - other) >= APART for other in chosen):
            chosen.append(seconds)
        if len(chosen) == CANDIDATES:
            break
    return [*chosen, *([] if any(abs(seconds) < APART for seconds in chosen) else [0.0])]
