"""English numbers, dates, times, money, units and abbreviations as they are said.

Where a reading depends on the country, it is the American one: 3/5/2024 is the fifth of March.
"""

import re

from engines.wording import rules
from engines.wording.en_data import ABBREVIATIONS, CURRENCIES, DIGITS, FRACTIONS, LARGE, MONTHS, UNITS
from engines.wording.rules import START, one_of, rule

NUMBER = r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!,?\d)|\d+(?:\.\d+)?)"
MONTH = "(" + "|".join([*MONTHS, *(rf"{name[:3]}t?(?![a-z])\.?" for name in MONTHS)]) + ")"
SIGN = "([" + "".join(map(re.escape, CURRENCIES)) + "])"
YEAR = r"(1[1-9]\d\d|20\d\d)(?!\d|[.,]\d)"


def number(text: str) -> str:
    """A number with or without commas and decimals, as a cardinal; one that begins with 0 digit by digit."""
    whole, _, decimals = text.replace(",", "").partition(".")
    if len(whole) > rules.LONGEST or (len(whole) > 1 and whole[0] == "0"):
        said = rules.spelled(whole, DIGITS)
    else:
        said = rules.num2words(int(whole), "en").replace(",", "")
    return f"{said} point {rules.spelled(decimals, DIGITS)}" if decimals else said


def ordinal(text: str) -> str:
    """A whole number as an ordinal."""
    digits = text.replace(",", "")
    short = len(digits) <= rules.LONGEST
    return rules.num2words(int(digits), "en", "ordinal").replace(",", "") if short else number(digits)


def year(text: str) -> str:
    """Four digits as a year."""
    return rules.num2words(int(text), "en", "year").replace(" and ", " ").replace(",", "")


def _money(sign: str, amount: str, large: str | None) -> str:
    one, many, hundredth, hundredths = CURRENCIES[sign]
    whole, _, decimals = amount.replace(",", "").partition(".")
    if large:
        return f"{number(amount)} {LARGE[large]} {many}"
    if len(decimals) != 2 or not hundredth:
        return f"{number(amount)} {one if amount == '1' else many}"
    parts = [f"{number(whole)} {one if whole == '1' else many}"] if whole.strip("0") else []
    if decimals != "00" or not parts:
        parts.append(f"{number(str(int(decimals)))} {hundredth if decimals == '01' else hundredths}")
    return " and ".join(parts)


def _month_first(month: int, day: str, of_year: str | None, whole: str) -> str:
    if not (1 <= int(day) <= 31 and 1 <= month <= 12):
        return whole
    return f"{MONTHS[month - 1]} {ordinal(str(int(day)))}" + (f", {year(of_year)}" if of_year else "")


def _slashes(match: re.Match) -> str:
    first, second = match[1], match[2]
    day, month = (first, second) if int(first) > 12 else (second, first)
    return _month_first(int(month), day, match[3], match[0])


def _day_first(match: re.Match) -> str:
    if not 1 <= int(match[2]) <= 31:
        return match[0]
    said = f"{match[1] or 'the '}{ordinal(str(int(match[2])))} of {MONTHS[_month(match[3]) - 1]}"
    return f"{said} {year(match[4])}" if match[4] else said


def _month(name: str) -> int:
    return next(at for at, month in enumerate(MONTHS, 1) if month[:3] == name[:3])


def _time(match: re.Match) -> str:
    hour, minute, second, half = int(match["hour"]), match["minute"], match["second"], match["half"]
    if hour > 24 or int(minute or 0) > 59:
        return match[0]
    said = number(str(hour))
    if int(minute or 0):
        said += f" {'oh ' if minute[0] == '0' else ''}{number(str(int(minute)))}"
    elif minute and not half:
        said += " o'clock" if 0 < hour < 13 else " hundred hours"
    said += f" and {number(str(int(second)))} seconds" if second else ""
    return f"{said} {half[0].lower()} m" if half else said


def _fraction(match: re.Match) -> str:
    over, under = int(match[1]), int(match[2])
    if not 0 < over < under <= 20:
        return f"{number(match[1])} over {number(match[2])}"
    name = {2: "half", 4: "quarter"}.get(under) or ordinal(str(under))
    return f"{number(str(over))} {name}" + ("s" if over > 1 else "")


def _decade(match: re.Match) -> str:
    said = year(match[1]) if len(match[1]) == 4 else number(match[1])
    return said[:-1] + "ies" if said.endswith("y") else said + "s"


