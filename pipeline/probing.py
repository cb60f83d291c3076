"""What a file says of its sound before it is decoded, by ffprobe."""

import json
import statistics
from pathlib import Path

from pipeline import ffmpeg
from pipeline.errors import Reject

ESTIMATED = b"Estimating duration from bitrate"  # what ffprobe warns of where no header counts the frames
LEAST_GAP = 0.1  # seconds: a smaller jump of the stamps is inaccuracy, which ffmpeg's aresample does not fill either


def probe(path: Path) -> dict:
    """The first audio stream of a file: codec, sample_rate, channels, container_seconds and counted_seconds.

    The last two may be None: what the container says, and the same where that is a count (an MP3's Xing header).

    Raises Reject("no_audio") for a file without an audio stream, Reject("undecodable") for anything else.
    """
    command = ["-hide_banner", "-loglevel", "warning", "-protocol_whitelist", "file,pipe", "-select_streams", "a:0"]
    command += ["-show_entries", "stream=codec_name,sample_rate,channels,duration:format=duration"]
    result = ffmpeg.run([*command, "-of", "json", ffmpeg.address(path)], "ffprobe")
    ffmpeg.check_status(result.returncode, path, "ffprobe")
    if result.returncode:
        raise Reject("undecodable", f"Not a sound file that ffmpeg can read: {ffmpeg.complaint(result.stderr, path)}")
    probed = json.loads(result.stdout)
    if not probed.get("streams"):
        raise Reject("no_audio", "The file has no audio stream.")
    stream = probed["streams"][0]
    rate, channels = int(stream.get("sample_rate") or 0), int(stream.get("channels") or 0)
    if not rate or not channels:
        raise Reject("undecodable", "The audio stream has no sample rate or no channels.")
    seconds = stream.get("duration") or probed.get("format", {}).get("duration")
    facts = {"codec": stream.get("codec_name", "unknown"), "sample_rate": rate, "channels": channels}
    promised = float(seconds) if seconds else None
    is_count = facts["codec"] == "mp3" and ESTIMATED not in result.stderr
    return facts | {"container_seconds": promised, "counted_seconds": promised if is_count else None}


def gaps(path: Path) -> list[list[float]]:
    """[start, end] of every stretch that the stamps of the first audio stream's packets leave out, seconds of the file.

    One of them is the time before the sound, where a picture begins earlier.
    """
    command = ["-v", "error", "-protocol_whitelist", "file,pipe", "-select_streams", "a:0", "-of", "compact=nk=1"]
    command += ["-show_entries", "packet=pts_time,duration_time:format=start_time", ffmpeg.address(path)]
    result = ffmpeg.run(command, "ffprobe")
    ffmpeg.check_status(result.returncode, path, "ffprobe")
    lines = [line.split(b"|") for line in result.stdout.splitlines()]
    begin = next((_number(line[1]) for line in lines if line[0] == b"format"), None) or 0.0
    packets = [(_number(line[1]), _number(line[2])) for line in lines if line[0] == b"packet"]
    lengths = [seconds for _, seconds in packets if seconds is not None]
    if not lengths:
        return []  # without stamps there is no clock but the sound's own
    usual = statistics.median(lengths)
    found, reached = [], begin
    for stamp, seconds in packets:
        if stamp is None:
            continue
        if stamp - reached >= LEAST_GAP:
            found.append([round(reached - begin, 6), round(stamp - begin, 6)])
        length = usual if seconds is None else min(seconds, usual)  # MP4 counts a gap to the packet before it
        reached = max(reached, stamp + length)
    return found


def _number(text: bytes) -> float | None:
    return None if text == b"N/A" else float(text)
