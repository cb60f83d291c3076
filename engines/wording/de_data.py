"""What German abbreviates, and how it is said."""

DIGITS = "null eins zwei drei vier fünf sechs sieben acht neun".split()
MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
SHORT_MONTHS = {"Jan.": 1, "Feb.": 2, "Mär.": 3, "Apr.": 4, "Jun.": 6, "Jul.": 7, "Aug.": 8, "Sep.": 9, "Sept.": 9}
SHORT_MONTHS |= {"Okt.": 10, "Nov.": 11, "Dez.": 12}
CURRENCIES = {"€": "Euro", "$": "Dollar", "£": "Pfund", "¥": "Yen", "₩": "Won", "EUR": "Euro", "CHF": "Franken"}
LARGE = {"Mio.": "Millionen", "Mrd.": "Milliarden", "Tsd.": "Tausend", "Millionen": "Millionen"}
LARGE |= {"Milliarden": "Milliarden", "Tausend": "Tausend"}
FRACTIONS = {"½": "ein halb", "¼": "ein viertel", "¾": "drei viertel", "⅓": "ein drittel", "⅔": "zwei drittel"}
UNITS = {  # one, many; the article of one
    "km/h": ("Kilometer pro Stunde", "Kilometer pro Stunde", "ein"),
    "m/s": ("Meter pro Sekunde", "Meter pro Sekunde", "ein"),
    "km²": ("Quadratkilometer", "Quadratkilometer", "ein"),
    "m²": ("Quadratmeter", "Quadratmeter", "ein"),
    "qm": ("Quadratmeter", "Quadratmeter", "ein"),
    "m³": ("Kubikmeter", "Kubikmeter", "ein"),
    "km": ("Kilometer", "Kilometer", "ein"),
    "m": ("Meter", "Meter", "ein"),
    "cm": ("Zentimeter", "Zentimeter", "ein"),
    "mm": ("Millimeter", "Millimeter", "ein"),
    "kg": ("Kilogramm", "Kilogramm", "ein"),
    "g": ("Gramm", "Gramm", "ein"),
    "mg": ("Milligramm", "Milligramm", "ein"),
    "l": ("Liter", "Liter", "ein"),
    "ml": ("Milliliter", "Milliliter", "ein"),
    "°C": ("Grad Celsius", "Grad Celsius", "ein"),
    "°": ("Grad", "Grad", "ein"),
    "%": ("Prozent", "Prozent", "ein"),
    "kB": ("Kilobyte", "Kilobyte", "ein"),
    "MB": ("Megabyte", "Megabyte", "ein"),
    "GB": ("Gigabyte", "Gigabyte", "ein"),
    "TB": ("Terabyte", "Terabyte", "ein"),
    "Hz": ("Hertz", "Hertz", "ein"),
    "kHz": ("Kilohertz", "Kilohertz", "ein"),
    "MHz": ("Megahertz", "Megahertz", "ein"),
    "GHz": ("Gigahertz", "Gigahertz", "ein"),
    "W": ("Watt", "Watt", "ein"),
    "kW": ("Kilowatt", "Kilowatt", "ein"),
    "kWh": ("Kilowattstunde", "Kilowattstunden", "eine"),
    "V": ("Volt", "Volt", "ein"),
    "dB": ("Dezibel", "Dezibel", "ein"),
    "ms": ("Millisekunde", "Millisekunden", "eine"),
    "s": ("Sekunde", "Sekunden", "eine"),
    "Sek.": ("Sekunde", "Sekunden", "eine"),
    "min": ("Minute", "Minuten", "eine"),
    "Min.": ("Minute", "Minuten", "eine"),
    "h": ("Stunde", "Stunden", "eine"),
    "Std.": ("Stunde", "Stunden", "eine"),
}
ABBREVIATIONS = {
    "z. B.": "zum Beispiel",
    "z.B.": "zum Beispiel",
    "d. h.": "das heißt",
    "d.h.": "das heißt",
    "u. a.": "unter anderem",
    "u.a.": "unter anderem",
    "i. d. R.": "in der Regel",
    "i.d.R.": "in der Regel",
    "usw.": "und so weiter",
    "bzw.": "beziehungsweise",
    "ca.": "circa",
    "evtl.": "eventuell",
    "ggf.": "gegebenenfalls",
    "inkl.": "inklusive",
    "zzgl.": "zuzüglich",
    "max.": "maximal",
    "mind.": "mindestens",
    "vgl.": "vergleiche",
    "Dr.": "Doktor",
    "Prof.": "Professor",
    "Hr.": "Herr",
    "Fr.": "Frau",
    "Nr.": "Nummer",
    "St.": "Sankt",
    "Str.": "Straße",
    "Jh.": "Jahrhundert",
    "Tel.": "Telefon",
    "&": "und",
    "§": "Paragraf",
}
# What an ordinal stands before, where no article shows that it is one.
ORDERED = "Jahrhundert Jahrhunderts Jahrestag Geburtstag Platz Stock Klasse Kapitel Mal Tag Woche Weltkrieg".split()
# Before an ordinal: its ending is -n after these, -e after der, die, das, and -r where there is none.
OBLIQUE = "am im vom zum zur beim bis den dem des ab seit einem einer eines ihrem seinem ihren seinen".split()
BEFORE_DER = "in aus bei mit nach seit von zu auf an unter vor ab".split()  # with these, "der" is a dative
