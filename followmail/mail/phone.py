"""The telephone number in somebody's signature, as people write it in the countries of the seven languages.

What counts is a number with a label (Tel, Mobil, M, Tél, …), an international one (ITU-T E.164: `+` and at most 15
digits), or one of a national form that stands alone in its line. No fax, nothing that is labelled as something else,
nothing out of quoted text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from followmail.mail.quote import unquoted
from followmail.mail.signature import is_closing

_MOST_LINES = 40  # of a signature, blank ones aside
_WITHOUT_CLOSING = 8  # the last lines of a mail, where nothing says that a signature begins
_LONGEST = 400  # characters of a line that are looked at
_MOST_IN_LINE = 6
_REACH = 60  # so far before a number its label is looked for

_BLANKS = str.maketrans(dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\t", " ") | dict.fromkeys("‐‑‒–—−", "-"))

# Labels, the wider ones first. Single letters only right before a number.
_MOBILE = (
    r"mobil(?:e|tel(?:efon)?|funk|nummer|nr)?|mob|handy|natel|cell(?:ulare|phone)?|cel(?:ular|l)?|m[óo]vil|portable|port|gsm"
    r"|mobiel|tele?m[óo]vel|tlm|tm|whats ?app|iphone|signal"
)
_DIRECT = (
    r"direct(?: (?:dial|line|phone))?|direkt|durchwahl|ligne directe|l[ií]nea directa|direct[ao]|linha direta|diretto"
    r"|rechtstreeks|doorkiesnummer|ddi|did"
)
_PHONE = (
    r"tel(?:ef[oó]n[oe]?|efoon|ephone|f|[eé]f)?|t[ée]l(?:[ée]phone)?|tel[ée]f(?:ono)?|t(?:fno|fn|lf|lfno|lfn)|phone|ph|fon|fono"
    r"|office|b[üu]e?ro|bureau|oficina|ufficio|escrit[óo]rio|kantoor|fixe|fixo|fijo|fisso|vast|work|landline"
    r"|call me(?: on| at| under)?|contact"
)
_DESK = r"zentrale|switchboard|standard|centralita|centralino|central|hoofdnummer|main|reception|empfang|recepci[óo]n"
_FAX = r"(?:tele?)?fax|t[ée]l[ée]copie(?:ur)?|telecopia|facsimile"
_OTHER = (
    r"iban|bic|swift|vat|u[sm]t|umsatzsteuer\w*|steuer\w*|hr[ab]|handelsregister\w*|siret|siren|rcs|tva|ape|p\.? ?iva|iva|partita"
    r"|c\.? ?f|codice|rea|kvk|btw|bsn|nif|cif|nipc|cnpj|cpf|abn|acn|ein|uid|fn|id|blz|konto\w*|kto|account\w*|acct|bank\w*"
    r"|order\w*|bestell\w*|rechnung\w*|invoice\w*|auftrag\w*|kunden\w*|customer\w*|client|commande|facture|factura|fattura"
    r"|pedido|ordine|bestelling|factuur|fatura|ticket\w*|case|ref\w*|reg\w*|company no|no|nr|nº|n°|lic\w*|plz|zip|code|pin"
    r"|postfach|p\.? ?o\.? box|box|date|datum|seit|since|meeting|room|raum|version|isbn"
)
_LABEL = re.compile(
    rf"(?<![^\W\d_])(?:(?P<mobile>{_MOBILE}|m|c)|(?P<direct>{_DIRECT}|d)|(?P<desk>{_DESK})|(?P<phone>{_PHONE}|t|p|o)"
    rf"|(?P<fax>{_FAX}|f)|(?P<other>{_OTHER}))(?![^\W\d_])",
    re.IGNORECASE,
)
_AND = re.compile(r"(?:[/&+]|\b(?:and|und|et|y|e|en)) ?$", re.IGNORECASE)
_LETTER = re.compile(r"[.:|)\]]{0,2} {0,3}(?:\+|\(|\d)")
# How soon the number must follow its label.
_NEAR = 24

_NUMBER = re.compile(r"(?<![\w@#/,+-])(?<![0-9]\.)(?:\(\+|\+ ?|\()?[0-9][0-9 ()\[\]/.-]{4,30}[0-9](?![0-9@])")
_TWO = re.compile(r" {0,2}/ {0,2}(?=[(0])| {2,}(?=[(0-9])")
_EXTENSION = re.compile(
    r"[ ,;/-]{0,3}\(?(?:extension|ext\.?|extensi[óo]n|x|dw|durchwahl|app(?:arat)?\.?|poste|int(?:erno|\.)?|toestel|tst\.?|ramal)"
    r" ?:? ?([0-9]{1,6})\)?(?![0-9])",
    re.IGNORECASE,
)
_IS_FAX = re.compile(rf" {{0,2}}(?:\((?:{_FAX})\)|(?:{_FAX})\W{{0,3}}$)", re.IGNORECASE)
_TRUNK = re.compile(r"\( ?0 ?\)")
# What consists of digits and is no number to call: days, hours, amounts.
_NO_NUMBER = re.compile(
    r"[0-9]{1,2}[./ -][0-9]{1,2}[./ -](?:19|20)[0-9]{2}(?![0-9])|(?:19|20)[0-9]{2}[./-][0-9]{1,2}[./-][0-9]{1,2}(?![0-9])"
    r"|[0-9]{1,2}[.][0-9]{2} ?- ?[0-9]{1,2}[.][0-9]{2}$|(?:19|20)[0-9]{2} ?[-/] ?(?:19|20)[0-9]{2}$"
)

# Country codes of the seven languages' countries: behind 00 nothing else is believed.
_CODES = tuple("1 27 31 32 33 34 351 352 353 377 39 41 423 43 44 49 51 52 54 55 56 57 61 64".split())
# National forms that are plain without a label: a trunk 0 (most of Europe), and those of the countries without one.
_WITHOUT_TRUNK = re.compile(
    r"(?:1[ .-])?\(?[2-9]\d{2}\)?[ .-]{0,2}[2-9]\d{2}[ .-]\d{4}"  # North America
    r"|[2-9]\d{2}[ .-]\d{3}[ .-]\d{3}|[6-9]\d{2}[ .-]\d{2}[ .-]\d{2}[ .-]\d{2}|9\d[ .-]\d{3}[ .-]\d{2}[ .-]\d{2}"  # Iberia
    r"|3\d{2}[ ./-]\d{3}[ .-]?\d{3,4}"  # Italy, mobile
    r"|\(?[1-9]\d\)? ?9?\d{4}-\d{4}",  # Brazil
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class _Found:
    number: str
    rank: int


_RANKS = {"mobile": 4, "direct": 4, "phone": 3, "": 2, "desk": 1}


def phone_in(text: str) -> str:
    """The number to call, as its owner writes it in the signature of this text of theirs; "" where there is none.

    A mobile or direct number before the office's, that before the switchboard's. Never raises.
    """
    signature, marked = _signature([line.translate(_BLANKS)[:_LONGEST] for line in unquoted(text)])
    found: list[_Found] = []
    for before, line in pairwise(["", *signature]):
        found += _in_line(line, before, marked)
    return max(found, key=lambda f: f.rank).number if found else ""


def _signature(lines: list[str]) -> tuple[list[str], bool]:
    """The lines below the closing or the delimiter (RFC 3676 §4.3); else the last ones, and that nothing marks them."""
    said = [line for line in lines if line.strip()]
    closings = [at for at, line in enumerate(said) if at and is_closing(line)]
    delimiters = [at for at, line in enumerate(said) if at and line.strip() in ("--", "---", "__")]
    starts = [*closings[-1:], *delimiters[:1]]
    if not starts:
        return said[-_WITHOUT_CLOSING:], False
    return said[min(starts) + 1 :][:_MOST_LINES], True


def _in_line(line: str, before: str, marked: bool) -> Iterator[_Found]:
    for match in islice(_NUMBER.finditer(line), _MOST_IN_LINE):
        for start, end in _parts(line, match.start(), match.end()):
            left = line[max(0, start - _REACH) : start]
            if not left.strip() and len(before) < _REACH // 3 and not any(c.isdigit() for c in before):
                left = f"{before} "  # a label in a line of its own
            label = _label(left, line[start:end])
            number = _read(line[start:end], label, _alone(line, start, end), marked)
            if number and label in _RANKS and not _IS_FAX.match(line[end:]):
                extension = _EXTENSION.match(line[end:])
                yield _Found(number + (f" ext. {extension[1]}" if extension else ""), _RANKS[label])


def _parts(line: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where the numbers in a run of digits begin and end: "030 123456 / 0170 1234567" is two."""
    parts = []
    for cut in _TWO.finditer(line, start, end):
        if sum(c.isdigit() for c in line[start : cut.start()]) >= 7:
            parts.append((start, cut.start()))
            start = cut.end()
    return [*parts, (start, end)]


