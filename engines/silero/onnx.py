"""Silero VAD 6.2.3 on ONNX Runtime: the probability of speech, every 32 ms.

The network is that of the wheel's `silero_vad_16k_sequence.onnx`: windows of 512 samples, each preceded by the last
64 of the one before (silero_vad/sequence_vad.py), and a recurrent state that is carried from call to call. Its
convolutions see four frames of a window at most, too few to keep a core busy: here each of them is one matrix product
over all windows of a call. 1,900 times real time on one core.
"""

from pathlib import Path

import numpy as np

from engines import runtime
from install import weights

WEIGHTS = "silero/silero_vad_16k_sequence.onnx"
SAMPLE_RATE = 16000
WINDOW = 512  # samples, 32 ms
CONTEXT = 64
VERSION = 1  # of the graph below: raise it when the graph changes, so that a new file is built
FRAME, HOP = 256, 128  # samples of the network's own Fourier transform
STRIDES = (1, 2, 2, 1)  # of the four convolutions behind it, each of three frames


def model() -> Path:
    """The path of the graph, built once into the cache: input (n, 576), h and c (1, 1, 128) -> probabilities (n,)."""
    return weights.built("silero-vad.onnx", [WEIGHTS], VERSION, _write)


def _write(path: Path) -> None:
    """Write the wheel's graph with everything before its LSTM rebuilt."""
    import onnx
    from onnx import helper, numpy_helper

    source = onnx.load(weights.file(WEIGHTS))
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in source.graph.initializer}
    lstm = next(number for number, node in enumerate(source.graph.node) if node.op_type == "LSTM")
    nodes, constants = [], []

    def constant(value) -> str:
        constants.append(numpy_helper.from_array(np.array(value), f"constant_{len(constants)}"))
        return constants[-1].name

    def add(kind: str, *inputs: str, **attributes) -> str:
        nodes.append(helper.make_node(kind, inputs, [f"front_{len(nodes)}"], **attributes))
        return nodes[-1].output[0]

    def taps(at: str, count: int, width: int, stride: int = 1) -> str:
        """Frames (n, k, channels) to (n, count, width * channels): each with those that follow, every `stride`."""
        ends = [(tap, tap + (count - 1) * stride + 1) for tap in range(width)]
        return add(
            "Concat",
            *(add("Slice", at, *map(constant, ([start], [stop], [1], [stride]))) for start, stop in ends),
            axis=2,
        )

    at = add("Pad", "input", constant([0, 0, 0, CONTEXT]), mode="reflect")
    at = taps(add("Reshape", at, constant([0, -1, HOP])), frames := WINDOW // HOP, FRAME // HOP)
    basis = tensors["stft.forward_basis_buffer"][:, 0].T
    parts = [add("MatMul", at, constant(half.copy())) for half in np.split(basis, 2, axis=1)]
    at = add("Sqrt", add("Add", *(add("Mul", part, part) for part in parts)))
    for layer, stride in enumerate(STRIDES):
        kernel = tensors[f"encoder.{layer}.weight"].transpose(2, 1, 0)
        frames = -(-frames // stride)
        at = taps(add("Pad", at, constant([0, 1, 0, 0, 1, 0])), frames, len(kernel), stride)
        at = add("MatMul", at, constant(kernel.reshape(-1, kernel.shape[2])))
        at = add("Relu", add("Add", at, constant(tensors[f"encoder.{layer}.bias"])))
    source.graph.node[lstm].input[0] = at

    # Of the wheel's nodes before the LSTM, only the constants are still needed.
    rest = [node for node in source.graph.node[:lstm] if node.op_type == "Constant"] + list(source.graph.node[lstm:])
    wanted = {name for node in rest for name in node.input}
    kept = [tensor for tensor in source.graph.initializer if tensor.name in wanted]
    graph = helper.make_graph(nodes + rest, "silero-vad", source.graph.input, source.graph.output, constants + kept)
    rewritten = helper.make_model(graph, opset_imports=source.opset_import, ir_version=source.ir_version)
    onnx.checker.check_model(rewritten)
    onnx.save(rewritten, path)


class Vad:
    """The network, loaded once. Raises ModelError where the weights are missing."""

    def __init__(self, device: str = "auto"):
        self.session = runtime.session(model(), 1, device)

    def stream(self) -> "Stream":
        """A fresh listener for one signal."""
        return Stream(self.session)


class Stream:
    """Listens to one signal, 16 kHz mono float32, block by block."""

    SECONDS = WINDOW / SAMPLE_RATE

    def __init__(self, session):
        self.session = session
        self.state = {name: np.zeros((1, 1, 128), np.float32) for name in "hc"}
        self.rest = np.zeros(CONTEXT, np.float32)
        self.probabilities: list[np.ndarray] = []

    def push(self, block: np.ndarray) -> None:
        """Take the next samples (n,), of any n; what does not fill a window waits for the next call."""
        signal = np.concatenate([self.rest, block])
        whole = (len(signal) - CONTEXT) // WINDOW
        self.rest = signal[whole * WINDOW :]
        if whole:
            windows = np.lib.stride_tricks.sliding_window_view(signal, CONTEXT + WINDOW)[::WINDOW]
            feed = {"input": np.ascontiguousarray(windows[:whole])} | self.state
            probability, self.state["h"], self.state["c"] = self.session.run(None, feed)
            self.probabilities.append(probability.reshape(-1))

    def probability(self) -> np.ndarray:
        """The probability of speech in every whole window so far, float32 (windows,)."""
        return np.concatenate(self.probabilities) if self.probabilities else np.zeros(0, np.float32)
