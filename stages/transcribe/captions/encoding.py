"""The text of a caption file, whatever its encoding."""

import codecs

from charset_normalizer import from_bytes

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SAMPLE = 100_000  # bytes that an encoding is guessed from


def decode(content: bytes) -> tuple[str | None, list[str]]:
    """The text with "\\n" as line ends, and what was repaired; (None, []) where no encoding fits.

    UTF-8, or what a byte order mark says, else a guess from the bytes (cp949, windows-1252 and the like).
    """
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    repairs = []
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        guess = from_bytes(content[:SAMPLE]).best()
        if guess is None:
            return None, []
        text = content.decode(guess.encoding, "replace")
        repairs.append(f"read as {guess.encoding}, since it is not UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""), repairs
