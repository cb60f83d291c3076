"""Answers to the questions of a child process, a JSON object a line."""

import json
import select
import subprocess
import sys
import tempfile
import time

from crawl import confined, safety
from pipeline.errors import Reject

BLOCK = 64 * 1024
LONGEST_LINE = 30_000_000  # bytes


def hold(module: str, order: dict, partner) -> None:
    """Run `python -m MODULE`, hand it `order`, and answer each question "x" with `partner.on_x`, until "end".

    Reject `timeout` once `partner.deadline()` has passed, `link_failed` where the process ends by itself.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=confined.ROOT,
            env=confined.environment(),
        )
        try:
            _answer(process, order)
            for line in _lines(process, partner):
                words = json.loads(line)
                question = words.pop("ask")
                answer = getattr(partner, f"on_{question}")(**words)
                if question == "end":
                    return
                _answer(process, answer)
            errors.seek(0)
            last = (errors.read()[-2000:].decode("utf-8", "replace").splitlines() or ["without a word"])[-1]
            raise Reject("link_failed", f"yt-dlp ended: {safety.printable(last)}.")
        except BrokenPipeError:
            raise Reject("link_failed", "yt-dlp ended in the middle of an answer.") from None
        finally:
            process.kill()
            process.communicate()


def _answer(process: subprocess.Popen, answer: dict) -> None:
    process.stdin.write(json.dumps(answer).encode() + b"\n")
    process.stdin.flush()


def _lines(process: subprocess.Popen, partner):
    """The lines that the process writes, until it closes its output."""
    data = bytearray()
    while True:
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, partner.deadline() - time.monotonic()))
        if not ready:
            raise Reject("timeout", "Nothing was ready after max_fetch_seconds.")
        block = process.stdout.read1(BLOCK)
        if not block:
            return
        data += block
        if len(data) > LONGEST_LINE:
            raise Reject("link_failed", "yt-dlp sent a longer line than is accepted.")
        while (end := data.find(b"\n")) >= 0:  # a question waits for its answer, so there is one at most
            line = bytes(data[:end])
            del data[: end + 1]
            yield line
