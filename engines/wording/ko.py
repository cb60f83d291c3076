"""Korean numbers, dates, times, money, units and abbreviations as they are said.

Two rows of numerals: native (하나, 둘) up to 99 with the counters of ko_data.NATIVE, Sino-Korean (일, 이) elsewhere.
"""

import re

from engines.wording import rules
from engines.wording.ko_data import (
    ABBREVIATIONS,
    BEFORE_COUNTER,
    CURRENCIES,
    DAYS,
    DIGITS,
    FRACTIONS,
    LARGE,
    MONTHS,
    NATIVE,
    NUMBERED,
    ONES,
    PHONE_DIGITS,
    SIGNS,
    SINO,
    TENS,
    UNITS,
)
from engines.wording.rules import START, one_of, rule

WHOLE = r"(\d{1,3}(?:,\d{3})+(?!,?\d)|\d+)"
NUMBER = rf"({WHOLE[1:-1]})(\.\d+)?"
COUNTER = one_of([*NATIVE, *SINO])


def sino(text: str) -> str:
    """A whole number, with or without commas, in Sino-Korean; one that begins with 0 digit by digit."""
    digits = text.replace(",", "")
    if len(digits) > rules.LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return "".join(DIGITS[int(digit)] for digit in digits)
    return rules.num2words(int(digits), "ko")


