"""DNSMOS P.835 on ONNX Runtime: how a listener would rate a clip's speech, its background, and the whole.

Reddy et al. 2022, "DNSMOS P.835", with the published network and the scale of speechmos 0.0.1.1: a clip shorter than
9.01 s is doubled until it is long enough, windows of 9.01 s are rated every second, and their ratings are averaged.

Windows overlap, and the copies of a short clip are equal, so the package computes most convolutions many times. Here
the network is cut in two at its first pooling. The costly half (four layers at full resolution, 98 % of the work) is
computed once per clip, wrapping around where the clip repeats. Each window then takes its frames from that result;
only its first and last four are computed again, since they border on zeros. The scores equal the package's.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from engines import runtime
from install import weights

SAMPLE_RATE = 16000
WEIGHTS = "dnsmos/sig_bak_ovr.onnx"
VERSION = 2  # of the cut below: raise it when the cut changes, so that new files are built
CUT = {  # half -> (its input, that input's shape, its output)
    "front": ("mos_estimator_logpow/concat:0", ["n", "frames", 320], "mos_estimator_logpow/conv2d_3/Relu:0"),
    "back": ("mos_estimator_logpow/conv2d_3/Relu:0_pooling0", ["n", 32, "cells", 80], "Identity:0"),
}
HOP = 160  # samples from frame to frame; a frame has two hops
FRAMES = 900  # frames of a window
WINDOW = (FRAMES + 1) * HOP  # samples, 9.01 s
STEP = 100  # frames from window to window, 1 s
REACH = 4  # frames on either side that one output of the front depends on
CHUNK = 256  # frames that go through the front at once: bounds the memory of a long clip
POLYNOMIALS = np.array(  # raw rating to the scale of P.835: (SIG, BAK, OVRL), x^2, x, 1
    [
        [-0.08397278, 1.22083953, 0.0052439],
        [-0.13166888, 1.60915514, -0.39604546],
        [-0.06766283, 1.11546468, 0.04602535],
    ]
)


def half(name: str) -> Path:
    """The path of one half of the network, "front" or "back", built once into the cache."""
    return weights.built(f"dnsmos-{name}.onnx", [WEIGHTS], VERSION, partial(_write, name))


def _write(name: str, path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load(weights.file(WEIGHTS))
    entry, shape, exit_ = CUT[name]
    nodes, wanted = [], {exit_}
    for node in reversed(model.graph.node):
        if wanted & set(node.output):
            nodes.insert(0, node)
            wanted |= set(node.input) - {entry}
    tensors = [tensor for tensor in model.graph.initializer if tensor.name in wanted]
    ends = [
        helper.make_tensor_value_info(entry, TensorProto.FLOAT, shape),
        helper.make_tensor_value_info(exit_, TensorProto.FLOAT, None),
    ]
    graph = helper.make_graph(nodes, f"dnsmos-{name}", ends[:1], ends[1:], tensors)
    half_model = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    onnx.save(half_model, path)


def windows(samples: int) -> int:
    """How many windows the package rates in a clip of `samples` samples, after doubling it to 9.01 s."""
    while 0 < samples < WINDOW:
        samples *= 2
    return int(samples // SAMPLE_RATE - WINDOW / SAMPLE_RATE) + 1


def cut_frames(clip: np.ndarray) -> np.ndarray:
    """Frames (m, 320) of a clip (n,), n at least 1, to be read as a ring: after the last comes the first.

    The copies of a clip that is not a whole number of frames differ: it is doubled until they match or suffice.
    """
    while len(clip) < WINDOW and len(clip) % HOP:
        clip = np.concatenate([clip, clip])
    hops = clip[: len(clip) // HOP * HOP].reshape(-1, HOP)
    return np.concatenate([hops, np.roll(hops, -1, axis=0)], axis=1)


def pool_bands(features: np.ndarray) -> np.ndarray:
    """Maximum over pairs of bands, (n, 32, m, 161) to (n, 32, m, 80); the last band has no partner and is dropped."""
    return np.maximum(features[..., :-1:2], features[..., 1::2])


def pool_ring(features: np.ndarray) -> np.ndarray:
    """Maximum over pairs of frames of a ring, (n, 32, m, b) to (n, 32, k, b); a ring of odd length is doubled first."""
    if features.shape[2] % 2:
        features = np.concatenate([features, features], axis=2)
    return np.maximum(features[:, :, ::2], features[:, :, 1::2])


class Rater:
    """The network, loaded once; one clip at a time on each of `threads` threads.

    `device` is "auto", "cpu" or "cuda". Raises ModelError where the weights are missing.
    """

    SAMPLE_RATE = SAMPLE_RATE

    def __init__(self, threads: int = 2, device: str = "auto"):
        self.threads = threads
        self.sessions = {name: runtime.session(half(name), 1, device) for name in CUT}

    def rate(self, clips: list[np.ndarray]) -> np.ndarray:
        """SIG, BAK and OVRL, (clips, 3) from 1 to 5, of clips (n,) mono float32 at 16 kHz, n at least 1."""
        with ThreadPoolExecutor(self.threads) as pool:
            return np.array(list(pool.map(self._rate_one, clips))).reshape(-1, 3)

    def _rate_one(self, clip: np.ndarray) -> np.ndarray:
        frames = cut_frames(clip)
        cells = pool_ring(self._whole(frames))
        raw = []
        for start in range(0, windows(len(clip)) * STEP, STEP):
            inside = cells[:, :, (start // 2 + np.arange(FRAMES // 2)) % cells.shape[2]]
            ends = np.stack([start + np.arange(2 * REACH), start + FRAMES - np.arange(2 * REACH, 0, -1)])
            first, last = pool_ring(pool_bands(self._run("front", frames[ends % len(frames)])))
            inside[0, :, : REACH // 2], inside[0, :, -REACH // 2 :] = first[:, : REACH // 2], last[:, -REACH // 2 :]
            raw.append(self._run("back", inside)[0])
        raw = np.array(raw, np.float64)
        return np.mean(np.sum(POLYNOMIALS * np.stack([raw**2, raw, raw**0], axis=-1), axis=-1), axis=0)

    def _whole(self, frames: np.ndarray) -> np.ndarray:
        """The front's output with its bands pooled, (1, 32, m, 80), for frames (m, 320) of a ring."""
        pooled = []
        for start in range(0, len(frames), CHUNK):
            stop = min(start + CHUNK, len(frames))
            around = np.arange(start - REACH, stop + REACH) % len(frames)
            pooled.append(pool_bands(self._run("front", frames[around][np.newaxis])[:, :, REACH:-REACH]))
        return np.concatenate(pooled, axis=2)

    def _run(self, name: str, values: np.ndarray) -> np.ndarray:
        return self.sessions[name].run(None, {CUT[name][0]: np.ascontiguousarray(values, np.float32)})[0]
