"""Who an address is: own, colleague, outside; a person, a role, a machine; of which company.

Every rule asks here, so that the answer is the same everywhere.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

# Providers whose domain says nothing about a company: their users have none.
FREE_MAIL = frozenset(
    """
    gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es outlook.it hotmail.com hotmail.de hotmail.fr
    hotmail.co.uk hotmail.it hotmail.es live.com live.de live.fr live.nl live.co.uk msn.com passport.com
    yahoo.com yahoo.de yahoo.fr yahoo.es yahoo.it yahoo.co.uk yahoo.com.br ymail.com rocketmail.com aol.com aol.de
    icloud.com me.com mac.com gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.fr web.de freenet.de t-online.de arcor.de
    posteo.de posteo.net mailbox.org mail.de email.de 1und1.de vodafone.de online.de mail.com mail.ru inbox.ru list.ru
    bk.ru yandex.ru yandex.com ya.ru proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io
    tuta.com fastmail.com fastmail.fm hey.com zoho.com zohomail.eu hushmail.com orange.fr wanadoo.fr free.fr sfr.fr
    laposte.net neuf.fr bbox.fr numericable.fr libero.it virgilio.it tiscali.it alice.it tin.it email.it
    terra.es telefonica.net ono.com uol.com.br bol.com.br terra.com.br ig.com.br globo.com sapo.pt
    ziggo.nl kpnmail.nl planet.nl xs4all.nl home.nl hetnet.nl upcmail.nl chello.nl telenet.be skynet.be proximus.be
    bluewin.ch hispeed.ch sunrise.ch btinternet.com btopenworld.com sky.com talktalk.net virginmedia.com ntlworld.com
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net shaw.ca rogers.com
    sympatico.ca telus.net bigpond.com optusnet.com.au qq.com 163.com 126.com sina.com naver.com daum.net rediffmail.com
    seznam.cz email.cz wp.pl o2.pl onet.pl interia.pl op.pl centrum.cz azet.sk abv.bg
    """.split()
)

# Addresses behind which nobody reads as a person: never greeted, never counted (RFC 2142 names some of them).
_MACHINE = re.compile(
    r"(?:^|[._+-])(?:no-?_?\.?reply|do-?_?not-?_?reply|donotreply|noreply|nicht-?antworten|ne-?pas-?repondre|no-?responder"
    r"|nao-?responda|non-?rispondere|mailer-daemon|postmaster|bounces?|auto-?reply|notifications?|newsletters?|mailing"
    r"|listserv|majordomo|owner|alerts?|system|daemon|robot|unsubscribe)(?:$|[._+=0-9-])",
    re.IGNORECASE,
)
_BILLING = frozenset(
    """billing invoice invoices invoicing rechnung rechnungen rechnungseingang buchhaltung faktura fakturierung factures
    facturation comptabilite compta facturas facturacion contabilidad fatture fatturazione contabilita facturen factuur
    administratie boekhouding crediteuren faturas faturacao contabilidade accounts accounting payable accountspayable
    accounts-payable ap-invoices payments receipts""".split()
)
_LIST = re.compile(r"(?:^list[._-]|[._-](?:list|liste|lists|announce|users|devel|request)$)", re.IGNORECASE)
# Shared by a firm, but somebody answers: a prospect without a first name.
_SHARED = frozenset(
    """info information office contact contacts kontakt hello hallo hi mail email post team sales vertrieb verkauf
    support service kundenservice help buero büro sekretariat secretary reception empfang anfrage anfragen enquiries inquiries
    contacto contato contatti ventas vendas commercial commerciale marketing hr jobs karriere praxis kanzlei studio shop
    admin administration welcome bonjour hola ciao ola verwaltung zentrale enquiry ask geral atendimento comercial oficina
    recepcion segreteria secretariat secretariaat accueil klantenservice receptie ufficio""".split()
)
# By what stands in none, for a class that names all of Unicode takes 10 ms to compile: not a character of ASCII but
# atext and the dot; not one of ASCII but letters and digits, the second with the hyphen.
_LOCAL, _EDGE, _INNER = r'[^\x00-\x20"(),:;<>@\[\\\]\x7f]', r"[^\x00-/:-@\[-`{-\x7f]", r"[^\x00-,./:-@\[-`{-\x7f]"
_ADDRESS = re.compile(rf"{_LOCAL}{{1,64}}@(?:{_EDGE}{_INNER}{{0,62}}\.)*{_INNER}{{1,63}}")


@dataclass(frozen=True, slots=True)
class Person:
    """A display name (may be empty) and a canonical addr-spec (RFC 5322 §3.4)."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


def canonical(address: str) -> str:
    """The form in which addresses are compared: trimmed, lower case (no provider tells local parts apart by case)."""
    return address.strip().strip("<>").strip().lower()


