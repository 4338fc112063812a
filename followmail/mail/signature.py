"""What stands below a text: the closing line, a name, a visiting card, what a company or a scanner adds.

Only what ends a mail is such: where somebody goes on speaking below it, it is part of what they say.
"""

import re
from collections.abc import Sequence
from itertools import islice

_FOOTER = re.compile(
    r"\W{0,4}(?:virus-?free\W|(?:this|diese|dit|cet|ce|este|esta|quest[oa]) (?:e-?mail|message|nachricht|bericht"
    r"|courriel|correo|mensaje|messaggio|mensagem|communication|transmission)"
    r"\b.{0,80}(?:confidential|vertraulich|confidentiel|confidencial|riservat|vertrouwelijk|intended|bestimmt|destin"
    r"|bestemd|legally|privileged|checked|geprüft|analys|analizz|comprob|avast|virus)"
    r"|the information (?:contained|in this)|(?:the )?contents? of this (?:e-?mail|message)|confidentiality (?:notice"
    r"|note)|disclaimer\b|privileged (?:and|&) confidential"
    r"|der inhalt dieser (?:e-?mail|nachricht)|die information(?:en)? in dieser|le contenu de (?:ce|cet)|ce (?:message"
    r"|courriel) et (?:toutes|ses|les|tous)|aviso (?:legal|de confidencialidad)|avviso di riservatezza"
    r"|le informazioni contenute|la información contenida|as informações contidas|de informatie (?:verzonden|in dit)"
    r"|(?:please |bitte )?(?:consider|think (?:of|about)) the environment(?!al| \w* ?(?:team|dep|agenc|office|minist))"
    r"|bitte denken sie an die umwelt|pensez à l'environnement|antes de imprimir"
    r"|prima di stampare|denk aan het milieu"
    r"|(?-i:NOTICE|CONFIDENTIAL(?:ITY)?|CONFIDENTIALITY NOTICE|DISCLAIMER|LEGAL|VERTRAULICH\w*|HINWEIS|AVIS|AVISO"
    r"|AVVISO|LET OP|PRIVACY)\b[^\n]{0,40}:"
    r"|[^\n]{0,200}(?:registered (?:in england|office|number)|company (?:no\b|number|registration n)"
    r"|is a limited liability|amtsgericht \w+|handelsregister|\bhrb \d|ust-?id|umsatzsteuer-id"
    r"|\bsiret\b|\brcs \w|p\. ?iva\b|partita iva|\bkvk[ :-]|\bcnpj\b|\bnif[ :]|received (?:this e-?mail|it) in error"
    r"|in error, please)"
    r"|view (?:this )?request\b|you (?:are receiving|received) this (?:e-?mail|message|because)|\[?(?:caution|warning|external(?: e-?mail"
    r"| sender)?|achtung|vorsicht)\]?:? .{0,60}(?:outside|external|extern))",
    re.I,
)

