"""Labels from the mixture and the vocals together: pure functions on frames of 10 ms, for the segment stage.

Speech is detected in both signals: separation removes the music that would drown the voice, but leaves residues that
sound like speech, which the mixture does not show. Music, noise and silence are detected in the mixture alone, since
separation removes them. A voice's gender is taken from the vocals.
"""

from dataclasses import dataclass

import numpy as np

from engines.spans import Span

FRAMES_PER_SECOND = 100
SPOKEN = 0.5  # probability of speech, Silero's own threshold
BURST = 20  # frames: a shorter stretch of speech is a knock; Silero's own limit is 25
LEAD = 4  # frames added before speech: a window of 32 ms counts as speech from its middle on
PAUSE = 32  # frames: a shorter pause, as between the words of a sentence, belongs to the speech around it
FADE_DB = 25.0  # speech fades out to this far below its loud parts...
FADE = 25  # ... within this many frames
FADE_FLOOR_DB = -70.0
CLOSURE = 9  # frames: a shorter faint stretch is a stop consonant's, not the end
SILENT_DB = -60.0  # dBFS in the mixture: silence or room tone
SILENT_DROP_DB = 40.0  # and this far below the loud parts of the recording, for those recorded at a low level
SMOOTH = 101  # frames over which music and noise are told apart; a patch of the network is 68 wide
SILENT_SMOOTH = 11
KINDS = ("speech", "noEnergy", "music", "noise")  # of frames, which hold the place in it: a byte each
SPEECH, SILENCE, MUSIC, NOISE = range(len(KINDS))
SHORTEST = 20  # frames: a shorter span of music, noise or silence is not a passage of its own


@dataclass(frozen=True)
class Passage(Span):
    """A span with the measurements behind its label.

    `male`: mean probability of a male voice, 0 to 1, None without speech. `speech_to_background_db`: power of the
    vocals over that of the rest, None without speech.
    """

    male: float | None = None
    speech_to_background_db: float | None = None


def at_frames(values: np.ndarray, seconds: float, frames: int) -> np.ndarray:
    """Values (n,) that hold for `seconds` each, at every frame: (frames,); the last one holds to the end."""
    if not len(values):
        return np.zeros(frames, np.float32)
    at = ((np.arange(frames) + 0.5) / FRAMES_PER_SECOND / seconds).astype(int)
    return values[np.minimum(at, len(values) - 1)]


