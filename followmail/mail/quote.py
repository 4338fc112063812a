"""What of a text its author newly wrote: without quotes, signature, "Sent from …" and footers.

Each line is known by its kind (text, quote, "On … wrote:", mail header, delimiter, mobile signature, blank), and the
order of the kinds says where the new text ends. Mail programs write these lines in the language of their user:
the words below are theirs, in more languages than the rest of this package reads.
"""

import re
from collections.abc import Callable

from followmail.mail import attribution, signature

_MAX = 32 * 1024  # characters that are looked at
_MAX_LINE = 1000
_MAX_LINES = 1500
_LETTER = re.compile(r"[^\W_]")
_BREAKS_FROM = 50  # characters: no program breaks a shorter line

_HEADERS = (
    r"from|to|cc|bcc|subject|date|sent|reply-?to|importance|priority|attachments?"
    r"|von|an|kopie|blindkopie|betreff|datum|gesendet|antwort an|anlagen?"
    r"|de|à|a|objet|envoyé|date d'envoi|répondre à|copie|cci|pièces? jointes?"
    r"|para|asunto|enviado(?: el)?|fecha|responder a|adjuntos?|assunto|enviad[ao](?: em)?|data|anexos?"
    r"|da|oggetto|inviato|data|risposta|rispondi a|allegati|ccn"
    r"|van|aan|onderwerp|verzonden|verzonden op|bijlagen?"
    r"|fra|til|emne|sendt|från|till|ämne|skickat|kopia|lähettäjä|vastaanottaja|aihe|lähetetty|päivämäärä"
    r"|od|do|temat|wysłano|wysłane|data|dw|komu|předmět|odesláno|odoslané|predmet"
    r"|от|кому|тема|дата|отправлено|копия|від|відправлено|feladó|címzett|tárgy|küldve|elküldve"
    r"|gönderen|kime|konu|gönderildi|tarih|kimden|发件人|发送时间|收件人|主题|抄送|寄件者|收件者|主旨|差出人|宛先"
    r"|件名|送信日時|日時|보낸 사람|받는 사람|제목|날짜"
)
_ORIGINAL = (
    r"original (?:message|e?-?mail|appointment)|(?:begin )?forwarded (?:message|mail)|ursprüngliche (?:nachricht"
    r"|e-?mail|termin)|originalnachricht"
    r"|weitergeleitete (?:nachricht|e-?mail)|(?:message|e-?mail|courriel) (?:d'origine|original|initial|transféré)"
    r"|mensaje (?:original|reenviado)"
    r"|messaggio (?:originale|inoltrato)|oorspronkelijk(?:e)? bericht|doorgestuurd bericht|mensagem (?:original"
    r"|encaminhada)"
    r"|original ?meddelande|ursprungligt meddelande|opprinnelig melding|oprindelig meddelelse|alkuperäinen viesti"
    r"|wiadomość oryginalna"
    r"|oryginalna wiadomość|původní zpráva|eredeti üzenet|исходное сообщение|пересылаемое сообщение|orijinal mesaj"
    r"|原始邮件|元のメッセージ|mensaxe orixinal"
)
_FORWARD = re.compile(
    r"forwarded|weitergeleitet|transféré|reenviado|inoltrato|doorgestuurd|encaminhada|пересылаемое", re.I
)

_QUOTE = attribution.QUOTE
_HEADER = re.compile(rf"[\s>*_]{{0,8}}+(?:{_HEADERS})[*_]{{0,2}}\s?[:：](?:[*_\s]|$)", re.I)
_FROM = re.compile(
    r"[\s>*_]{0,8}(?:from|von|de|da|van|fra|från|od|от|від|lähettäjä|feladó|kimden|gönderen|发件人|差出人)[*_]{0,2}\s?[:：]",
    re.I,
)
_MARKER = re.compile(rf"[\s>*_-]{{0,40}}+(?:{_ORIGINAL})\W{{0,40}}$", re.I)
# dashes and the like alone in a line; ᐧ is what Mailtrack leaves
_DELIMITER = re.compile(r"\s{0,8}(?:[-_=~#+*—–ᐧ]{2,}|[—ᐧ])\s{0,8}$")
# Zendesk, Jira and the like: above or below stands what was typed
_ABOVE = re.compile(r"\W{0,20}(?:please )?(?:type your |write your )?reply above this line\W{0,20}$", re.I)
# Gmail links this below "Pat reacted via Gmail".
_GMAIL_LINK = re.compile(r"\s{0,8}<https://www\.google\.com/gmail/about/[^<>\s]{0,300}>$")
_FENCE = re.compile(r"\s{0,3}(?:```|~~~\w)")

