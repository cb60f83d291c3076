"""The text of a caption file, whatever its encoding."""

import codecs

from charset_normalizer import from_bytes

MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SAMPLE = 1_000_000  # bytes that an encoding is guessed from
UNREADABLE = "\ufffd"  # stands for bytes that are no character; a cue that holds it is left out
TORN = 0.01  # share of the bytes beyond ASCII that may be torn in what still counts as UTF-8
# What captions are written in where it is not UTF-8; others fit the bytes of these as well and are never meant.
USUAL = frozenset(
    "utf_16_le utf_16_be cp949 cp932 euc_jp gb18030 big5 cp874 koi8_r latin_1".split() + [f"cp125{i}" for i in range(9)]
)
NEAR = 0.04  # charset_normalizer's measure of mess, 0 to 1: encodings that are nearer than this cannot be told apart


def decode(content: bytes) -> tuple[str | None, list[str]]:
    """The text with "\\n" as line ends, and what was repaired; (None, []) where no encoding is certain.

    UTF-8, or what a byte order mark says, also where a few bytes are torn; else a guess from the bytes (cp949,
    windows-1252 and the like), if no other guess that is about as good reads other letters.
    """
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    repairs = []
    text = content.decode(encoding, "replace")
    torn = text.count(UNREADABLE)
    if encoding == "utf-8" and torn > max(1, TORN * sum(character > "\x7f" for character in text)):
        guess = _guess(content)
        if guess is None:
            return None, []
        text = content.decode(guess, "replace")
        repairs.append(f"read as {guess}, since it is not UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", ""), repairs


def _guess(content: bytes) -> str | None:
    """The usual encoding that fits best, None where others that read other letters fit about as well."""
    sample = content if len(content) <= SAMPLE else content[: content.rfind(b"\n", 0, SAMPLE)]
    if b"\0" in sample:
        sample = sample[: len(sample) // 2 * 2]  # UTF-16: no half of a character
    matches = list(from_bytes(sample))
    if not matches or not USUAL.intersection(matches[0].could_be_from_charset):
        return None
    best, *others = (match for match in matches if USUAL.intersection(match.could_be_from_charset))
    near = [match for match in others if match.chaos < best.chaos + NEAR]
    return best.encoding if all(str(match) == str(best) for match in near) else None
