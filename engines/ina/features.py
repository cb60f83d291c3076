"""The log-mel spectrogram and log energy that inaSpeechSegmenter looks at, computed in a stream.

Frames of 25 ms every 10 ms at 16 kHz; within each frame pre-emphasis 0.97 and a Hann window; power spectrum
of 512 points; 24 triangles evenly spaced on the mel scale from 100 to 8000 Hz, of equal area (Slaney);
natural logarithm (Davis & Mermelstein 1980). Upstream: inaSpeechSegmenter 0.8.0, sidekit_mfcc.py. Every
step keeps upstream's dtype (float32, but float64 between window and power), so that the values agree to
the last bits.
"""

from collections.abc import Iterable, Iterator

import numpy as np

SAMPLE_RATE = 16000
WINDOW = 400  # samples, 25 ms
HOP = 160  # samples, 10 ms
FFT = 512
BANDS = 24
PRE_EMPHASIS = 0.97
CHUNK = 4096  # frames computed at once; fixed, so that the result does not depend on the caller's blocks
CACHED_FRAMES = 128  # of them transformed at a time, so that they stay in a core's cache


def mel_filters() -> np.ndarray:
    """The 24 triangles, float32 (24, 257): weight of each FFT bin in each band."""

    def mel(hertz):
        return 2595 * np.log10(1 + hertz / 700.0)

    steps = (mel(SAMPLE_RATE / 2) - mel(100)) / (BANDS + 1)
    edges = 700.0 * (10 ** ((mel(100) + np.arange(BANDS + 2) * steps) / 2595.0) - 1)
    bins = np.arange(FFT) / FFT * SAMPLE_RATE
    filters = np.zeros((BANDS, FFT // 2 + 1), np.float32)
    for row, low, centre, high in zip(filters, edges[:-2], edges[1:-1], edges[2:], strict=True):
        first, middle, last = (int(edge * FFT / SAMPLE_RATE) + 1 for edge in (low, centre, high))
        height = 2 / (high - low)
        rising, falling = slice(first, middle), slice(middle, last - 1)  # upstream leaves out the last bin
        row[rising] = height / (centre - low) * (bins[rising] - low)
        row[falling] = height / (high - centre) * (high - bins[falling])
    return filters


def frame_features(samples: np.ndarray, filters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-mel spectrogram (frames, 24) and log energy (frames,), float32, of float32 mono samples (n,).

    n is at least WINDOW; frames = (n - WINDOW) // HOP + 1. Digital silence gives -inf.
    """
    from scipy.fft import rfft

    whole = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    power, energy = np.empty((len(whole), FFT // 2 + 1), np.float32), np.empty(len(whole), np.float32)
    for at in range(0, len(whole), CACHED_FRAMES):
        frames = whole[at : at + CACHED_FRAMES].copy()
        frames[:, 1:] -= whole[at : at + CACHED_FRAMES, :-1] * np.float32(PRE_EMPHASIS)
        frames[:, 0] -= whole[at : at + CACHED_FRAMES, 0] * np.float32(PRE_EMPHASIS)
        spectrum = rfft(frames * np.hanning(WINDOW), FFT)
        power[at : at + CACHED_FRAMES] = spectrum.real**2 + spectrum.imag**2
        energy[at : at + CACHED_FRAMES] = (frames**2).sum(axis=1)
    with np.errstate(divide="ignore"):
        return np.log(power @ filters.T), np.log(energy)


def chunks(blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Regroup blocks (n,) of any size into stretches of CHUNK frames, the last one shorter.

    Neighbours share the WINDOW - HOP samples that their frames share. Samples after the last whole frame
    are dropped; a signal under one window gives nothing.
    """
    needed = (CHUNK - 1) * HOP + WINDOW
    parts, have = [], 0
    for block in blocks:
        parts.append(np.asarray(block, np.float32))
        have += len(block)
        while have >= needed:
            joined = np.concatenate(parts)
            yield joined[:needed]
            parts = [joined[CHUNK * HOP :]]
            have = len(parts[0])
    if have >= WINDOW:
        yield np.concatenate(parts)


def stream(blocks: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What `features` gives as a whole, piece by piece: (n, 24) and (n,)."""
    filters = mel_filters()
    for chunk in chunks(blocks):
        yield frame_features(chunk, filters)


def features(blocks: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Log-mel spectrogram (frames, 24) and log energy (frames,), float32, of a 16 kHz mono signal in blocks.

    Keeps 100 bytes a frame (36 MB an hour); a signal under 25 ms gives no frames.
    """
    mels, energies = np.empty((0, BANDS), np.float32), np.empty(0, np.float32)
    for mel, energy in stream(blocks):
        # Grown in place: the system moves the pages of a large array, so that nothing is held twice.
        mels.resize((len(mels) + len(mel), BANDS), refcheck=False)
        energies.resize(len(energies) + len(energy), refcheck=False)
        mels[-len(mel) :], energies[-len(mel) :] = mel, energy
    return mels, energies