_DEVICE = (
    r"i-?phone|i-?pad|i-?pod|android|samsung|galaxy|huawei|xiaomi|pixel|nokia|htc|motorola|oneplus|sony|xperia"
    r"|blackberry|windows|outlook|yahoo|gmail|aol|gmx|web\.de|freenet"
    r"|proton\w*|tutanota|fairmail|fairemail|k-9|mailbox|airmail|spark|sparrow|bluemail|blue mail|nine|mail|courrier"
    r"|correo|posta|phone|handy|smartphone|téléphone|mobile?|móvil|telefono|cellulare|telefoon"
    r"|mobiel\w*|mobilgerät|mobiltelefon|mobilen?|telemóvel|celular|cell|tablet|watch|device|dispositivo|ti-\d+"
    r"|alcatel|huawei|thunderbird|superhuman|front|hey|zoho|mobil|telefon|telefono"
)
_SENT = re.compile(
    r"\W{0,6}+(?:sent (?:from|via|with|by|using)|get outlook|(?:get|download) \[?outlook|from my|\w+ from mobile"
    r"|envoyé (?:depuis|de|à partir de|avec|via)|télécharger outlook|obtenez outlook"
    r"|(?:von|mit) (?:meine[mr]|unterwegs|dem|iphone)|gesendet (?:von|mit|aus|über)|(?:diese )?(?:e-?mail"
    r"|nachricht) wurde (?:von|mit)|(?:holen sie sich )?outlook für"
    r"|enviado (?:desde|con|a partir|do|de|por|via|pelo|da)|enviada (?:do|desde|de|pelo)|obtener outlook"
    r"|obter o outlook|baixe o outlook|inviato (?:da|con|dal)|scarica outlook|ottieni outlook|verzonden (?:vanaf|met"
    r"|vanuit|van|via)"
    r"|verstuurd (?:vanaf|met|vanuit)|outlook voor|download outlook|sendt fra|skickat från|lähetetty|wysłan[eo] z"
    r"|отправлено (?:с|из)|відправлено з|從我的|发自我的|発信元|iphoneから)",
    re.I,
)
_SENT_LINE = re.compile(rf"(?:.{{0,120}}\W)?(?:{_DEVICE}|传送|傳送|送信)", re.I)

_BELOW = re.compile(
    r"\b(?:below|inline|in line|unten|inline|ci-dessous|plus bas|abajo|más abajo|sotto|di seguito|hieronder|onder"
    r"|abaixo|in blau|in red|in blue|in rot)\b",
    re.I,
)
# Outlook: "mark my comments with: [initials]"
_COMMENT = re.compile(r"\[([^\W\d]{2,3}|[^\W\d][\w .-]{2,30})\][ :]\s{0,3}\S")

_ARMOUR = {
    "-----BEGIN PGP SIGNED MESSAGE-----": "head",
    "-----BEGIN PGP SIGNATURE-----": "signature",
    "-----END PGP SIGNATURE-----": "",
}
_ARMOUR_HEADER = re.compile(r"[A-Za-z]{1,20}: ")
_ARMOURED = re.compile(r"(?:[A-Za-z]{1,20}: .*|[A-Za-z0-9+/]{1,76}={0,2}|=[A-Za-z0-9+/]{4}|)")