# Words of what is added to every mail; two of them in a sentence make it such.
_LEGAL = re.compile(
    r"\b(?:(?:this|diese|dit|cet?|este|esta|quest[oa]) (?:e-?mail|mail|message|nachricht|bericht|courriel|correo|mensaje"
    r"|messaggio|mensagem|communication|transmission)|confidential\w*|vertraulich\w*|confidentiel\w*|confidencia\w*"
    r"|riservat\w*|vertrouwelijk\w*|privileged|proprietary|non-?public|geschützte\w*|protégée?s?|privilegiad\w*"
    r"|intended|bestimmt|destiné\w*|destinad\w*|destinat\w*|bestemd|recipients?|addressees?|adressat\w*|empfänger\w*"
    r"|destinataires?|destinatari\w*|geadresseerde\w*|ontvanger\w*|sender|absender\w*|expéditeur|remitente|mittente"
    r"|afzender|remetente|(?:in|by) (?:error|mistake)|irrtümlich|versehentlich|par erreur|por error|per errore"
    r"|abusievelijk|por engano|por erro|delet\w+|destr[ou]\w+|lösch\w*|vernicht\w*|détrui\w+|supprim\w+|elim[ií]n\w+"
    r"|verwijder\w*|apag\w+|disclaimer|copy(?:ing)?|copied|disclos\w+|distribut\w+|disseminat\w+|unauthori[sz]ed|prohibited|kopieren"
    r"|weitergabe|unbefugt\w*|nicht (?:gestattet|erlaubt)|diffusion|interdite?|divulga\w+|prohibid\w+|vietat\w+"
    r"|verspreiding|verboden|proibid\w+|liab\w+|haft\w*|responsa\w+|aansprakelijk\w*|virus\w*|malware|scanned|opinions"
    r"|views|attachments?|anhänge|anlagen|pièces jointes|adjuntos|allegati|bijlagen?|anexos|originated|organi[sz]ation"
    r"|links?|gdpr|dsgvo|rgpd|lopd\w*|privacy|datenschutz\w*|unsubscribe|newsletters?|nieuwsbrief|boletín|mailings?"
    r"|abbestellen|abmelden|désabonner|cancellarsi|uit te schrijven|(?:click|klik|klicken sie|cliquez|haga clic|clicca|clique) (?:here|hier|ici|aquí|qui|aqui)|darse de baja|receiving|because you|preferences"
    r"|turn off|notifications?|shared with|powered by|never change our bank|print\w*"
    r"|ausdruck\w*|drucken|imprim\w+|stampare|afdrukken|environment|umwelt|environnement|medio ?ambiente|ambiente"
    r"|milieu)\b|(?:from|von|de|da|van) (?:us|uns|nous|nosotros|noi|ons|nós)\b|e-?mails? from",
    re.I,
)
_REGISTER = re.compile(
    r"registered (?:in|office|no|number|under)|company (?:no|number|registration)|limited (?:liability )?company"
    r"|amtsgericht|handelsregister|\bhrb \d|sitz der|geschäftsführ|vorstand|aufsichtsrat|\bust-?id|umsatzsteuer|\bvat\b"
    r"|\bsiret\b|\brcs \w|\bcapital\b|p\. ?iva\b|partita iva|\bkvk\b|\bbtw\b|\bcnpj\b|\bn\.?i\.?f\b|\bcif\b"
    r"|registr[oe] (?:mercantil|imprese|delle)",
    re.I,
)
# what a newsletter asks below
_ASKS_NOTHING = re.compile(r"newsletter|nieuwsbrief|boletín|unsubscribe|désabonn|virus|\bprint", re.I)
# where a company is registered is said for an invoice, too
_INVOICE = re.compile(r"\b(?:invoic\w+|rechnung\w*|factur\w+|fattur\w+|fatura\w*)\b", re.I)
_WE = re.compile(
    r"\b(?:I(?!\.)|[Ww]e|[Ii]ch|[Ww]ir|[Jj]e|[Nn]ous|[Yy]o|[Nn]osotros|[Ii]o|[Nn]oi|[Ii]k|[Ww]ij|[Ee]u|[Nn]ós)\b"
    r"|\b[Jj]['’]"
)
_WE_ARE_LIABLE = re.compile(
    r"liab|haft|garant|warrant|respons|verantwort|aansprakelijk|virus|monitor|privacy|datenschutz|personal data"
    r"|personenbezogen|données|datos|dati\b|gegevens|dados|our bank",
    re.I,
)
_YOU = re.compile(
    r"\b(?:[Yy]ou(?:rs?)?|[Pp]lease|me|my|us|our|Sie|Ihn?en|Ihre?[mnrs]?|[Dd]u|dir|dich|deine?[mnrs]?|[Bb]itte|mich|mir|uns"
    r"|unsere?[mnrs]?|[Vv]ous|[Vv]otre|[Vv]os|moi|mon|notre|svp|[Uu]sted(?:es)?|[Pp]or favor|nos|[Ll]ei|voi|[Pp]er favore|mio|uw"
    r"|jij|jullie|[Gg]raag|mij|ons|onze|[Vv]ocês?|mim|meu|nosso|tu|te)\b"
)
_LINK = re.compile(r"\bwww\.|https?://", re.I)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=[^\W\da-zà-ÿ])")
_MOST_WORDS = 5  # of a line that is no sentence yet

