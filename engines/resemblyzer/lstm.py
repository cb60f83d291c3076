"""The voice encoder of resemblyzer as an ONNX graph: three LSTM layers, a linear layer, ReLU, length 1.

The network is that of `VoiceEncoder.forward` in resemblyzer/voice_encoder.py (Wan et al. 2018, "Generalized
end-to-end loss for speaker verification"); the weights are those of its pretrained.pt.
"""

from pathlib import Path

import numpy as np

from engines.resemblyzer import torch_pickle
from install import weights

WEIGHTS = "resemblyzer/pretrained.pt"
VERSION = 1  # of the graph below: raise it when the graph changes, so that a new file is built
FRAMES, BANDS, HIDDEN, LAYERS = 160, 40, 256, 3


def model() -> Path:
    """The path of the graph, built once into the cache: mels (n, 160, 40) -> vectors (n, 256), float32."""
    return weights.built("resemblyzer.onnx", [WEIGHTS], VERSION, _write)


def _write(path: Path) -> None:
    import onnx

    onnx.save(graph(torch_pickle.load(weights.file(WEIGHTS))["model_state"]), path)


def graph(state: dict[str, np.ndarray]):
    """The onnx.ModelProto of the network with torch's weights `state`, named as torch.nn.LSTM names them."""
    from onnx import TensorProto, checker, helper, numpy_helper

    tensors, nodes = {}, [helper.make_node("Transpose", ["mels"], ["time_major"], perm=[1, 0, 2])]
    steps = "time_major"
    for layer in range(LAYERS):
        parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        of_input, of_state, *biases = (_gates(state[f"lstm.{part}_l{layer}"]) for part in parts)
        tensors[f"W{layer}"] = of_input[None]
        tensors[f"R{layer}"] = of_state[None]
        tensors[f"B{layer}"] = np.concatenate(biases)[None]
        inputs = [steps, *(f"{name}{layer}" for name in "WRB")]
        nodes.append(helper.make_node("LSTM", inputs, [f"all{layer}", f"last{layer}"], hidden_size=HIDDEN))
        # An LSTM node has an axis for its directions, of which there is one.
        steps = f"steps{layer}"
        if layer < LAYERS - 1:
            nodes.append(helper.make_node("Squeeze", [f"all{layer}", "axis1"], [steps]))
    tensors |= {"axis0": np.array([0]), "axis1": np.array([1])}
    tensors |= {"linear": state["linear.weight"], "bias": state["linear.bias"]}
    nodes += [
        helper.make_node("Squeeze", [f"last{LAYERS - 1}", "axis0"], ["last"]),
        helper.make_node("Gemm", ["last", "linear", "bias"], ["raw"], transB=1),
        helper.make_node("Relu", ["raw"], ["positive"]),
        helper.make_node("ReduceL2", ["positive", "axis1"], ["length"]),
        helper.make_node("Div", ["positive", "length"], ["vectors"]),
    ]
    network = helper.make_model(
        helper.make_graph(
            nodes,
            "voice_encoder",
            [helper.make_tensor_value_info("mels", TensorProto.FLOAT, ["n", FRAMES, BANDS])],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", HIDDEN])],
            [numpy_helper.from_array(array, name) for name, array in tensors.items()],
        ),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=8,
    )
    checker.check_model(network)
    return network


def _gates(parameter: np.ndarray) -> np.ndarray:
    """torch stacks the gates as input, forget, cell, output; ONNX as input, output, forget, cell."""
    into, forget, cell, out = np.split(parameter, 4)
    return np.concatenate([into, out, forget, cell])
