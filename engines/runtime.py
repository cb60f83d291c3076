"""One way to open an ONNX model, shared by all engines."""

import logging
from pathlib import Path

logger = logging.getLogger(__name__)

DEVICES = ("auto", "cpu", "cuda")


def session(path: Path, threads: int = 2, device: str = "auto"):
    """An `onnxruntime.InferenceSession` of the model at `path`, on at most `threads` CPU threads.

    `device` is "cpu", "cuda" or "auto": auto takes the GPU where this onnxruntime build and machine offer
    it, else the CPU; cuda falls back to the CPU with one warning. Raises ValueError for another device.
    """
    import onnxruntime

    if device not in DEVICES:
        raise ValueError(f"device is {device!r}, expected one of {', '.join(DEVICES)}.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_mem_pattern = False  # planned for one run at a time; several threads share a session here
    # Idle threads would otherwise spin and take the core from the audio code between two runs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = ["CPUExecutionProvider"]
    offered = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    if offered and device != "cpu":
        providers.insert(0, "CUDAExecutionProvider")
    opened = onnxruntime.InferenceSession(str(path), options, providers=providers)
    if device == "cuda" and "CUDAExecutionProvider" not in opened.get_providers():
        logger.warning("device cuda was asked for, but onnxruntime offers no working GPU: using the CPU.")
    return opened