_CLOSING = re.compile(
    r"\W{0,3}(?:(?:with |my |our )?(?:kind(?:est)?|best|warm(?:est)?|many|very best|all the best|good)? ?(?:regards"
    r"|wishes|greetings)(?: from \w+)?|best|all the best|cheers|sincerely(?: yours)?|yours(?: \w+)?|"
    r"(?:many |kind )?thanks?(?: you)?(?: so much| very much| again| in advance| a lot)?(?: and (?:kind "
    r"|best )?regards)?|regards|br|kr|rgds|respectfully|cordially|take care|"
    r"(?:mit )?(?:(?:den )?(?:freundlich\w*|best\w*|lieb\w*|herzlich\w*|schön\w*|viel\w*|kolleg\w*|sonnig\w*"
    r"|nett\w*) ){1,2}(?:grü(?:ß|ss)\w*|gruß|gruss|dank)(?: (?:aus|von|nach) .{1,30})?|(?:grü(?:ß|ss)e?|gruß|gruss|mfg"
    r"|lg|vg|bg|hg|danke?|hochachtungsvoll|servus|ciao)(?: (?:aus|von) .{1,30})?|"
    r"(?:bien |très )?(?:cordialement|cdlt|bàv|sincères salutations|meilleures salutations|salutations(?: distinguées"
    r"| cordiales)?|amicalement|bien à (?:vous|toi)|respectueusement)|(?:je vous prie d'"
    r"|veuillez ).{0,80}(?:salutations|sentiments).{0,40}|"
    r"(?:reciba )?(?:un (?:cordial |afectuoso |fuerte )?(?:saludo|abrazo)|(?:muchos "
    r"|cordiales )?saludos(?: cordiales)?|atentamente|atte|gracias(?: y (?:un )?saludos?)?)|"
    r"(?:cordiali|distinti|cari|i migliori|tanti) saluti|(?:un )?(?:cordiale )?saluto|saluti|cordialmente"
    r"|grazie(?: mille)?(?: e (?:cordiali |buona )?\w+)?|"
    r"(?:met )?(?:(?:vriendelijke?|hartelijke?|beste|veel|lieve|warme) )?groet(?:en|jes)?|mvg|hoogachtend"
    r"|(?:alvast )?bedankt|"
    r"(?:com os (?:meus )?)?(?:melhores )?cumprimentos|(?:um )?(?:abraços?|abc|atenciosamente|att|cordialmente)"
    r"|saudações|obrigad[oa])\W{0,5}",
    re.I,
)
_PS = re.compile(r"\W{0,2}(?:p\.? ?p?\.?s\b)", re.I)
_THANKS = re.compile(
    r"\W{0,3}(?:(?:many|kind|vielen|besten|lieben|herzlichen|muchas|alvast|muito) )?(?:thank|dank|merci|gracias|grazie"
    r"|bedankt|obrigad)",
    re.I,
)
_CONTACT = re.compile(
    r"(?:\b(?:tel|telefon|telephone|phone|fax|mobile?|mobil|handy|cell|direct|durchwahl|t|m|f|tél|cel|móvil"
    r"|gsm)\b[.:]? ?[+(]?\d|\+\d{2}[\d ()/.-]{6}|\bwww\.|https?://|\bgmbh\b|\bltd\b|\bllc\b|\binc\b"
    r"|\bs\.?[arl]\.?[rl]?\.?$|\bb\.v\."
    r"|\b(?:manager|director|head of|officer|administrator|partner|engineer|consultant|president|ceo|cto|cfo|cio|coo"
    r"|vp|assistant|coordinator|founder|owner"
    r"|leiter(?:in)?|geschäftsführer(?:in)?|inhaber(?:in)?|vorstand|abteilung|directeur|directrice|responsable"
    r"|gérante?|chef|director[ae]?|gerente|jefe|responsabile|direttore|titolare|amministratore|directeur|eigenaar"
    r"|hoofd|sócio|gestor)\b)",
    re.I,
)
_NAME_LINE = re.compile(r"(?:(?:dr|prof|mr|mrs|ms|ing|dipl|herr|frau)\.? ?|[^\W\d_][\w'’.-]*[,]? ?){2,5}$")
_TRIED = 3  # lines of a paragraph that are asked whether a footer begins there


def without_signature(lines: list[str]) -> list[str]:
    """Less footers, and less what follows the name below a closing line. Never raises."""
    lines = _without_footer(lines)
    closing = closing_at(lines)
    if closing is None:
        return _without_card(lines)
    below = _written(lines, closing + 1)
    if sum(len(lines[at]) for at in below) <= 60 or any(_PS.match(lines[at]) for at in below):
        return lines
    return lines[: below[0] + 1] if len(lines[below[0]]) <= 60 else lines[: closing + 1]


def closing_at(lines: Sequence[str]) -> int | None:
    """Where the last closing line stands, below which nobody says anything; None: there is none."""
    closing = max((at for at, line in enumerate(lines) if at and is_closing(line)), default=None)
    return None if closing is None or _goes_on(lines, closing) else closing


def is_closing(line: str) -> bool:
    """Whether a line is nothing but a closing: "Best regards,", "Viele Grüße aus Köln"."""
    return len(line) < 120 and _CLOSING.fullmatch(line) is not None


