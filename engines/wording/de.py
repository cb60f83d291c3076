"""German numbers, dates, times, money, units and abbreviations as they are said."""

import re

from engines.wording import rules
from engines.wording.de_data import (
    ABBREVIATIONS,
    BEFORE_DER,
    CURRENCIES,
    DIGITS,
    FRACTIONS,
    LARGE,
    MONTHS,
    OBLIQUE,
    ORDERED,
    SHORT_MONTHS,
    UNITS,
)
from engines.wording.rules import START, one_of, rule

NUMBER = r"(\d{1,3}(?:\.\d{3})+(?:,\d+)?(?!\.?\d)|\d+(?:,\d+)?)"
MONTH_NUMBERS = {name: at for at, name in enumerate(MONTHS, 1)} | SHORT_MONTHS
YEAR = r"(1[1-9]\d\d|20\d\d)(?!\d|[.,]\d)"
SURE_ARTICLE = (  # and the preposition before it
    rf"(?:(?P<dative>(?i:{'|'.join(BEFORE_DER)})) )?(?P<article>(?i:{'|'.join(['der', 'die', 'das', *OBLIQUE])})) "
)
ARTICLE = f"(?:{SURE_ARTICLE})?"


def number(text: str, one: str = "eins") -> str:
    """A number with or without points and decimals, 1 as `one`; one that begins with 0 digit by digit."""
    whole, _, decimals = text.replace(".", "").partition(",")
    if len(whole) > rules.LONGEST or (len(whole) > 1 and whole[0] == "0"):
        said = rules.spelled(whole, DIGITS)
    else:
        said = rules.num2words(int(whole), "de") if whole != "1" or decimals else one
    return f"{said} Komma {rules.spelled(decimals, DIGITS)}" if decimals else said


def year(text: str) -> str:
    """Four digits as a year."""
    return rules.num2words(int(text), "de", "year")


def ordinal(digits: str, dative: str | None, article: str | None) -> str:
    """A whole number as an ordinal with the ending that it has after an article, or a preposition and an article."""
    said = rules.num2words(int(digits), "de", "ordinal")
    if article and (article.lower() in OBLIQUE or (article.lower() == "der" and dative)):
        return said + "n"
    return said if article else said + "r"


def _ordinal(match: re.Match) -> str:
    before = " ".join(word for word in (match["dative"], match["article"]) if word)
    said = ordinal(match["number"], match["dative"], match["article"])
    return f"{before} {said}" if before else said


def _date(match: re.Match) -> str:
    month = MONTH_NUMBERS.get(match["month"]) or int(match["month"])
    if not (1 <= int(match["number"]) <= 31 and 1 <= month <= 12):
        return match[0]
    said = f"{_ordinal(match)} {MONTHS[month - 1]}"
    return f"{said} {year(match['year'])}" if match["year"] else said


def _iso(match: re.Match) -> str:
    if not (1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31):
        return match[0]
    return f"{ordinal(match[3], None, None)} {MONTHS[int(match[2]) - 1]} {year(match[1])}"


def _large(name: str, single: bool) -> str:
    many = LARGE[name]
    return many.removesuffix("en").replace("Milliard", "Milliarde") if single else many


def _money(sign: str, amount: str) -> str:
    whole, _, decimals = amount.partition(",")
    if len(decimals) != 2:
        return f"{number(amount, 'ein')} {CURRENCIES[sign]}"
    said = f"{number(whole, 'ein')} {CURRENCIES[sign]}"
    return said if decimals == "00" else f"{said} {number(str(int(decimals)))}"


def _time(match: re.Match) -> str:
    hour, minute, second = int(match[1]), int(match[2] or 0), match[3]
    if hour > 24 or minute > 59:
        return match[0]
    said = f"{number(str(hour), 'ein')} Uhr" + (f" {number(str(minute))}" if minute else "")
    return said + (f" und {number(str(int(second)))} Sekunden" if second else "")


def _unit(match: re.Match) -> str:
    one, many, article = UNITS[match[2]]
    return f"{number(match[1], article)} {one if match[1] == '1' else many}"


