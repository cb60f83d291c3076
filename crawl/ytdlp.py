"""yt-dlp's settings out of the crawl's."""

import io
import os
import random
import sysconfig
from pathlib import Path


def options(order: dict) -> dict:
    """yt-dlp's settings out of the crawl's."""
    language = order["audio_language"]
    settings = {
        "format": (f"bestaudio[language^={language}]/best[language^={language}]/" if language else "")
        + order["format"],
        "outtmpl": {"default": "%(voxsieve_part)s.%(ext)s"},
        "paths": {"home": order["parts"]},
        "restrictfilenames": True,
        "fixup": "never",  # what comes is kept as it is; the pipeline's ffmpeg reads it all the same
        "updatetime": False,
        "cachedir": False,
        "continuedl": False,  # yt-dlp asks for the rest of a file without asking whether it is the same file
        "skip_unavailable_fragments": False,
        "lazy_playlist": True,
        "extract_flat": "discard",  # resolve entries, keep none of them in memory
        "ignoreerrors": True,
        "quiet": True,
        "noprogress": True,
        "proxy": order["proxy"],
        "external_downloader": {"default": "native"},
        "ffmpeg_location": os.devnull,
        "js_runtimes": {"deno": {"path": deno()}},
        "cookiefile": io.StringIO(order["cookies"]) if order["cookies"] else None,  # a copy, which takes what sites set
        "ratelimit": order["bytes_per_second"],
        "throttledratelimit": order["min_bytes_per_second"],
        "socket_timeout": order["timeout_seconds"],
        "retries": order["retries"],
        "fragment_retries": order["retries"],
        "extractor_retries": order["retries"],
        "retry_sleep_functions": {name: _backoff for name in ("http", "fragment", "extractor")},
    }
    if order["captions"]["languages"]:
        settings |= {
            "writesubtitles": True,
            "writeautomaticsub": order["captions"]["automatic"],
            "subtitleslangs": [f"{name}(-.*)?" for name in order["captions"]["languages"]],
            "subtitlesformat": "vtt/srt",
        }
    return settings


def deno() -> str:
    """The JavaScript runtime of this environment, the only program that yt-dlp may start."""
    return str(Path(sysconfig.get_path("scripts")) / "deno")


def _backoff(n: int) -> float:
    return random.uniform(0.5, 1) * min(60.0, 2.0 ** min(n, 6) / 2)