def levels(signal: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """RMS level in dBFS of every whole frame of a signal (n,), -120 for digital zero, and what is left over."""
    hop = sample_rate // FRAMES_PER_SECOND
    whole = len(signal) // hop
    power = np.mean(signal[: whole * hop].reshape(whole, hop).astype(np.float64) ** 2, axis=1)
    return 10 * np.log10(np.maximum(power, 1e-12)), signal[whole * hop :]


def stretches(mask: np.ndarray) -> list[tuple[int, int]]:
    """(start, stop) of every stretch of True in a mask (n,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def drop_short(mask: np.ndarray, least: int) -> np.ndarray:
    """The mask without its stretches of True shorter than `least`."""
    kept = mask.copy()
    for start, stop in stretches(mask):
        if stop - start < least:
            kept[start:stop] = False
    return kept


def smooth(values: np.ndarray, width: int) -> np.ndarray:
    """Running mean over `width` frames (odd), the ends repeated: (n,)."""
    total = np.cumsum(np.concatenate([[0.0], np.pad(values, width // 2, mode="edge")]))
    return (total[width:] - total[:-width]) / width


def speech(probability: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Frames (n,) bool in which somebody speaks, from the probability of it and the vocals' level in dBFS, (n,).

    Short pauses are filled. Every stretch is followed outwards, to at most the middle of the pause, as long as the
    vocals stay loud: a VAD cuts off the soft ends of words.
    """
    spoken = drop_short(probability > SPOKEN, BURST)
    for start, _ in stretches(spoken):
        spoken[max(0, start - LEAD) : start] = True
    parts = stretches(spoken)
    for (_, stop), (start, _) in zip(parts, parts[1:], strict=False):
        if start - stop <= PAUSE:
            spoken[stop:start] = True
    parts = stretches(spoken)
    borders = [0, *((left[1] + right[0]) // 2 for left, right in zip(parts, parts[1:], strict=False)), len(spoken)]
    for i, (start, stop) in enumerate(parts):
        faint = drop_short(level <= max(np.percentile(level[start:stop], 95) - FADE_DB, FADE_FLOOR_DB), CLOSURE)
        first, last = max(borders[i], start - FADE), min(borders[i + 1], stop + FADE)
        before, after = np.flatnonzero(faint[first:start]), np.flatnonzero(faint[stop:last])
        spoken[first + before[-1] + 1 if len(before) else first : start] = True
        spoken[stop : stop + after[0] if len(after) else last] = True
    return spoken


def silent(level: np.ndarray) -> np.ndarray:
    """Frames (n,) bool in which the mixture, of `level` dBFS, is silent."""
    loud = np.percentile(level, 95) if len(level) else 0.0
    return smooth(level, SILENT_SMOOTH) < min(SILENT_DB, loud - SILENT_DROP_DB)


def backgrounds(speaking: np.ndarray, quiet: np.ndarray, music: np.ndarray) -> np.ndarray:
    """The label of every frame, (n,) uint8, the place in KINDS.

    music: (n,), log of the odds of music against noise in the mixture. Between speech, spans that are too short
    take the label of the one before.
    """
    label = np.full(len(music), NOISE, np.uint8)
    if len(music):
        label[smooth(music, SMOOTH) > 0] = MUSIC
    label[quiet] = SILENCE
    label[speaking] = SPEECH
    for start, stop in runs(label):
        if label[start] != SPEECH and stop - start < SHORTEST and start and label[start - 1] != SPEECH:
            label[start:stop] = label[start - 1]
    return label


def runs(label: np.ndarray) -> list[tuple[int, int]]:
    """(start, stop) of every stretch of equal labels."""
    edges = [0, *(np.flatnonzero(label[1:] != label[:-1]) + 1).tolist(), len(label)]
    return [(start, stop) for start, stop in zip(edges, edges[1:], strict=False) if stop > start]


def to_background_db(vocals_db: np.ndarray, mixture_db: np.ndarray) -> float:
    """Power of the vocals over the rest of the mixture's power, in dB from -20 to 60, of frame levels in dBFS.

    Compared with known mixtures, 1 to 2 dB too low at 10 to 15 dB.
    """
    vocals, mixture = (np.mean(10 ** (level / 10)) for level in (vocals_db, mixture_db))
    rest = max(mixture - vocals, 1e-12)
    return float(np.clip(10 * np.log10(max(vocals, 1e-12) / rest), -20, 60))


def passages(
    label: np.ndarray,
    probability: np.ndarray,
    music: np.ndarray,
    male: np.ndarray | None,
    vocals_db: np.ndarray,
    mixture_db: np.ndarray,
) -> list[Passage]:
    """The spans of a recording, without gap or overlap, from the labels of its frames.

    probability: of speech; music: log-odds against noise; male: probability of a male voice, None to label speech as
    such; levels in dBFS. All are (n,). A stretch of speech has one gender: it does not change within a sentence.
    """
    spans = []
    for start, stop in runs(label):
        name, part = KINDS[label[start]], slice(start, stop)
        sure = gender = ratio = None
        if name == "speech":
            sure, ratio = float(probability[part].mean()), to_background_db(vocals_db[part], mixture_db[part])
            if male is not None:
                gender = float(male[part].mean())
                name = "male" if gender > 0.5 else "female"
        elif name != "noEnergy":
            odds = music[part] if name == "music" else -music[part]
            sure = float(np.mean(1 / (1 + np.exp(-odds))))
        spans.append(Passage(name, start / FRAMES_PER_SECOND, stop / FRAMES_PER_SECOND, sure, gender, ratio))
    return spans


def log_odds(probability: np.ndarray, against: np.ndarray) -> np.ndarray:
    """Log of the odds of one probability against another, bounded so that no single patch decides."""
    return np.log(probability + 1e-3) - np.log(against + 1e-3)
