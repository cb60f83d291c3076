"""A tone model of one matrix, with its card, as training/tone writes them."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from engines.tone import parts
from pipeline.digest import sha256


def write(path: Path, weights: np.ndarray, tones: list[str], **other) -> Path:
    """Write a model whose scores are vectors (n, d) @ weights (d, tones) to `path`; other: what its card says else."""
    size, count = weights.shape
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["X", "weights"], ["scores"])],
        "tiny",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, size])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, count])],
        [numpy_helper.from_array(weights.astype(np.float32), "weights")],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    card = {
        "kind": "voxsieve tone model",
        "version": 1,
        "sha256": sha256(path),
        "parts": list(parts.IN_PIPELINE),
        "features": parts.fingerprint(parts.IN_PIPELINE),
        "normalize": True,
        "tones": tones,
        "temperature": 1.0,
        "recipe": {},
        "data": {},
        "scores": {},
        "made_with": {},
    }
    path.with_suffix(".json").write_text(json.dumps(card | other))
    return path
