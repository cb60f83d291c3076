"""What resemblyzer 0.1.4 does to a clip before its network sees it, without librosa, numba or torch.

The steps and constants are those of resemblyzer/audio.py, hparams.py and voice_encoder.py: a quiet clip is
raised to -30 dBFS, long pauses are shortened, 40 mel bands are measured every 10 ms, and windows of 1.6 s
are cut. Every function takes mono float32 audio at 16 kHz; where a rounding decides, it is the original's.
"""

from functools import cache

import numpy as np

SAMPLE_RATE = 16000
TARGET_DBFS = -30
INT16_MAX = 32767

VAD_SAMPLES = 480  # 30 ms, the longest that webrtcvad takes
VAD_MODE = 3  # the most reluctant to hear speech
SMOOTH_WINDOWS = 8
DILATE_WINDOWS = 7  # half of it on either side: pauses of up to six windows stay

FFT_SAMPLES = 400
HOP_SAMPLES = 160
BANDS = 40

WINDOW_FRAMES = 160
STEP_FRAMES = round(SAMPLE_RATE / 1.3 / HOP_SAMPLES)  # 1.3 windows a second
MIN_COVERAGE = 0.75


def raise_volume(clip: np.ndarray) -> np.ndarray:
    """The clip (n,) brought up to an RMS of -30 dBFS; as it is where it is louder, or digital silence."""
    if not clip.any():
        return clip
    rms = np.sqrt(np.mean((clip * INT16_MAX) ** 2))
    gain_db = TARGET_DBFS - 20 * np.log10(rms / INT16_MAX)
    return clip if gain_db < 0 else clip * 10 ** (gain_db / 20)


def trim_pauses(clip: np.ndarray) -> np.ndarray:
    """The clip (n,) without its long unvoiced stretches, (m,), m <= n a multiple of 480; (0,) for silence."""
    import webrtcvad

    windows = len(clip) // VAD_SAMPLES
    clip = clip[: windows * VAD_SAMPLES]
    with np.errstate(invalid="ignore"):  # a peak above 1 wraps, as it does in the original
        pcm = np.round(clip * INT16_MAX).astype(np.int16).tobytes()
    vad = webrtcvad.Vad(VAD_MODE)
    size = 2 * VAD_SAMPLES
    voiced = [vad.is_speech(pcm[at : at + size], SAMPLE_RATE) for at in range(0, len(pcm), size)]
    return clip[np.repeat(_spread(np.array(voiced, bool)), VAD_SAMPLES)]


def _spread(voiced: np.ndarray) -> np.ndarray:
    """Windows to keep, (w,) bool: where most of eight windows are voiced, and up to three windows around."""
    padded = np.pad(voiced, ((SMOOTH_WINDOWS - 1) // 2, SMOOTH_WINDOWS // 2))
    totals = np.cumsum(np.pad(padded, (1, 0)))
    # numpy rounds a half to even: four of eight voiced windows are not enough.
    most = 2 * (totals[SMOOTH_WINDOWS:] - totals[:-SMOOTH_WINDOWS]) > SMOOTH_WINDOWS
    if not len(most):
        return most
    half = DILATE_WINDOWS // 2  # not mode "same": it gives as many as the longer of the two has
    return np.convolve(most, np.ones(DILATE_WINDOWS))[half : half + len(most)] > 0


def window_starts(samples: int) -> np.ndarray:
    """First frames (k,), k >= 1, of the windows of 160 frames of a trimmed clip of `samples` samples.

    As `VoiceEncoder.compute_partial_slices`: the last window may reach beyond the clip by a quarter of its
    length, the first by any length. Frames count from 0 and lie 10 ms apart.
    """
    frames = -(-(samples + 1) // HOP_SAMPLES)
    starts = np.arange(0, max(1, frames - WINDOW_FRAMES + STEP_FRAMES + 1), STEP_FRAMES)
    covered = (samples / HOP_SAMPLES - starts[-1]) / WINDOW_FRAMES
    return starts[:-1] if covered < MIN_COVERAGE and len(starts) > 1 else starts


def mel_spectrogram(clip: np.ndarray, frames: int) -> np.ndarray:
    """Mel power of the first `frames` frames of the clip (n,), zeros after its end: (frames, 40) float32.

    `librosa.feature.melspectrogram`: frame t is centred on sample 160 t and spans 400, Hann window, power.
    """
    from scipy import fft

    span = FFT_SAMPLES + (frames - 1) * HOP_SAMPLES
    padded = np.zeros(span, np.float32)
    inside = clip[: span - FFT_SAMPLES // 2]
    padded[FFT_SAMPLES // 2 :][: len(inside)] = inside
    framed = np.lib.stride_tricks.sliding_window_view(padded, FFT_SAMPLES)[::HOP_SAMPLES]
    spectrum = fft.rfft(framed * _hann(), axis=1, overwrite_x=True)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return (_sparse_filters() @ power.T).T


@cache
def _hann() -> np.ndarray:
    """The periodic Hann window, (400,) float32."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT_SAMPLES) / FFT_SAMPLES)).astype(np.float32)


@cache
def mel_filters() -> np.ndarray:
    """Triangles of unit area (in Hz) spaced evenly on Slaney's mel scale from 0 to 8 kHz, (40, 201) float32.

    Slaney 1998, "Auditory Toolbox": 200/3 Hz a step to 1 kHz, above it 27 steps to a factor of 6.4.
    """
    bins = np.fft.rfftfreq(FFT_SAMPLES, 1 / SAMPLE_RATE)
    linear_hz, linear_steps, step = 1000.0, 15.0, np.log(6.4) / 27
    top = linear_steps + np.log(SAMPLE_RATE / 2 / linear_hz) / step
    steps = np.linspace(0, top, BANDS + 2)
    above = linear_hz * np.exp(step * (steps - linear_steps).clip(0))
    edges = np.where(steps < linear_steps, steps * 200 / 3, above)
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - left) / (centre - left), (right - bins) / (right - centre)
    return (np.minimum(rising, falling).clip(0) * 2 / (right - left)).astype(np.float32)


@cache
def _sparse_filters():
    """The filters as a sparse matrix: 95 of 100 weights are zero, and BLAS would start its own threads."""
    from scipy import sparse

    return sparse.csr_array(mel_filters())