def _unit(match: re.Match) -> str:
    one, many = UNITS[match[2]]
    return f"{number(match[1])} {one if match[1] == '1' else many}"


HALF = r"(?P<half>[AaPp]\.[Mm]\.|[AaPp][Mm](?!\w))"
RULES = (
    rules.replacements(FRACTIONS, "", ""),
    rules.replacements(ABBREVIATIONS),
    rule(r"(?<!\w)(?:[Nn]o\. ?|#)(?=\d)", lambda match: "number "),
    rule(rf"{SIGN} ?{NUMBER}(?: ?{one_of(LARGE)}(?!\w))?", lambda match: _money(match[1], match[2], match[3])),
    rule(rf"{START}{NUMBER}(?: {one_of(LARGE)})? ?{SIGN}", lambda match: _money(match[3], match[1], match[2])),
    rule(rf"{START}(\d{{4}})-(\d\d)-(\d\d)(?!\d)", lambda m: _month_first(int(m[2]), m[3], m[1], m[0])),
    rule(rf"{START}(\d\d?)/(\d\d?)/(\d{{4}})(?!\d)", _slashes),
    rule(
        rf"{MONTH} (\d\d?)(?:st|nd|rd|th)?(?![\d:,.]\d|\d)(?:,? {YEAR})?",
        lambda match: _month_first(_month(match[1]), match[2], match[3], match[0]),
    ),
    rule(rf"{START}(the )?(\d\d?)(?:st|nd|rd|th)?(?: of)? {MONTH}(?!\w)(?:,? {YEAR})?", _day_first),
    rule(rf"{START}(?P<hour>\d\d?):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?!\d)(?: ?{HALF})?", _time),
    rule(rf"{START}(?P<hour>\d\d?)(?P<minute>)(?P<second>) ?{HALF}", _time),
    rule(
        rf"\+\d{{1,3}}(?:[ -]\d{{2,4}}){{2,4}}(?!\d)|{START}(?:\(\d{{3}}\) ?|\d{{3}}[ -])?\d{{3}}-\d{{4}}(?![\d-])",
        lambda match: ", ".join(rules.spelled(part, DIGITS) for part in re.findall(r"\d+", match[0])),
    ),
    rule(rf"{START}\d+(?:\.\d+){{2,}}", lambda match: " point ".join(map(number, match[0].split(".")))),
    rule(r"(?<=\d)x(?=\d)", lambda match: " by "),
    rule(r"(?<=\d)x(?!\w)", lambda match: " times"),
    rule(rf"{START}(\d\d?)['′] ?(\d\d?)[\"″]", lambda match: f"{number(match[1])} foot {number(match[2])}"),
    rule(rf"{START}{NUMBER} ?{one_of(UNITS)}(?![\w²³/])", _unit),
    rule(rf"{START}{NUMBER}(k|K|M|bn)(?!\w)", lambda match: f"{number(match[1])} {LARGE[match[2]]}"),
    rule(rf"{START}(\d{{1,3}}(?:,\d{{3}})+|\d+)(?:st|nd|rd|th)(?!\w)", lambda match: ordinal(match[1])),
    rule(r"(?<!\w)'?(1[1-9]\d0|20\d0|[2-9]0)'?s(?!\w)", _decade),
    rule(r"(?<=\d)(?:-| ?– ?)(?=\d)", lambda match: " to "),
    rule(rf"{START}(\d{{1,4}})/(\d{{1,4}})(?![\d/])", _fraction),
    rule(r"(?<![\w.,])[-−](?=\d)", lambda match: "minus "),
    rule(r"(?<=\d) ?([×=+]) ?(?=\d)", lambda m: {"×": " times ", "=": " equals ", "+": " plus "}[m[1]]),
    rule(rf"{START}(?<![\w-]){YEAR}(?![\w-])", lambda match: year(match[1])),
    rule(rf"{START}(\d{{1,3}}):(\d{{1,3}})(?![\d:])", lambda match: f"{number(match[1])} to {number(match[2])}"),
    rule(r"(?<![\w.])\.(\d+)(?!\d)", lambda match: f"point {rules.spelled(match[1], DIGITS)}"),
    rules.LEFT,
    rule(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", lambda match: " "),
    rule(rf"(?<!\d){NUMBER}", lambda match: number(match[1])),
)
