"""The project's exceptions: what each one stops.

A `Reject` ends one recording or clip; the run goes on. Every other `VoxsieveError` ends the job: its
message is one sentence that says what is wrong, where, what was expected, what was found, what to do.
"""

import traceback
from pathlib import Path

FRAMEWORKS = ("onnxruntime", "tensorflow", "torch")  # their own errors are about memory and devices


class VoxsieveError(Exception):
    """Ends the job. The message is for a person and is printed without a traceback."""


class ConfigError(VoxsieveError):
    """A setting is missing, misspelt, of the wrong type or out of range."""


class ManifestError(VoxsieveError):
    """A manifest row does not fit the contract, or an input id is not accounted for."""


class ModelError(VoxsieveError):
    """Weights are missing, or their bytes are not the pinned ones."""


class Reject(Exception):
    """Ends one recording or clip: `reason` is a code of ASCII words, `message` a sentence."""

    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason = reason
        self.message = message


def may_pass(error: Exception) -> bool:
    """Whether an error is about memory, disks or devices, whatever was being worked on."""
    module = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError | ImportError) or module in FRAMEWORKS


def in_words(error: Exception) -> str:
    """An error on one line; where it has no message, the line of code that raised it."""
    text = " ".join(str(error).split())
    if not text:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        text = f"in {Path(frame.filename).name}, line {frame.lineno}: {frame.line}"
    return f"{type(error).__name__}: {text}"
