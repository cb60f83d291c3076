"""Spectrograms as small PNGs in data: addresses."""

import base64
import struct
import zlib

import numpy as np

WINDOW = 1024  # samples
ROWS, COLUMNS = 128, 420
RANGE_DB = 70.0  # below the loudest
SHADES = 64  # a palette of few shades packs well


def decibels(signal: np.ndarray) -> np.ndarray:
    """The spectrogram (ROWS, columns <= COLUMNS) of a signal (n,): highest frequency first, 0 dB its loudest point.

    Hann windows; of the frequencies in a row the strongest counts. Below -RANGE_DB all is -RANGE_DB.
    """
    signal = np.pad(signal, (0, max(0, WINDOW - len(signal))))
    hop = max(WINDOW // 4, -(-(len(signal) - WINDOW) // (COLUMNS - 1)))
    frames = np.lib.stride_tricks.sliding_window_view(signal, WINDOW)[::hop] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames)[:, : WINDOW // 2]) ** 2
    rows = power.reshape(len(frames), ROWS, -1).max(axis=2).T[::-1]
    return np.maximum(10 * np.log10(np.maximum(rows, 1e-20) / max(rows.max(), 1e-20)), -RANGE_DB)


def palette(shades: int = SHADES) -> np.ndarray:
    """(shades, 3) bytes from near black over blue to a pale yellow, evenly brighter: it reads in grey print as well."""
    stops = np.array([[12, 14, 28], [36, 58, 128], [38, 132, 150], [150, 196, 120], [253, 246, 200]], float)
    at = np.linspace(0, len(stops) - 1, shades)
    columns = [np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)]
    return np.stack(columns, axis=1).round().astype(np.uint8)


def png(pixels: np.ndarray, colours: np.ndarray) -> bytes:
    """A PNG of palette indices (rows, columns), uint8. Source: ISO/IEC 15948, sections 5 and 11."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows, columns = pixels.shape
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)
    lines = np.pad(pixels, ((0, 0), (1, 0)))  # every line begins with its filter: 0, none
    parts = [
        (b"IHDR", header),
        (b"PLTE", colours.tobytes()),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def address(signal: np.ndarray) -> str:
    """A data: address with the spectrogram of a signal (n,)."""
    shades = (decibels(signal) / RANGE_DB + 1) * (SHADES - 1)
    return "data:image/png;base64," + base64.b64encode(png(shades.round().astype(np.uint8), palette())).decode()
