"""What a clip sounds like, in a few numbers: fingerprints of spectral peaks.

A clip's loudest points in time and frequency survive a codec and a gain. Three of them in a row make a hash: one
frequency, two rises in frequency, two steps in time (after Wang 2003, "An industrial-strength audio search
algorithm", with triples, so that a hash is rare in a large corpus).
"""

import numpy as np

RATE = 8000  # Hz
WINDOW, HOP = 512, 64  # samples: 64 ms every 8 ms
FRAMES_PER_SECOND = RATE / HOP
NEIGHBOURHOOD = (13, 21)  # frames and bins over which a peak is the highest
FLOOR_DB = 60.0  # peaks lie less than this below the highest
FOLLOWERS = ((1, 3), (2, 4), (2, 5))  # which peaks after the first make a triple with it
REACH = 64  # frames from the first peak to the last, 0.5 s
SPREAD = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: multiplying by it mixes the bits (Knuth 1973, 6.4)
NOTHING = (np.zeros(0, np.uint32), np.zeros(0, np.uint16))  # hashes and frames of a clip without peaks


def peaks(clip: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames and bins (k,) of the spectral peaks of a clip (n,), ordered in time."""
    from scipy import fft, ndimage, signal

    clip = signal.resample_poly(clip, RATE, sample_rate).astype(np.float32)
    if len(clip) < WINDOW or not clip.any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    frames = np.lib.stride_tricks.sliding_window_view(clip, WINDOW)[::HOP]
    power = np.abs(fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), axis=1)[:, : WINDOW // 2]) ** 2
    highest = ndimage.maximum_filter(power, NEIGHBOURHOOD, mode="constant")
    return np.nonzero((power == highest) & (power > power.max() * 10 ** (-FLOOR_DB / 10)))


def hashes(frames: np.ndarray, bins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hashes uint32 (m,), each once and rising, and the frames uint16 (m,) of their first peaks, from peaks (k,)."""
    codes, times = [], []
    for followers in FOLLOWERS:
        count = max(len(frames) - followers[-1], 0)
        code, near = bins[:count].astype(np.uint64), np.ones(count, bool)
        for shift in followers:
            step = frames[shift:][:count] - frames[:count]
            rise = bins[shift:][:count] - bins[:count] + WINDOW // 2
            near &= step < REACH
            code = (code * np.uint64(WINDOW) + rise.astype(np.uint64)) * np.uint64(REACH) + step.astype(np.uint64)
        codes.append(code[near] * np.uint64(SPREAD) >> np.uint64(32))
        times.append(frames[:count][near])
    unique, at = np.unique(np.concatenate(codes).astype(np.uint32), return_index=True)
    return unique, np.minimum(np.concatenate(times)[at], 65535).astype(np.uint16)
