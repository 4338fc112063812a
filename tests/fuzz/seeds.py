"""What the fuzzer begins with: the corpus, and of each other format a line or two."""

from collections.abc import Iterator

from tests.corpus import MAILS, opened

_EVENT = b"""BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1@consult.example
DTSTART;TZID=Berlin:20260512T090000
DURATION:PT1H
RRULE:FREQ=WEEKLY;COUNT=3
ORGANIZER;CN=Alex:mailto:alex@consult.example
ATTENDEE;PARTSTAT=ACCEPTED;CN="Bob Builder":mailto:bob@bob.example
SUMMARY:Call about backups
LOCATION:https://meet.example/x
END:VEVENT
END:VCALENDAR
"""
_CARD = b"""BEGIN:VCARD
VERSION:3.0
N:Builder;Bob;;;
FN:Bob Builder
item1.EMAIL;TYPE=INTERNET,pref:bob@bob.example
NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:where: Expo=\n about: backups
ORG:Bob & Sons
END:VCARD
"""
_CSV = b"E-mail;First name;Last name;Met on;Where;About\nbob@bob.example;Bob;Builder;2026-05-01;Expo;backups\n"
_NOTE = b"""From: Alex <alex@consult.example>
To: alex+met@consult.example
Subject: Met Bob Builder at the Expo about backups
Date: Mon, 4 May 2026 10:00:00 +0200

bob@bob.example
met yesterday, at the Expo; about: backups
phone +49 30 1234567
"""
_FETCH = (
    b'* 1 FETCH (UID 1 FLAGS (\\Seen) INTERNALDATE "04-May-2026 12:00:00 +0000" RFC822.SIZE 9 '
    b"BODY[HEADER.FIELDS (SUBJECT)]<0> {14}\0Subject: x\r\n\r\n\0)"
)
_STRUCTURE = (
    b'((("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 5 1 NIL NIL NIL NIL)'
    b'("text" "calendar" ("method" "REQUEST") NIL NIL "base64" 99 2 NIL ("attachment" ("filename" "x.ics")) NIL NIL)'
    b' "alternative" ("boundary" "b") NIL NIL NIL)("message" "rfc822" NIL NIL NIL "7bit" 100 ("d" "s" NIL NIL NIL NIL '
    b'NIL NIL NIL "<i>") ("text" "plain" NIL NIL NIL "7bit" 5 1) 9 NIL NIL NIL NIL) "mixed" ("boundary" "o") NIL NIL NIL)'
)
_FOLDERS = (
    b'(\\HasNoChildren \\Sent) "/" "Gesendete Objekte"\n() "." {3}\0a.b\n'
    b'"INBOX" (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 1 HIGHESTMODSEQ 5)\n{3}\0a.b\n (UIDNEXT 2)\n'
    b'(("INBOX." ".")) (("user." ".")) (("shared." "."))'
)
_ORDERS = (
    b"ok 1 3\nok all\nskip 2\nsnooze 2 2 weeks\nsnooze 3 until friday\nstop 4\ndone 5\npause until monday\nresume\n"
)
_NAMES = b'DOE, Jane (Sales)\nDr. Marieke van den Berg\n"Bob" via Forms\nBob & Sons GmbH\n'
_PHONE = b"Bob Builder\nBob & Sons\nTel. +49 30 1234567 | Mobil: 0171/234 56 78\nFax +49 30 1234568\n"
_HTML = b"<p>Hi<br>there<div class=gmail_quote><blockquote>&gt; old &#x110000;</blockquote></div><!-- x --><style>a{}"
_AUTOCONFIG = b"""<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x"><incomingServer type="imap">
<hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType><username>%EMAILADDRESS%</username>
</incomingServer></emailProvider></clientConfig>"""
OTHERS = {
    "event": (_EVENT,),
    "contacts": (_CARD, _CSV, _CARD.replace(b"\n", b"\r\n")),
    "note": (_NOTE,),
    "fetch": (_FETCH, _FETCH.replace(b"{14}\0", b'"').replace(b"\0)", b'")'), b"* 2 FETCH (FLAGS (\\Seen))"),
    "structure": (_STRUCTURE, b'("text" "plain" NIL NIL NIL "8bit" 1 1)'),
    "folders": (_FOLDERS,),
    "autoconfig": (_AUTOCONFIG, b'<!DOCTYPE x [<!ENTITY a "b">]><clientConfig>&a;</clientConfig>'),
    "orders": (_ORDERS,),
    "names": tuple(_NAMES.splitlines()),
    "phone": (_PHONE,),
    "digest": (b"TODAY\n\n1. Bob <bob@bob.example>\n    ok 1 \xc2\xb7 skip 1\n\nhttps://x.example/ & more\n",),
    "text": (_HTML,),
}
_MAILS = ("classify", "message", "text", "quote", "phone", "note", "event")  # what reads whole mails, or their text


def seeds(name: str) -> Iterator[bytes]:
    """The inputs from which a target starts."""
    yield from OTHERS.get(name, ())
    if name in _MAILS:
        yield from (opened(path)[0] for path in MAILS)


def words(name: str) -> Iterator[bytes]:
    """Words worth mixing in: those of the seeds that are not whole mails, and what mail is made of."""
    yield from b"From: |Subject: Re: |Content-Type: multipart/mixed; boundary=b|--b|base64|=?utf-8?B?|\r\n".split(b"|")
    found = {word for seed in OTHERS.get(name, ()) for word in seed.split() if 2 < len(word) < 40}
    yield from sorted(found)
