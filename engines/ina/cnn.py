"""inaSpeechSegmenter's Keras networks as ONNX files: read with h5py, written with onnx, no TensorFlow.

The networks are plain chains (Doukhan et al., "An Open-Source Speaker Gender Detection Framework",
ICASSP 2018): convolutions, pooling, dense layers and a softmax. Every batch normalisation stands right
behind a linear convolution or dense layer and is folded into its weights. Input "patches", float32
(batch, 68 frames, mel bands), normalised; output "posteriors", float32 (batch, labels).
"""

import json
from pathlib import Path

import numpy as np

from install import weights
from pipeline.errors import ModelError

VERSION = 1  # of this converter: raise it when the ONNX file it writes changes
OPSET = 17


def onnx_file(keras: str) -> Path:
    """The ONNX twin of one Keras file, such as "ina/keras_male_female_cnn.hdf5", built where missing.

    Raises ModelError where the weights are missing, are not the pinned ones, or hold an unknown layer.
    """
    name = "ina-" + keras.rpartition("/")[2].replace(".hdf5", ".onnx")
    return weights.built(name, [keras], VERSION, lambda path: convert(weights.file(keras), path))


def convert(hdf5: Path, onnx_path: Path) -> None:
    """Write the Keras Sequential model in `hdf5` as an ONNX file to `onnx_path`."""
    import onnx
    from onnx import TensorProto, helper

    layers, arrays = read_keras(hdf5)
    frames, bands = layers[0]["config"]["batch_input_shape"][1:]
    graph = Chain()
    graph.constant("channel_axis", np.array([1]))
    graph.add("Unsqueeze", "channel_axis")
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        add_layer(graph, layer, following, arrays)
    labels = layers[-1]["config"]["units"]
    graph.nodes[-1].output[0] = "posteriors"
    onnx_graph = helper.make_graph(
        graph.nodes,
        "ina",
        [helper.make_tensor_value_info("patches", TensorProto.FLOAT, ["batch", frames, bands])],
        [helper.make_tensor_value_info("posteriors", TensorProto.FLOAT, ["batch", labels])],
        graph.constants,
    )
    model = helper.make_model(onnx_graph, ir_version=8, opset_imports=[helper.make_opsetid("", OPSET)])
    onnx.checker.check_model(model)
    onnx.save(model, str(onnx_path))


def read_keras(hdf5: Path) -> tuple[list[dict], dict[str, list[np.ndarray]]]:
    """Layers of a Keras 2 Sequential file (class_name, config) and their arrays by layer name, as stored."""
    import h5py

    with h5py.File(hdf5, "r") as file:
        config = json.loads(file.attrs["model_config"])["config"]
        groups = file["model_weights"]
        arrays = {name: [group[path][()] for path in group.attrs["weight_names"]] for name, group in groups.items()}
    return config["layers"], arrays


class Chain:
    """An ONNX graph in the making, in which each node takes the output of the one before."""

    def __init__(self):
        self.nodes = []
        self.constants = []
        self.last = "patches"

    def constant(self, name: str, value: np.ndarray) -> None:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(value, name))

    def add(self, operator: str, *constants: str, **attributes) -> None:
        from onnx import helper

        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [self.last, *constants], [output], **attributes))
        self.last = output


def add_layer(graph: Chain, layer: dict, following: dict | None, arrays: dict[str, list[np.ndarray]]) -> None:
    """Append one Keras layer; `following` is the next one, looked at for a batch normalisation to fold in."""
    kind, config = layer["class_name"], layer["config"]
    name = config["name"]
    if kind in ("Conv2D", "Dense"):
        kernel, bias = arrays[name]
        if following and following["class_name"] == "BatchNormalization":
            norm = following["config"]
            kernel, bias = fold(kernel, bias, arrays[norm["name"]], norm["epsilon"])
        if kind == "Conv2D":  # Keras keeps (height, width, in, out), ONNX wants (out, in, height, width)
            kernel = kernel.transpose(3, 2, 0, 1).copy()
        graph.constant(f"{name}_kernel", kernel)
        graph.constant(f"{name}_bias", bias)
        graph.add("Conv" if kind == "Conv2D" else "Gemm", f"{name}_kernel", f"{name}_bias")
        if config["activation"] == "softmax":
            graph.add("Softmax", axis=-1)
    elif kind == "Activation" and config["activation"] == "relu":
        graph.add("Relu")
    elif kind == "MaxPooling2D":
        padding = {"valid": "VALID", "same": "SAME_UPPER"}[config["padding"]]
        size, strides = config["pool_size"], config["strides"]
        graph.add("MaxPool", kernel_shape=size, strides=strides, auto_pad=padding)
    elif kind == "Flatten":
        # Both orders of axes agree here because height and width are 1 at this point.
        graph.add("Flatten")
    elif kind not in ("Reshape", "BatchNormalization", "Dropout"):
        raise ModelError(f"Layer {name} is a {kind}, which the converter of the ina networks does not know.")


def fold(kernel: np.ndarray, bias: np.ndarray, norm: list[np.ndarray], epsilon: float) -> tuple:
    """Kernel (..., out) and bias (out,) with the batch normalisation behind them folded in, both float32.

    `norm` is gamma, beta, moving mean, moving variance, each (out,), as in
    y = gamma (x - mean) / sqrt(variance + epsilon) + beta.
    """
    gamma, beta, mean, variance = (array.astype(np.float64) for array in norm)
    scale = gamma / np.sqrt(variance + epsilon)
    return (kernel * scale).astype(np.float32), ((bias - mean) * scale + beta).astype(np.float32)