@lru_cache(maxsize=8192)
def mailbox(address: str) -> str:
    """By what one person is known, however the address is spelled; nothing is mailed to this form.

    Without the tag (RFC 5233) and the dots that Gmail does not look at, and with the domain as DNS writes it.
    """
    local, at, name = canonical(address).rpartition("@")
    name = dns(name.rstrip("."))
    local = local.partition("+")[0] or local
    if name in _GMAIL:
        local, name = local.replace(".", "") or local, "gmail.com"
    return f"{local}{at}{name}"


_GMAIL = ("gmail.com", "googlemail.com")


def dns(name: str) -> str:
    """A domain as DNS writes it, with the labels in ASCII (RFC 5890 §2.3.2.1)."""
    return name if name.isascii() else ".".join(map(_label, name.split(".")))


def _label(text: str) -> str:
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFKC", text).lower()
    return "xn--" + composed.encode("punycode", "replace").decode() if not composed.isascii() else composed


def in_letters(name: str) -> str:
    """A domain as people write it, with the labels in Unicode; one that cannot be read stays as it is."""
    return ".".join(map(_letters, name.split("."))) if "xn--" in name else name


def _letters(label: str) -> str:
    try:
        return label[4:].encode().decode("punycode") if label.startswith("xn--") else label
    except UnicodeError:
        return label


def spellings(address: str) -> frozenset[str]:
    """The ways in which a mailbox is written, as far as they can be listed: tags and dots could stand anywhere."""
    local, _, name = canonical(address).rpartition("@")
    bare, _, home = mailbox(address).rpartition("@")
    names = _GMAIL if home in _GMAIL else (name, home, in_letters(home))
    return frozenset(f"{one}@{place}" for one in (local, local.partition("+")[0] or local, bare) for place in names)


def same_person(first: str, second: str) -> bool:
    """Whether two addresses are one person's mailbox, spelled alike or not; nobody's are none."""
    return first == second if not (first and second) else mailbox(first) == mailbox(second)


def is_address(text: str) -> bool:
    """A plain dot-atom addr-spec: what may be asked of a server, suppressed or mailed (RFC 5321 §4.1.2, RFC 6531)."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None and ".." not in text and not text.startswith(".")


def local_part(address: str) -> str:
    return canonical(address).rpartition("@")[0]


def domain(address: str) -> str:
    return canonical(address).rpartition("@")[2].rstrip(".")


def is_free_mail(name: str) -> bool:
    """Whether a domain is a free-mail provider's."""
    return name in FREE_MAIL


def company(address: str) -> str | None:
    """The company domain of an address; None at a free-mail provider."""
    name = domain(address)
    return None if not name or is_free_mail(name) else name


def same_company(first: str, second: str) -> bool:
    """Whether two addresses belong to one company: domains equal, in Unicode or not, or one a subdomain of the other."""
    one, other = company(first), company(second)
    if not one or not other:
        return False
    one, other = dns(one), dns(other)
    return one == other or one.endswith("." + other) or other.endswith("." + one)


def is_machine(address: str) -> bool:
    """No-reply, billing and list addresses: they do not count as people."""
    local = local_part(address)
    return bool(_MACHINE.search(local)) or local.partition("+")[0] in _BILLING or bool(_LIST.search(local))


def is_shared(address: str) -> bool:
    """info@, office@, contact@: somebody reads it, but nobody is greeted by first name."""
    return local_part(address).partition("+")[0] in _SHARED


def without_tag(address: str) -> str:
    """`me+nudge@x` → `me@x` (RFC 5233 subaddress)."""
    local, _, rest = canonical(address).rpartition("@")
    return f"{local.partition('+')[0]}@{rest}" if local else canonical(address)


def tag(address: str) -> str:
    """`me+nudge@x` → `nudge`; empty without one."""
    return local_part(address).partition("+")[2]


@dataclass(frozen=True, slots=True)
class Identity:
    """The consultant: name, address and further own addresses, canonical."""

    name: str
    address: str
    aliases: tuple[str, ...] = ()
    _own: frozenset[str] = field(init=False, repr=False, compare=False, default=frozenset())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_own", frozenset(map(mailbox, (self.address, *self.aliases))))

    def is_own(self, address: str) -> bool:
        """The consultant's address, an alias, or either with a +tag."""
        return mailbox(address) in self._own

    def is_colleague(self, address: str) -> bool:
        """At the consultant's own company domain (that of any own address), and no own address."""
        return not self.is_own(address) and any(same_company(address, own) for own in self._own)

    def is_outside(self, address: str) -> bool:
        """Neither own nor colleague."""
        return not self.is_own(address) and not self.is_colleague(address)

    def outside(self, people: Iterable[Person]) -> tuple[Person, ...]:
        """The outside people of a header, each once, in order; machines left out."""
        seen: dict[str, Person] = {}
        for person in people:
            if person.address and self.is_outside(person.address) and not is_machine(person.address):
                seen.setdefault(mailbox(person.address), person)
        return tuple(seen.values())
