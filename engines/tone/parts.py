"""What a clip's vector is made of: parts by name, which a model's card lists, so that it is never given another vector.

`descriptors` are the project's own; `voice` is the d-vector that says who speaks: held against the speaker's other
clips, it says how. `basic180` is the vector of many tutorials, measured by librosa, in training only.
"""

import hashlib
from collections.abc import Iterable
from functools import cache

from engines import resemblyzer
from engines.tone import descriptors

IN_PIPELINE = ("descriptors", "voice")
BASIC = {"mfcc": 40, "chroma": 12, "mel": 128}


@cache
def names(part: str) -> tuple[str, ...]:
    """The names of a part's numbers, in their order. Raises KeyError for no part."""
    return {
        "descriptors": descriptors.names,
        "voice": lambda: tuple(f"voice{number}" for number in range(resemblyzer.DIMENSIONS)),
        "basic180": lambda: tuple(f"{kind}{number}" for kind, count in BASIC.items() for number in range(count)),
    }[part]()


def fingerprint(parts: Iterable[str]) -> str:
    """12 hexadecimal digits of the names of all numbers of a vector."""
    text = "\n".join(name for part in parts for name in names(part))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
