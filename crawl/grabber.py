"""yt-dlp in a separate process that can only reach the gate: it finds recordings, and asks the crawl at every step.

    python -m crawl.grabber      (started by `links`; a JSON object a line each way, a question and its answer)

A recording that is a single file is downloaded by the crawl, like any other; one in fragments by yt-dlp, here.
"""

import json
import os
import sys

from crawl import confined
from crawl.sealed import seal
from crawl.ytdlp import deno, options

DIRECT = ("http", "https")
FRAGMENTS = ("m3u8_native", "m3u8", "http_dash_segments")
LIST_LIMIT = 20_000_000  # bytes of a playlist of fragments
FACTS = """_type extractor_key ie_key id url webpage_url title uploader channel license playlist_index upload_date
is_live live_status protocol timestamp duration filesize filesize_approx""".split()
BUSY = (408, 425, 429, 500, 502, 503, 504)


class Line:
    """The connection to the crawl: questions out, answers in."""

    def __init__(self, source, sink):
        self._source, self._sink = source, sink

    def ask(self, question: str, **words) -> dict:
        """The crawl's answer. Ends the process where the crawl has ended."""
        self._sink.write(json.dumps({"ask": question, **words}) + "\n")
        self._sink.flush()
        answer = self._source.readline()
        if not answer:
            sys.exit("the crawl has ended")
        return json.loads(answer)


def facts(info: dict) -> dict:
    """What the crawl has to know about an entry, in plain types."""
    kept = {name: info[name] for name in FACTS if isinstance(info.get(name), str | int | float | bool)}
    last = (info.get("formats") or [info])[-1].get("url")
    return kept | {"formats": [{"url": last}]}


def make(order: dict, line: Line):
    """A YoutubeDL that asks `line` before each request, about each entry, and for each file."""
    from yt_dlp import YoutubeDL
    from yt_dlp.networking.exceptions import HTTPError, TransportError
    from yt_dlp.utils import DownloadCancelled, DownloadError

    class Asking(YoutubeDL):
        fragments = False

        def urlopen(self, request):
            """Every request of yt-dlp, in the manners of the crawl."""
            url, tries = request if isinstance(request, str) else request.url, 0
            while True:
                if not url.startswith("data:") and (refused := line.ask("may", url=url).get("no")):
                    raise TransportError(refused)
                try:
                    answer = super().urlopen(request)
                except HTTPError as error:
                    tries += 1
                    wait = error.response.headers.get("Retry-After")
                    if error.status in BUSY and line.ask("busy", url=url, wait=wait, tries=tries)["again"]:
                        continue
                    raise
                if self.fragments and not _has_end(answer.headers):
                    answer.close()
                    raise DownloadError("A fragment comes without a length, so that it could be cut unnoticed.")
                return answer

        def process_info(self, info):
            """A recording, its format chosen: the crawl downloads it, or has it downloaded here."""
            if self._match_entry(info) is not None:
                return
            protocol = info.get("protocol") or "http"
            answer = line.ask(
                "recording",
                info=facts(info),
                protocol=protocol,
                url=info.get("url"),
                headers={name: str(value) for name, value in (info.get("http_headers") or {}).items()},
                cookie=self.cookiejar.get_cookie_header(info["url"]) if info.get("url") else None,
                chunk=(info.get("downloader_options") or {}).get("http_chunk_size"),
                captions=_captions(info),
            )
            if not answer.get("part"):
                return
            if protocol.startswith("m3u8"):
                info["hls_media_playlist_data"] = self._whole_list(info)
            info["voxsieve_part"] = answer["part"]
            self.fragments = True
            try:
                super().process_info(info)
            finally:
                self.fragments = False

        def _whole_list(self, info) -> str:
            """The text of an HLS playlist that has an end (RFC 8216, 4.3.3.4)."""
            body = self.urlopen(info["url"]).read(LIST_LIMIT).decode("utf-8", "replace")
            if "#EXT-X-ENDLIST" not in body:
                raise DownloadError("The list of fragments has no end: it was cut, or the recording has not ended yet.")
            return body

    def consider(info: dict, incomplete: bool = False) -> str | None:
        answer = line.ask("consider", info=facts(info), incomplete=bool(incomplete))
        if answer.get("full"):
            raise DownloadCancelled("max_items")
        return answer.get("skip")

    def watch(progress: dict) -> None:
        total = progress.get("total_bytes") or 0
        answer = line.ask(
            "progress", have=progress.get("downloaded_bytes") or 0, total=total, status=progress["status"]
        )
        if answer.get("stop"):
            raise DownloadError("stopped")

    class Logger:
        def error(self, message: str) -> None:
            line.ask("error", message=message[:2000])

        def debug(self, message: str) -> None:
            """Ignored: the account reports the same."""

        warning = debug

    hooks = {"match_filter": consider, "progress_hooks": [watch]}
    hooks["post_hooks"] = [lambda path: line.ask("finished", path=path)]
    return Asking(options(order) | hooks | {"logger": Logger()}), DownloadCancelled


def _has_end(headers) -> bool:
    return bool(headers.get("Content-Length")) or "chunked" in (headers.get("Transfer-Encoding") or "").lower()


def _captions(info: dict) -> list[tuple[str, str, str]]:
    wanted = (info.get("requested_subtitles") or {}).items()
    return [
        (track["url"], "." + track["ext"], language)
        for language, track in wanted
        if track.get("url") and track.get("ext") in ("vtt", "srt") and (track.get("protocol") or "http") in DIRECT
    ]


def main() -> None:
    sink, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr  # so that nothing printed mixes with the answers
    order = json.loads(sys.stdin.readline())
    confined.confine(order["parent"], memory=None)  # deno reserves more addresses than it uses
    line = Line(sys.stdin, sink)
    seal(order["port"], deno())
    ydl, cancelled = make(order, line)
    try:
        ydl.extract_info(order["url"])
        line.ask("end")
    except cancelled:
        line.ask("end", full=True)


if __name__ == "__main__":
    main()
