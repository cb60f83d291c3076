"""What a clip's vector is made of: parts by name, which a model's card lists, so that it is never given another vector.

`descriptors` are the project's own; `voice` is the d-vector that says who speaks: held against the speaker's other
clips, it says how. `basic180` is the vector of many tutorials, and `mfcc` the cepstra of a clip frame by frame, both
measured by librosa, in training only.
"""

import hashlib
from collections.abc import Iterable
from functools import cache

from engines import resemblyzer
from engines.tone import descriptors

IN_PIPELINE = ("descriptors", "voice")
MFCC = 40
BASIC = {"mfcc": MFCC, "chroma": 12, "mel": 128}
FRAMES = 160  # of `mfcc`, 46 ms apart: what comes after 7.4 s is left out


@cache
def names(part: str) -> tuple[str, ...]:
    """The names of a part's numbers, in their order. Raises KeyError for no part."""
    return {
        "descriptors": descriptors.names,
        "voice": lambda: tuple(f"voice{number}" for number in range(resemblyzer.DIMENSIONS)),
        "basic180": lambda: tuple(f"{kind}{number}" for kind, count in BASIC.items() for number in range(count)),
        "mfcc": lambda: tuple(f"mfcc{number}.{frame}" for frame in range(FRAMES) for number in range(MFCC)),
    }[part]()


def fingerprint(parts: Iterable[str]) -> str:
    """12 hexadecimal digits of the names of all numbers of a vector."""
    text = "\n".join(name for part in parts for name in names(part))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
