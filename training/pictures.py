"""Pictures of signals and spectrograms."""

import numpy as np

from engines.enhancers import stft
from training.sounds import RATE


def levels(signal: np.ndarray) -> np.ndarray:
    """A signal (n,) as a spectrogram in dB (bins, t); what is a spectrogram (t, bands) already is turned."""
    shown = signal.T if signal.ndim == 2 else 20 * np.log10(np.abs(stft.analyse(signal)).T + 1e-5)
    return shown


def beside(signals: dict[str, np.ndarray]):
    """A matplotlib figure: the spectrograms of signals, one below the other, with one range of levels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 2.2 * len(signals)), layout="constrained")
    shown = {name: levels(signal) for name, signal in signals.items()}
    top = max(float(level.max()) for level in shown.values())
    for number, (name, level) in enumerate(shown.items(), 1):
        axes = figure.add_subplot(len(shown), 1, number)
        extent = (0, level.shape[1] * stft.HOP / RATE, 0, level.shape[0])
        axes.imshow(level, origin="lower", aspect="auto", vmin=top - 80, vmax=top, extent=extent, cmap="magma")
        axes.set_ylabel(name)
    axes.set_xlabel("seconds")
    return figure
