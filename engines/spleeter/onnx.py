"""Spleeter's 2stems separation on ONNX Runtime, streamed tile by tile in bounded memory.

The U-Nets see independent tiles of 512 STFT frames (spleeter/model/__init__.py, pad_and_partition), so a
stream of tiles gives what the original gives for the whole file. A tile is one job on one thread: the Fourier
transforms then run beside the U-Nets of another tile, and no core waits for another within a layer.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

import numpy as np

from engines.spleeter.windows import windows

ENGINE = "the published weights on ONNX Runtime, fast and lean"
ENVIRONMENT = ""

FRAME, HOP = 4096, 1024  # samples at 44.1 kHz
FRAMES, BINS = 512, 1024  # of a tile; the bins above are not modelled and come out silent
TILE = FRAMES * HOP  # samples from one tile's first to the next one's first
OVERLAP = FRAME - HOP  # samples that the last frames of a tile share with the next tile
COMPENSATION = 2 / 3  # sum of the squared Hann window at this hop is 3/2

_HANN = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
_CACHED_FRAMES = 64  # frames transformed at a time, so that they stay in a core's cache


def stft(samples: np.ndarray) -> np.ndarray:
    """(channels, TILE + OVERLAP) float32 to the lowest bins, (channels, 512, 1024) complex64."""
    from scipy.fft import rfft

    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME, axis=1)[:, ::HOP]
    spectrum = np.empty((len(samples), FRAMES, BINS), np.complex64)
    for at in range(0, FRAMES, _CACHED_FRAMES):
        spectrum[:, at : at + _CACHED_FRAMES] = rfft(frames[:, at : at + _CACHED_FRAMES] * _HANN)[..., :BINS]
    return spectrum


def istft(spectrum: np.ndarray) -> np.ndarray:
    """Inverse of `stft` by windowed overlap-add: (channels, 512, 1024) to (channels, TILE + OVERLAP).

    Samples within OVERLAP of either end still lack the frames of the neighbouring tile.
    """
    from scipy.fft import irfft

    per_frame = FRAME // HOP
    sums = np.zeros((len(spectrum), FRAMES + per_frame - 1, HOP), np.float32)
    for at in range(0, FRAMES, _CACHED_FRAMES):
        frames = irfft(spectrum[:, at : at + _CACHED_FRAMES], FRAME)
        frames *= _HANN * np.float32(COMPENSATION)
        hops = frames.reshape(*frames.shape[:2], per_frame, HOP)
        for hop in range(per_frame):
            sums[:, at + hop : at + hop + _CACHED_FRAMES] += hops[:, :, hop]
    return sums.reshape(len(spectrum), -1)


class Separator:
    """Vocals and accompaniment of 44.1 kHz stereo; the weights are loaded once.

    The same as `spleeter.separator.Separator("spleeter:2stems").separate` of spleeter 2.4.2: the largest difference
    found in a sample was 2e-5 on recordings, and 1.2e-4 on one driven to thirty times full scale and clipped.
    `threads` tiles are worked on at a time, about 150 MB each. Raises ModelError where the weights are missing.
    """

    SAMPLE_RATE = 44100

    def __init__(self, threads: int = 2, device: str = "auto"):
        from engines import runtime
        from engines.spleeter import unet as unet_onnx

        self._threads = threads
        self._session = runtime.session(unet_onnx.built(), threads=1, device=device)

    def stream(
        self, blocks: Iterable[np.ndarray], accompaniment: bool = False
    ) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
        """Yield (vocals, accompaniment or None) in pieces of float32 (m, 2), as many samples as came in.

        `blocks` are float32 (n, 2) of any n at 44.1 kHz, full scale 1.
        """
        stems = 2 if accompaniment else 1
        tail = np.zeros((stems, 2, OVERLAP), np.float32)
        lead_in = FRAME  # Spleeter puts a frame of zeros in front of the recording
        for tile, keep in self._tiles(chain([np.zeros((FRAME, 2), np.float32)], blocks), stems):
            tile[..., :OVERLAP] += tail
            tail = tile[..., TILE:]
            piece, lead_in = tile[..., lead_in:keep], 0
            if piece.shape[-1]:
                vocals, *rest = np.ascontiguousarray(piece.swapaxes(1, 2))
                yield vocals, rest[0] if rest else None

    def _tiles(self, blocks: Iterable[np.ndarray], stems: int) -> Iterator[tuple[np.ndarray, int]]:
        """Yield (tile, samples of it to keep) in the order of the stream; one tile more than threads is begun."""
        pending: deque[tuple[Future, int]] = deque()
        with ThreadPoolExecutor(self._threads) as pool:
            for window, _, keep in windows(blocks, TILE, after=OVERLAP):
                pending.append((pool.submit(self._separate, window, stems), keep))
                if len(pending) > self._threads:
                    job, kept = pending.popleft()
                    yield job.result(), kept
            for job, kept in pending:
                yield job.result(), kept

    def _separate(self, window: np.ndarray, stems: int) -> np.ndarray:
        """Up to TILE + OVERLAP samples, (n, 2), to (stems, 2, TILE + OVERLAP), not yet overlap-added."""
        tile = np.zeros((stems, 2, TILE + OVERLAP), np.float32)
        # Digital silence has no spectrum for a mask to act on: the tile is already what the network would give.
        if not window.any():
            return tile
        samples = np.zeros((2, TILE + OVERLAP), np.float32)
        samples[:, : len(window)] = window.T
        spectrum = stft(samples)
        (mask,) = self._session.run(None, {"magnitude": np.abs(spectrum)[None]})
        tile[0] = istft(spectrum * mask[0])
        if stems == 2:
            tile[1] = istft(spectrum * (1 - mask[0]))
        return tile
