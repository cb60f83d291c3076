"""The project's exceptions: what each one stops.

A `Reject` ends one recording or clip; the run goes on. Every other `VoxsieveError` ends the job: its
message is one sentence that says what is wrong, where, what was expected, what was found, what to do.
"""


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
