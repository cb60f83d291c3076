"""A trained classifier as an ONNX file with its card. What is written is read back and held against scikit-learn."""

import json
import os
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
from skl2onnx import to_onnx

from engines.tone import parts
from engines.tone.model import KIND, SCORES, Model
from pipeline import manifest
from pipeline.digest import sha256
from pipeline.errors import ModelError
from training.tone import models
from training.tone.models import Recipe

OPSET = 17
CLOSE = 1e-3  # the file computes in single precision
LIBRARIES = ("scikit-learn", "skl2onnx", "numpy")


def write(
    path: Path, model, recipe: Recipe, vectors: np.ndarray, heat: float, data: dict, scores: dict | None = None
) -> None:
    """Write `path` (.onnx) and its card. vectors: some that the file is checked with, (n, d)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.stem}.{os.getpid()}.partial.onnx")
    partial.write_bytes(graph(model, vectors).SerializeToString())
    card = {
        "kind": KIND,
        "version": 1,
        "sha256": sha256(partial),
        "parts": list(recipe.parts),
        "features": parts.fingerprint(recipe.parts),
        "normalize": recipe.normalize,
        "tones": [str(tone) for tone in model.classes_],
        "temperature": heat,
        "recipe": recipe.plain(),
        "data": data,
        "scores": scores or {},
        "made_with": {name: version(name) for name in LIBRARIES},
    }
    partial_card = partial.with_suffix(".json")
    try:
        manifest.write_text(partial_card, json.dumps(card, indent=1, ensure_ascii=False) + "\n")
        error = np.abs(Model(partial).scores(vectors) - models.scores(model, vectors)).max()
        if error > CLOSE * max(1, np.abs(models.scores(model, vectors)).max()):
            raise ModelError(f"tone: the ONNX file of {recipe} differs from the model by {error:.2g}: it was not kept.")
        os.replace(partial_card, path.with_suffix(".json"))
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
        partial_card.unlink(missing_ok=True)


def graph(model, vectors: np.ndarray) -> onnx.ModelProto:
    """The classifier as ONNX with one output, `scores` (n, tones)."""
    last = model[-1] if hasattr(model, "steps") else model
    raw = hasattr(last, "decision_function")
    options = {"zipmap": False} | ({"raw_scores": True} if raw else {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # it reads what scikit-learn will do without
        made = to_onnx(model, vectors[:1].astype(np.float32), options={id(last): options}, target_opset=OPSET)
    told = made.graph.output[1]
    named = told.name
    if raw:
        made.graph.node.append(onnx.helper.make_node("Identity", [named], [SCORES]))
    else:  # what gives probabilities only
        floor = onnx.numpy_helper.from_array(np.array(models.LEAST, np.float32), "least_probability")
        made.graph.initializer.append(floor)
        made.graph.node.append(onnx.helper.make_node("Add", [named, floor.name], ["above_zero"]))
        made.graph.node.append(onnx.helper.make_node("Log", ["above_zero"], [SCORES]))
    tones = len(model.classes_)
    del made.graph.output[:]
    made.graph.output.append(onnx.helper.make_tensor_value_info(SCORES, onnx.TensorProto.FLOAT, [None, tones]))
    onnx.checker.check_model(made)
    return made
