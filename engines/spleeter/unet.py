"""Build one ONNX graph of Spleeter's two 2stems U-Nets and their ratio mask (spleeter/model/functions/unet.py).

It gives the same result as the TensorFlow graph, in a form that a CPU runs near its matrix-multiply peak. A transposed
5x5 convolution of stride 2 is four small convolutions, one for each parity of output row and column (its
phases), interleaved afterwards: no multiplication with inserted zeros. The last two layers never leave the
phase form: 4x4 output pixels are 16 channels of one pixel, so that layers of 1 and 2 channels fill whole
vector registers, and the largest tensors are not interleaved at all.
"""

from pathlib import Path

import numpy as np

from engines.spleeter import checkpoint as tf_checkpoint
from install import weights

VERSION = 1  # raise it when the graph changes: it is part of the built file's name
FRAMES, BINS, CHANNELS = 512, 1024, 2
SOURCES = ["spleeter/model.index", "spleeter/model.data-00000-of-00001"]

_EPSILON = 1e-10  # of the ratio mask, EstimatorSpecBuilder.EPSILON
_BN_EPSILON = 1e-3  # Keras BatchNormalization
_LEVELS = 6


def built() -> Path:
    """The ONNX file in the cache, built from the pinned checkpoint where it is not there yet.

    Input "magnitude", output "vocals_mask", both float32 (tiles, 2 channels, 512 frames, 1024 bins). The
    accompaniment's mask is one minus the vocals' mask. Raises ModelError where the weights are missing.
    """
    return weights.built("spleeter-2stems.onnx", SOURCES, VERSION, _write)


def phase_kernel(kernel: np.ndarray, row: int, column: int) -> np.ndarray:
    """The stride-1 kernel that gives output pixels (2m + row, 2n + column) of a transposed convolution.

    `kernel` is TensorFlow's (5, 5, out, in), stride 2, padding "same"; the answer is ONNX's
    (out, in, 2 + row, 2 + column), to be used with one pixel of padding before and `row`, `column` after.
    Output o = 2m + row gets input i with tap o + 1 - 2i, so i = m - 1, m, m + 1 get row + 3, row + 1, row - 1.
    """
    return kernel[row + 3 :: -2, column + 3 :: -2][: 2 + row, : 2 + column].transpose(2, 3, 0, 1)


def block_kernel(kernel: np.ndarray) -> np.ndarray:
    """The kernel that gives blocks of 4x4 output pixels of a transposed convolution with one output channel.

    `kernel` is (5, 5, 1, in); the answer (16, in, 4, 4) is used with stride 2 and one pixel of padding:
    channel 4 * row + column is the pixel's place in its block. Block m sees inputs 2m - 1 ... 2m + 2.
    """
    out = np.zeros((4, 4, kernel.shape[3], 4, 4), np.float32)
    for row, y in np.ndindex(4, 4):
        for column, x in np.ndindex(4, 4):
            tap_y, tap_x = row + 3 - 2 * y, column + 3 - 2 * x
            if 0 <= tap_y < 5 and 0 <= tap_x < 5:
                out[row, column, :, y, x] = kernel[tap_y, tap_x, 0]
    return out.reshape(16, -1, 4, 4)