def new_text(body: str) -> str:
    """What the author newly typed, greeting and a short sign-off included; nothing quoted or added by a machine.

    A quote that nobody is named for stays where it leads or stands alone: `own_words` leaves it out. Never raises.
    """
    lines = _lines(body)
    kept = _new_lines(lines, _kinds(lines))
    return "\n".join(signature.without_signature(kept)).strip("\n").rstrip()


def unquoted(body: str) -> list[str]:
    """The lines of which nothing is quoted, the signature included: above the first quote, and below a marked one."""
    lines = _lines(body)
    kinds = _kinds(lines)
    ends = [m.start() for m in re.finditer("m", kinds)][:1]
    ends += [block for block in [_header_block(lines, kinds)] if block is not None]
    if "b" in kinds and not kinds[kinds.index("b") :].lstrip("be").startswith("q"):
        ends.append(kinds.index("b"))  # an unmarked quote
    end = min(ends, default=len(lines))
    return _pick(lines[:end], _unbroken(lines, kinds[:end]), lambda k, at: k not in "qb")[0]


def forwarded(body: str) -> tuple[str, tuple[str, ...]]:
    """What its author newly wrote above a forwarded mail, and the From lines of what was forwarded, the nearest first."""
    lines = _lines(body)
    kinds = _kinds(lines)
    ends = [m.start() for m in re.finditer("m", kinds)][:1]
    ends += [block for block in [_header_block(lines, kinds)] if block is not None]
    if not ends:
        return new_text(body), ()
    below = [line.lstrip("> ") for line in lines[min(ends) :]]
    senders = []
    for at, line in enumerate(below):
        near = [other for other in below[at + 1 : at + 4] if _HEADER.match(other)]
        if _FROM.match(line) and near:
            senders.append(re.split("[:：]", line, maxsplit=1)[1].strip("*_ "))
    above = "\n".join(lines[: min(ends)])
    return new_text(above).rstrip("_- \n") if above.strip(" _-\n") else "", tuple(senders)


def own_words(text: str) -> str:
    """A new text less the lines its author quoted: what a message is judged on."""
    return "\n".join(line for line in text.split("\n") if not _QUOTE.match(line))


def _lines(body: str) -> list[str]:
    text = body[:_MAX].replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]", "", text).replace("\xa0", " ")
    return _unarmoured([line.rstrip()[:_MAX_LINE] for line in text.split("\n", _MAX_LINES)[:_MAX_LINES]])


def _unarmoured(lines: list[str]) -> list[str]:
    """Less the armour around a clear-signed text, its escaped dashes as they were typed (RFC 9580 §7)."""
    kept, part = [], ""
    for line in lines:
        if line in _ARMOUR:
            part = _ARMOUR[line]
            continue
        if part == "head" and not _ARMOUR_HEADER.match(line):
            part = "text"
        elif part == "signature" and not _ARMOURED.fullmatch(line):
            part = ""  # cut off
        if part in ("", "text"):
            kept.append(line.removeprefix("- ") if part else line)
    return kept


def _kinds(lines: list[str]) -> str:
    """A letter for each line: t text, q quote, b "On … wrote:", m "Original Message", h mail header, d delimiter,
    s mobile signature, e blank."""
    kinds: list[str] = []
    fenced = False
    while (at := len(kinds)) < len(lines):
        line = lines[at]
        if _FENCE.match(line):
            fenced = not fenced
            kinds.append("t")
        elif fenced:
            kinds.append("t")
        elif count := attribution.length(lines, at):
            kinds.extend("b" * count)
        else:
            kinds.append(_kind(line) if not _ABOVE.match(line) else "d" if "t" in kinds else "s")
    return "".join(kinds)


def _kind(line: str) -> str:
    if not line.strip():
        return "e"
    if _QUOTE.match(line):
        return "q"
    if _MARKER.match(line):
        return "m"
    if _DELIMITER.match(line):
        return "d"
    if _HEADER.match(line):
        return "h"
    sent = len(line) < 200 and _SENT.match(line) and _SENT_LINE.match(line)
    return "s" if sent or _GMAIL_LINK.match(line) else "t"