def native(number: int) -> str:
    """1 to 99 as they stand before a counter."""
    tens, ones = TENS[number // 10], ONES[number % 10]
    if ones:
        return tens + BEFORE_COUNTER.get(ones, ones)
    return BEFORE_COUNTER.get(tens, tens)


def _number(match: re.Match) -> str:
    return _with_decimals(match[1], match[2])


def _with_decimals(whole: str, decimals: str | None) -> str:
    said = sino(whole)
    return f"{said} 점 {''.join(DIGITS[int(digit)] for digit in decimals[1:])}" if decimals else said


def _counted(text: str, counter: str, in_a_row: bool = False) -> str:
    """A number and its counter; in_a_row: a place among others is meant (7번 출구), not how often."""
    digits = text.replace(",", "")
    number = int(digits) if len(digits) <= rules.LONGEST and not digits.startswith("0") else 0
    if counter == "월" and 1 <= number <= 12:
        return MONTHS[number - 1]
    by_sino = (
        counter not in NATIVE
        or not 0 < number < 100
        or (counter == "시" and number > 12)
        or (counter == "대" and number >= 10 and number % 10 == 0)  # 20대 are people in their twenties
        or (counter == "번" and in_a_row)
    )
    if counter == "번째" and number == 1:
        return "첫 번째"
    return f"{sino(text) if by_sino else native(number)} {counter}"


def _counter(match: re.Match) -> str:
    text, start, end = match.string, match.start(), match.end()
    before, after = text[max(0, start - 12) : start], text[end : end + 12]
    in_a_row = before.rstrip().endswith(tuple(NUMBERED)) or after.lstrip().startswith(tuple(NUMBERED))
    return _counted(match[1], match[2], in_a_row)


def _range(match: re.Match) -> str:
    counter = match[3]
    return f"{_counted(match[1], counter)}에서 {_counted(match[2], counter)}"


def _large(match: re.Match) -> str:
    """2천, 60만, 3억: the number and its power of ten, without 일 before 십, 백, 천 and 만."""
    digits, power, won = match[1].replace(",", ""), match[3], " 원" if match[4] else ""
    if match[2] or not 0 < int(digits[:20]) < 10_000:
        return f"{_with_decimals(match[1], match[2])}{power}{won}"
    return rules.num2words(int(digits) * LARGE[power], "ko") + won


def _date(match: re.Match) -> str:
    year, month, day = match[1], int(match[2]), int(match[3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return f"{sino(year)} 년 {MONTHS[month - 1]} {sino(str(day))} 일"


def _time(match: re.Match) -> str:
    hour, minute, second = int(match[1]), int(match[2]), match[3]
    if hour > 24 or minute > 59:
        return match[0]
    said = _counted(str(hour), "시") + (f" {sino(str(minute))} 분" if minute else "")
    return said + (f" {sino(str(int(second)))} 초" if second else "")


def _temperature(match: re.Match) -> str:
    return f"섭씨 {'영하 ' if match[1] else ''}{_with_decimals(match[2], match[3])} 도"


RULES = (
    rules.replacements(FRACTIONS, "", ""),
    rules.replacements(SIGNS, r"(?<![A-Za-z])", ""),
    rules.replacements(ABBREVIATIONS, r"(?<![A-Za-z])", r"(?![A-Za-z])"),
    rules.replacements(DAYS, r"(?<![\d.])", r"(?![\d.])"),
    rule(r"(?<!\d)\d(?:·\d{1,2})+(?!\d)", lambda match: "".join(DIGITS[int(d)] for d in match[0] if d != "·")),
    rule(rf"([-−])?{START}{NUMBER} ?(?:°C|℃)", _temperature),
    rule(rf"{START}(\d{{4}})[-./] ?(\d\d?)[-./] ?(\d\d?)(?!\d)\.?", _date),
    rule(rf"{START}(\d\d?):(\d\d)(?::(\d\d))?(?!\d)", _time),
    rule(
        rf"{START}(\d{{1,3}}) ?(?:대 |:) ?(\d{{1,3}})(?![\d:])", lambda match: f"{sino(match[1])} 대 {sino(match[2])}"
    ),
    rule(r"(?<=[가-힣]) ?[~∼〜] ?(?=\d)", lambda match: "에서 "),
    rule(
        r"(?<![\w-])(?:\+?\d{1,4}-)?\d{2,4}-\d{3,4}(?:-\d{3,4})?(?![\d-])",
        lambda match: " ".join("".join(PHONE_DIGITS[int(d)] for d in part) for part in re.findall(r"\d+", match[0])),
    ),
    rule(
        rf"([{''.join(CURRENCIES)}]) ?{NUMBER}(?: ?([만억조]))?",
        lambda m: f"{_with_decimals(m[2], m[3])}{m[4] or ''} {CURRENCIES[m[1]]}",
    ),
    rule(rf"{START}{NUMBER} ?{one_of(UNITS)}(?![A-Za-z²³/])", lambda m: f"{_with_decimals(m[1], m[2])} {UNITS[m[3]]}"),
    rule(rf"{START}{WHOLE} ?[-~∼〜–] ?{WHOLE} ?{COUNTER}", _range),
    rule(r"(?<=\d) ?[~∼〜–] ?(?=\d)|(?<=\d)-(?=\d)", lambda match: "에서 "),
    rule(rf"{START}(\d{{1,4}})/(\d{{1,4}})(?![\d/])", lambda match: f"{sino(match[2])} 분의 {sino(match[1])}"),
    rule(rf"(?<!\w)제 ?{WHOLE}(?!\d) ?", lambda match: f"제 {sino(match[1])} "),
    rule(rf"{START}{NUMBER}([십백천만억조])( ?원)?", _large),
    rule(rf"{START}{WHOLE}(?![.,]\d) ?{COUNTER}", _counter),
    rule(rf"{START}{NUMBER} ?{one_of(SINO)}", lambda match: f"{_with_decimals(match[1], match[2])} {match[3]}"),
    rule(r"(?<![\w.,])[-−](?=\d)", lambda match: "마이너스 "),
    rule(r"(?<=\d) ?([×=+]) ?(?=\d)", lambda m: {"×": " 곱하기 ", "=": "는 ", "+": " 더하기 "}[m[1]]),
    rule(rf"{START}\d+(?:\.\d+){{2,}}", lambda match: " 점 ".join(map(sino, match[0].split(".")))),
    rules.LEFT,
    rule(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", lambda match: " "),
    rule(rf"(?<!\d){NUMBER}", _number),
)