def fold_phases(kernel: np.ndarray) -> np.ndarray:
    """`block_kernel`'s (16, in, 4, 4) for an input in phase form: (16, 4 * in, 3, 3), stride 1, padding 1.

    Input channel (2 * row + column) * in + c is channel c of the pixels (2m + row, 2n + column).
    """
    outputs, inputs = kernel.shape[:2]
    out = np.zeros((outputs, 2, 2, inputs, 3, 3), np.float32)
    for y, x in np.ndindex(4, 4):
        out[:, (y - 1) % 2, (x - 1) % 2, :, (y + 1) // 2, (x + 1) // 2] = kernel[:, :, y, x]
    return out.reshape(outputs, 4 * inputs, 3, 3)


def blocked_dilated_kernel(kernel: np.ndarray) -> np.ndarray:
    """A 4x4 convolution of dilation 2, padding "same", from blocks of 4x4 pixels to blocks of 4x4 pixels.

    `kernel` is TensorFlow's (4, 4, 1, out); the answer (16 * out, 16, 3, 3) is used with padding 1, input
    channel 4 * row + column, output channel (4 * row + column) * out + c. Tap k of output o reads o + 2k - 3.
    """
    out = np.zeros((4, 4, kernel.shape[3], 4, 4, 3, 3), np.float32)
    for row, tap_y in np.ndindex(4, 4):
        for column, tap_x in np.ndindex(4, 4):
            block_y, from_y = divmod(row + 2 * tap_y - 3, 4)
            block_x, from_x = divmod(column + 2 * tap_x - 3, 4)
            out[row, column, :, from_y, from_x, block_y + 1, block_x + 1] = kernel[tap_y, tap_x, 0]
    return out.reshape(-1, 16, 3, 3)


def _write(path: Path) -> None:
    import onnx
    from onnx import helper

    graph = _Graph(tf_checkpoint.read(*map(weights.file, SOURCES)))
    vocals, accompaniment = (_unet(graph, "magnitude", scope) for scope in range(2))
    _ratio_mask(graph, "magnitude", vocals, accompaniment, "vocals_mask")
    shape = ["tiles", CHANNELS, FRAMES, BINS]
    ends = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, shape) for n in ("magnitude", "vocals_mask")]
    whole = helper.make_graph(graph.nodes, "spleeter-2stems", ends[:1], ends[1:], graph.initializers)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _unet(graph: "_Graph", magnitude: str, scope: int) -> str:
    """One U-Net up to its last sigmoid: the logit of a stem's mask, with its sign turned. Scope 0 is vocals."""
    norm, conv, up = (2 * _LEVELS * scope, (_LEVELS + 1) * scope, _LEVELS * scope)  # each U-Net's first number
    skips, at = [], magnitude
    for level in range(_LEVELS):
        kernel, bias = graph.weights("conv2d", conv + level)
        at = graph.conv(at, kernel.transpose(3, 2, 0, 1), bias, pads=[1, 1, 2, 2], stride=2)
        skips.append(at)
        if level < _LEVELS - 1:
            at = graph.add("LeakyRelu", graph.normalize(at, norm + level), alpha=0.2)

    for level in range(_LEVELS - 1):
        kernel, bias = graph.weights("conv2d_transpose", up + level)
        phases = []
        for row, column in np.ndindex(2, 2):
            phase = graph.conv(at, phase_kernel(kernel, row, column), bias, pads=[1, 1, row, column])
            phases.append(graph.add("Relu", phase))
        at = graph.add("Concat", *phases, axis=1)
        at = graph.normalize(at, norm + _LEVELS + level, repeat=4)
        if level < _LEVELS - 2:
            at = graph.add("DepthToSpace", at, blocksize=2)
            at = graph.add("Concat", skips[_LEVELS - 2 - level], at, axis=1)

    # The last merge of skip and phases: convolved apart and added, for they differ in form.
    kernel, bias = graph.weights("conv2d_transpose", up + _LEVELS - 1)
    blocks = block_kernel(kernel)
    from_skip, from_phases = np.split(blocks, 2, axis=1)
    skip = graph.conv(skips[0], from_skip, pads=[1] * 4, stride=2)
    at = graph.conv(at, fold_phases(from_phases), np.tile(bias, 16), pads=[1] * 4)
    at = graph.add("Relu", graph.add("Add", at, skip))
    at = graph.normalize(at, norm + 2 * _LEVELS - 1, repeat=16)

    kernel, bias = graph.weights("conv2d", conv + _LEVELS)
    at = graph.conv(at, blocked_dilated_kernel(-kernel), np.tile(-bias, 16), pads=[1] * 4)
    return graph.add("DepthToSpace", at, blocksize=4)


def _ratio_mask(graph: "_Graph", magnitude: str, vocals: str, accompaniment: str, name: str) -> None:
    """(v^2 + e/2) / (v^2 + a^2 + e) with v, a the masked magnitudes, EstimatorSpecBuilder._build_masks.

    The sigmoid is spelt out as 1 / (1 + exp(-logit)): where both stems' sigmoids are tiny their ratio still
    decides, and ONNX Runtime's own Sigmoid is good to 1e-7 of one there, not of its value.
    """
    powers = []
    for turned_logit in (vocals, accompaniment):
        inverse = graph.add("Add", graph.add("Exp", turned_logit), graph.constant(1))
        masked = graph.add("Div", magnitude, inverse)
        powers.append(graph.add("Mul", masked, masked))
    whole = graph.add("Add", graph.add("Add", *powers), graph.constant(_EPSILON))
    graph.add("Div", graph.add("Add", powers[0], graph.constant(_EPSILON / 2)), whole, name=name)


class _Graph:
    """ONNX nodes and initializers in the making; every method gives the name of its output."""

    def __init__(self, variables: dict[str, np.ndarray]):
        self.variables = variables
        self.nodes, self.initializers = [], []

    def weights(self, layer: str, number: int) -> tuple[np.ndarray, np.ndarray]:
        name = _numbered(layer, number)
        return self.variables[f"{name}/kernel"], self.variables[f"{name}/bias"]

    def constant(self, value) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self.initializers)}"
        array = np.ascontiguousarray(value, np.float32).reshape(np.shape(value))
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def add(self, kind: str, *inputs: str, name: str | None = None, **attributes) -> str:
        from onnx import helper

        name = name or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))
        return name

    def conv(self, at: str, kernel: np.ndarray, bias=None, *, pads: list[int], stride: int = 1) -> str:
        parameters = [kernel] if bias is None else [kernel, bias]
        size = list(kernel.shape[2:])
        constants = map(self.constant, parameters)
        return self.add("Conv", at, *constants, kernel_shape=size, pads=pads, strides=[stride, stride])

    def normalize(self, at: str, number: int, repeat: int = 1) -> str:
        name = _numbered("batch_normalization", number)
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        parameters = (self.constant(np.tile(self.variables[f"{name}/{part}"], repeat)) for part in parts)
        return self.add("BatchNormalization", at, *parameters, epsilon=_BN_EPSILON)


def _numbered(layer: str, number: int) -> str:
    """Keras numbers its layers in the order of creation and gives the first no number."""
    return f"{layer}_{number}" if number else layer