def _label(left: str, number: str) -> str:
    """What the last label before a number says: mobile, direct, phone, desk, fax, other; "" where there is none."""
    last = ""
    for match in _LABEL.finditer(left):
        kind, behind = match.lastgroup or "", left[match.end() :]
        if len(match[0]) == 1 and not _LETTER.match(behind + number):
            continue
        if kind == "other":  # "Tel. Nr."
            last = last or kind
        elif len(behind) > _NEAR or any(c.isdigit() for c in behind):
            last = ""
        elif kind != "fax" or last in ("", "other") or not _AND.search(left[: match.start()]):  # "Tel/Fax"
            last = kind
    return "" if last == "other" and number.startswith(("+", "(+")) else last


def _alone(line: str, start: int, end: int) -> bool:
    """Whether nothing but a number stands between two of | · • , ; or the ends of the line."""
    left = re.split(r"[|·•,;]", line[:start])[-1]
    right = re.split(r"[|·•,;]", line[end:])[0]
    return not re.search(r"\w", left) and (not re.search(r"\w", right) or bool(_EXTENSION.match(right)))


def _read(text: str, label: str, alone: bool, marked: bool) -> str:
    """The number, tidied; "" where these digits are none."""
    number = " ".join(text.replace("[", "(").replace("]", ")").split()).replace("+ ", "+")
    if number.startswith(("+", "(+", "00", "(00")):
        return _international(number) if label or alone or marked else ""
    if _NO_NUMBER.match(text):
        return ""
    digits = re.sub(r"\D", "", number)
    if digits.startswith("0"):
        fits = 7 <= len(digits) <= 13 if label else alone and 9 <= len(digits) <= 12
    elif label:
        fits = 9 <= len(digits) <= 11
    else:
        fits = alone and _WITHOUT_TRUNK.fullmatch(number) is not None
    return _balanced(number) if fits else ""


def _international(number: str) -> str:
    """`+49 30 123456`: the trunk 0 in brackets and 00 are for people who dial by hand."""
    number = " ".join(_TRUNK.sub(" ", number).split()).lstrip("(")
    digits = re.sub(r"\D", "", number)
    if number.startswith("00"):
        if not digits[2:].startswith(_CODES):
            return ""
        number, digits = "+" + number[2:].lstrip(" "), digits[2:]
    if not 8 <= len(digits) <= 15 or digits.startswith("0") or (digits.startswith("1") and len(digits) != 11):
        return ""
    return _balanced(number)


def _balanced(number: str) -> str:
    """Without a bracket that has lost its other half."""
    return number if number.count("(") == number.count(")") else number.replace("(", "").replace(")", "")
