"""The characters of a feed, made such that a parser of XML takes all of them."""

import re

_REFERENCES = re.compile(rb"(?:&#(?:[xX][0-9a-fA-F]+|[0-9]+);)+")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")


def mended(body: bytes) -> bytes:
    """The same document with each character reference that XML forbids replaced, and UTF-16 as UTF-8.

    Some programs write a character beyond U+FFFF as the two halves of UTF-16: these become that character.
    """
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        body = _DECLARATION.sub("", body.decode("utf-16", "replace")).encode("utf-8", "replace")
    return _REFERENCES.sub(_joined, body.removeprefix(b"\xef\xbb\xbf"))


def _joined(match: re.Match) -> bytes:
    codes = [_code(reference) for reference in match[0][2:-1].split(b";&#")]
    halves = b"".join(chr(code).encode("utf-16-le", "surrogatepass") for code in codes)
    return "".join(f"&#{_allowed(ord(char))};" for char in halves.decode("utf-16-le", "replace")).encode()


def _code(reference: bytes) -> int:
    digits, base = (reference[1:], 16) if reference[:1] in b"xX" else (reference, 10)
    digits = digits.lstrip(b"0")
    code = int(digits or b"0", base) if len(digits) < 8 else 0xFFFD
    return code if code <= 0x10FFFF else 0xFFFD


def _allowed(code: int) -> int:
    """The code, or U+FFFD for what is no character of XML 1.0."""
    good = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return code if good else 0xFFFD