def _goes_on(lines: Sequence[str], closing: int) -> bool:
    """ "Thanks! Can we meet on Thursday?", "Best, Jane. One more thing: …": somebody speaks below a closing line."""
    below = _written(lines, closing + 1)
    if not below:
        return False
    if not _signs(lines[below[0]].strip()):
        rest = _sentences(lines[closing + 1 :])
        return any(map(_speaks, rest)) or (bool(_THANKS.match(lines[closing])) and not all(map(_is_added, rest)))
    # what stands directly below a name belongs to it
    end = next((at for at in range(below[0], len(lines)) if not lines[at].strip()), len(lines))
    return any(map(_speaks, _sentences(lines[end:])))


def _signs(line: str) -> bool:
    return len(line) <= 60 and len(line.split()) <= _MOST_WORDS and line[-1:] not in "?!:." and not _speaks(line)


def _written(lines: Sequence[str], begin: int) -> list[int]:
    return [at for at in range(begin, len(lines)) if lines[at].strip()]


def _sentences(lines: Sequence[str]) -> list[str]:
    """Of each paragraph, wherever its lines were broken."""
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return [s for p in paragraphs if p.strip() for s in _SENTENCE.split(" ".join(p.split()))]


def _speaks(sentence: str) -> bool:
    """Whether somebody says this to the reader, and did not only add it to every mail."""
    if _LINK.search(sentence) or _is_added(sentence):
        return False
    whole = sentence[-1:] in ".!?…:" or len(sentence.split()) > _MOST_WORDS
    return sentence.endswith("?") or (whole and (_WE.search(sentence) or _YOU.search(sentence)) is not None)


def _is_added(sentence: str) -> bool:
    """Whether a sentence is of the kind that is added to every mail: legal words, a registration, a name, an address."""
    if _INVOICE.search(sentence):
        return False
    if sentence.endswith("?"):
        return _ASKS_NOTHING.search(sentence) is not None
    legal = len({word.lower() for word in _LEGAL.findall(sentence)})
    if _WE.search(sentence):
        return legal > 0 and _WE_ARE_LIABLE.search(sentence) is not None
    if legal > 1:
        return True
    if _YOU.search(sentence):
        return False
    return legal > 0 or _REGISTER.search(sentence) is not None or _is_data(sentence)


def _is_data(line: str) -> bool:
    """A name with a title, a street, a telephone: no word of a sentence."""
    words = re.findall(r"[^\W\d_]{4,}", line)
    return all(word[0].isupper() for word in words) and (len(words) > 1 or re.search(r"[\d@]", line) is not None)


def _without_card(lines: list[str]) -> list[str]:
    """Less a last block that begins with a name and goes on with a title or a telephone, as a visiting card does."""
    for at in range(len(lines) - 1, 1, -1):
        if lines[at - 1].strip() or not lines[at].strip() or len(lines) - at > 15:
            continue
        card = [line.strip() for line in lines[at:] if line.strip()]
        if any(len(line) > 90 or line.endswith(("?", "!", ":")) for line in card):
            break
        if len(card) > 1 and _is_name(card[0]) and _CONTACT.search("\n".join(card[1:])):
            return lines[:at]
    return lines


def _is_name(line: str) -> bool:
    return (
        len(line) < 50
        and line[0].isupper()
        and _NAME_LINE.match(line) is not None
        and all(w[0].isupper() or len(w) < 4 for w in line.split())
    )


def _without_footer(lines: list[str]) -> list[str]:
    """Less what a company or a scanner adds below: confidentiality, registration, "virus-free"."""
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    found = [at for at in range(first + 1, len(lines)) if _FOOTER.match(lines[at])]
    begin = _added_from(lines) if found else 0
    return lines[: next((at for at in found if at >= begin), len(lines))]


def _added_from(lines: list[str]) -> int:
    """The first line from which on nothing is said."""
    end = len(lines)
    while end:
        begin = end
        while begin and lines[begin - 1].strip():
            begin -= 1
        if not all(map(_is_added, _sentences(lines[begin:end]))):
            return _added_within(lines, begin, end)
        end = begin
        while end and not lines[end - 1].strip():
            end -= 1
    return 0


def _added_within(lines: list[str], begin: int, end: int) -> int:
    """The same in a paragraph that says something: what is added begins on a line of its own."""
    found = (
        at
        for at in range(begin + 1, end)
        if _FOOTER.match(lines[at]) and (lines[at - 1][-1:] in ".!?" or _is_data(lines[at - 1]))
    )
    return next((at for at in islice(found, _TRIED) if all(map(_is_added, _sentences(lines[at:end])))), end)
