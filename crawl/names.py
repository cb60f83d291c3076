"""What a stored file is called."""

from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from crawl import sniff
from crawl.part import Part
from pipeline.inputs import SUFFIXES

BY_TYPE = {
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-m4a": ".m4a",
    "audio/aac": ".aac",
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/flac": ".flac",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/webm": ".webm",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
}


def suffix(asked: str, answered: str, content_type: str, path: Path) -> str:
    """The suffix, out of those the pipeline knows: from the address asked, the one answered, the type, or the bytes."""
    for address in (asked, answered):
        ending = PurePosixPath(urlsplit(address).path).suffix.lower()
        if ending in SUFFIXES:
            return ending
    return BY_TYPE.get(content_type) or sniff.suffix(Part(path).head()) or ".bin"