def _new_lines(lines: list[str], kinds: str) -> list[str]:
    head = re.match("[ed]*m", kinds)
    if head and _FORWARD.search(lines[head.end() - 1]):  # forwarded without a word: what was forwarded is all there is
        end = head.end() + len(_leading(r"e*h[hte]*?h(?=e)|[eh]*", kinds[head.end() :]))
        return _new_lines(lines[end:], kinds[end:])
    lines, kinds, comments = _before_quoted_mail(lines, kinds)
    lines, kinds = _pick(lines, kinds, lambda k, at: k != "s")
    if "b" in kinds:
        kept = _answers(lines, kinds)
    elif re.fullmatch("[eqdh]*|e*q[qe]*t[^q]*", kinds) and not any(map(attribution.names_author, lines[:20])):
        kept = lines  # a quote without a name to it, alone or on top
    else:
        kept = _pick(lines, _unbroken(lines, kinds), lambda k, at: k != "q")[0]
    return kept + comments


def _before_quoted_mail(lines: list[str], kinds: str) -> tuple[list[str], str, list[str]]:
    """Up to the first delimiter, "Original Message" or mail headers; and the comments marked with [initials] behind."""
    ends = [m.start() for m in re.finditer("m", kinds)][:1]
    ends += [m.end() - 1 for m in [re.match("[^d]*?[tb][^d]*d", kinds)] if m]
    ends += [block for block in [_header_block(lines, kinds)] if block is not None]
    if not ends:
        return lines, kinds, []
    end = min(ends)
    marks = [(m[1], line) for line in lines[end:] if (m := _COMMENT.match(line))]
    names = {name for name, _ in marks}
    return lines[:end], kinds[:end], [line for _, line in marks] if len(marks) > 1 and len(names) == 1 else []


def _header_block(lines: list[str], kinds: str) -> int | None:
    """Where From, Sent, To … of a quoted mail stand one below the other."""
    for match in re.finditer("h", kinds):
        at = match.start()
        count = _leading("(?:he{0,2}t?(?=h))*h", kinds[at : at + 12]).count("h")
        if count >= 3 or (count == 2 and _FROM.match(lines[at])):
            return at
    return None


def _answers(lines: list[str], kinds: str) -> list[str]:
    """The new lines of a mail that quotes another one under "On … wrote:": above, below or between."""
    begin = kinds.index("b")
    rest = _unbroken(lines[begin:], kinds[begin:])
    behind = rest.lstrip("be")
    above = "t" in kinds[:begin]
    if not behind.startswith("q"):
        return lines[:begin]  # an unmarked quote
    trailing = re.fullmatch("[beqdh]*([te]*)", rest)
    if above and trailing and trailing[1].count("t") < 7 and not _BELOW.search("\n".join(lines[:begin])):
        return lines[:begin]  # a signature below the quote
    kept = _pick(lines[begin:], rest, lambda k, at: k in "te")[0]
    return [line for line, kind in zip(lines[:begin], kinds, strict=False) if kind != "q"] + kept


def _unbroken(lines: list[str], kinds: str) -> str:
    """Text squeezed between two lines of a quote is a line that broke out of it, unless the quote had come to an end."""
    return re.sub("(?<=q)t(?=q)", lambda t: "t" if _had_ended(lines[t.start() - 1], lines[t.start()]) else "q", kinds)


def _had_ended(quoted: str, line: str) -> bool:
    """Whether a quoted line above words is whole: empty, too short to be broken, or the end of a sentence."""
    if not _LETTER.search(line):
        return False
    return len(quoted) < _BREAKS_FROM or quoted.rstrip(" )\"'”»*_")[-1:] in ".!?:…>"


def _pick(lines: list[str], kinds: str, wanted: Callable[[str, int], bool]) -> tuple[list[str], str]:
    kept = [at for at, kind in enumerate(kinds) if wanted(kind, at)]
    return [lines[at] for at in kept], "".join(kinds[at] for at in kept)


def _leading(pattern: str, kinds: str) -> str:
    match = re.match(pattern, kinds)
    return match[0] if match else ""
