"""One piece of work by one engine, in a process of its own; prints its times as JSON.

    python -m benchmarks.task separate onnx FOLDER

FOLDER is what benchmarks.engines prepared: stereo.wav (44.1 kHz), mono.wav (16 kHz), clips/*.wav (16 kHz).
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

import engines

THREADS = 2


def separate(engine: str, folder: Path):
    """Streamed by us; whole, as its own `separate()` wants it, by the package."""
    separator = engines.module("spleeter", engine).Separator(threads=THREADS)
    yield
    if engine == "original":
        signal, _ = soundfile.read(folder / "stereo.wav", dtype="float32")
        separator.separate_whole(signal)
    else:
        for _ in separator.stream(soundfile.blocks(folder / "stereo.wav", 1 << 20, dtype="float32", always_2d=True)):
            pass


def segment(engine: str, folder: Path):
    """The package with its default batch of 32."""
    batch = {"batch": 32} if engine == "original" else {}
    segmenter = engines.module("ina", engine).Segmenter(threads=THREADS, **batch)
    yield
    segmenter.segment(soundfile.blocks(folder / "mono.wav", 1 << 20, dtype="float32"))


def embed(engine: str, folder: Path):
    """All clips; by the package one after the other, as its README shows."""
    embedder = engines.module("resemblyzer", engine).Embedder(threads=THREADS)
    yield
    embedder.embed([soundfile.read(path, dtype="float32")[0] for path in sorted((folder / "clips").iterdir())])


def normalize(engine: str, folder: Path):
    """Measure, gain, peak check and write; by the package two ffmpeg runs a clip, so fewer clips stand for all."""
    from engines.loudness import bs1770
    from pipeline import audio

    normalizer = engines.module("loudness", engine).Normalizer(-23.0, -1.0)
    paths = sorted((folder / "loud").iterdir())
    yield
    with tempfile.TemporaryDirectory() as out:
        for path in paths[: 40 if engine == "original" else None]:
            signal, rate = soundfile.read(path, dtype="float32")
            lufs = bs1770.integrated_loudness(signal, rate)
            gain = min(normalizer.gain_db(signal, rate, lufs), -1.0 - bs1770.true_peak(signal))
            with audio.writing(Path(out) / path.name, rate, 1) as wav:
                wav.write(signal * np.float32(10 ** (gain / 20)))


def gemm(engine: str, folder: Path):
    """Best rate of one float32 matrix product of ONNX Runtime on THREADS threads, in GFLOP/s: this machine's peak."""
    import onnx
    import onnxruntime

    size = 2048
    shape = onnx.helper.make_tensor_value_info
    values = [shape(name, onnx.TensorProto.FLOAT, [size, size]) for name in "abc"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("MatMul", ["a", "b"], ["c"])], "g", values[:2], values[2:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    feed = {name: np.random.default_rng(0).random((size, size), np.float32) for name in "ab"}
    yield
    best = 0.0
    for _ in range(10):
        start = time.perf_counter()
        session.run(None, feed)
        best = max(best, 2 * size**3 / (time.perf_counter() - start) / 1e9)
    print(json.dumps({"gflops": best}), flush=True)


def main() -> None:
    task, engine, folder = sys.argv[1:4]
    start = time.perf_counter()
    steps = globals()[task](engine, Path(folder))
    next(steps)
    loaded = time.perf_counter()
    next(steps, None)
    print(json.dumps({"load": loaded - start, "work": time.perf_counter() - loaded}), flush=True)
    sys.stdout.flush()
    os._exit(0)  # so that the shutdown of TensorFlow and torch is not measured


if __name__ == "__main__":
    main()