def _decade(match: re.Match) -> str:
    said = year(match[1]) if len(match[1]) == 4 else number(match[1])
    return f"{said}er{match[2]}"


def _fraction(match: re.Match) -> str:
    over, under = int(match[1]), int(match[2])
    if not 0 < over < under <= 100:
        return f"{number(match[1])} durch {number(match[2])}"
    part = "halb" if under == 2 else rules.num2words(under, "de", "ordinal") + "l"
    return f"{number(match[1], 'ein')} {part}"


DAY = rf"(?<!\w){ARTICLE}(?<![\d.,:/])(?P<number>\d\d?)\. ?"
RULES = (
    rules.replacements(FRACTIONS, "", ""),
    rule(rf"{DAY}(?P<month>{one_of(MONTH_NUMBERS)})(?!\w)(?: (?P<year>{YEAR}))?", _date),
    rule(rf"{DAY}(?P<month>\d\d?)\.(?: ?(?P<year>{YEAR})|(?!\d))", _date),
    rule(rf"{START}(\d{{4}})-(\d\d)-(\d\d)(?!\d)", _iso),
    rules.replacements(ABBREVIATIONS),
    rule(rf"{START}{NUMBER} ?{one_of(LARGE)}(?!\w)", lambda m: f"{number(m[1], 'eine')} {_large(m[2], m[1] == '1')}"),
    rule(rf"{START}{NUMBER} ?{one_of(CURRENCIES)}(?!\w)", lambda match: _money(match[2], match[1])),
    rule(rf"(?<!\w){one_of(CURRENCIES)} ?{NUMBER}", lambda match: _money(match[1], match[2])),
    rule(rf" ?{one_of(sign for sign in CURRENCIES if not sign.isalpha())}", lambda match: f" {CURRENCIES[match[1]]}"),
    rule(rf"{START}(\d\d?)(?:[:.](\d\d)(?:[:.](\d\d))?)? ?Uhr(?!\w)", _time),
    rule(rf"{START}(\d\d?):(\d\d)(?::(\d\d))?(?!\d)", _time),
    rule(
        r"(?<!\w)(?:\+\d{1,3}[ /-]|(?<!\d[,.])0\d{2,5}[ /-])\d{2,9}(?:[ -]\d{2,9}){0,4}(?!\d)",
        lambda match: ", ".join(rules.spelled(part, DIGITS) for part in re.findall(r"\d+", match[0])),
    ),
    rule(rf"{START}{NUMBER} ?{one_of(UNITS)}(?![\w²³/])", _unit),
    rule(r"(?<!\w)'?(1[1-9]\d0|20\d0|[1-9]0)er(n?)(?!\w)", _decade),
    rule(rf"{DAY}(?={one_of(ORDERED)}(?!\w))", lambda match: f"{_ordinal(match)} "),
    rule(rf"(?<!\w){SURE_ARTICLE}(?P<number>\d{{1,3}})\. (?=\w)", lambda match: f"{_ordinal(match)} "),
    rule(rf"{START}(?!{NUMBER}(?!\.?\d))\d+(?:\.\d+)+", lambda match: " Punkt ".join(map(number, match[0].split(".")))),
    rule(r"(?<=\d)(?:-| ?– ?)(?=\d)", lambda match: " bis "),
    rule(rf"{START}(\d{{1,4}})/(\d{{1,4}})(?![\d/])", _fraction),
    rule(r"(?<![\w.,])[-−](?=\d)", lambda match: "minus "),
    rule(r"(?<=\d) ?([×=+]) ?(?=\d)", lambda m: {"×": " mal ", "=": " gleich ", "+": " plus "}[m[1]]),
    rule(rf"{START}(?<![\w-]){YEAR}(?![\w-])", lambda match: year(match[1])),
    rule(rf"{START}(?<!\w)1(?= [^\W\d_a-zäöü])", lambda match: "ein"),
    rule(rf"{START}(\d{{1,3}}):(\d{{1,3}})(?![\d:])", lambda match: f"{number(match[1])} zu {number(match[2])}"),
    rules.LEFT,
    rule(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", lambda match: " "),
    rule(rf"(?<!\d){NUMBER}", lambda match: number(match[1])),
)
