"""Identifies a body by its first bytes. Looks at HEAD bytes at most, and reads each byte once."""

from pipeline.errors import Reject

HEAD = 512  # bytes that are enough to tell a recording from a page, a message or a picture
PAGES = (b"<!doctype html", b"<html", b"<head", b"<body", b"<!--")
# What a server sends under the name of a recording, and what it is instead.
OTHERS = {
    b"\x89PNG\r\n\x1a\n": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b\x08": "a gzip archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
}
RECORDINGS = {
    b"ID3": ".mp3",
    b"OggS": ".ogg",
    b"fLaC": ".flac",
    b"RIFF": ".wav",
    b"\x1aE\xdf\xa3": ".webm",
    b"FORM": ".aiff",
    b"#!AMR": ".amr",
}
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))


def check(head: bytes) -> None:
    """Reject `html` or `not_a_recording` where the first HEAD bytes are a page, text, a picture or an archive."""
    if _is_text(head):
        if _plain(head).lstrip().lower().startswith(PAGES):
            raise Reject("html", "Expected a recording, the server sent a web page under another name.")
        raise Reject("not_a_recording", "Expected a recording, the server sent text, perhaps an error message.")
    for magic, what in OTHERS.items():
        if head.startswith(magic):
            raise Reject("not_a_recording", f"Expected a recording, the server sent {what}.")


def suffix(head: bytes) -> str | None:
    """The suffix of a file that begins like this; None where the bytes are not among the usual ones."""
    if head[4:8] == b"ftyp":
        return ".m4a"
    if head[:1] == b"\xff" and len(head) > 1 and head[1] & 0xE0 == 0xE0:  # an MPEG frame, or ADTS with layer 0
        return ".mp3" if head[1] & 0x06 else ".aac"
    return next((kind for magic, kind in RECORDINGS.items() if head.startswith(magic)), None)


def _is_text(head: bytes) -> bool:
    """True where no byte is a control character, which compressed sound has within its first few dozen bytes."""
    plain = _plain(head)
    return bool(plain) and plain.translate(None, _CONTROLS) == plain


def _plain(head: bytes) -> bytes:
    """The head without the mark of its encoding; UTF-16 as one byte a character."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[2:].decode(encoding, "replace").encode("latin-1", "replace")
    return head.removeprefix(b"\xef\xbb\xbf")
