"""Every folder is found and known for what it is, whatever its language, prefix, delimiter and server."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from followmail.errors import CommandRefused
from followmail.imap import reader
from followmail.imap.folders import (
    Folder,
    Namespaces,
    Role,
    decode_name,
    encode_name,
    having,
    our_folder,
    read_list,
    read_namespaces,
    read_status,
    role_of,
)
from followmail.imap.names import NAMES, ROLE_BY_NAME, fold
from followmail.imap.session import Session
from tests.imap.staging import scripted
from tests.runaway import ends
from tests.servers.dovecot import Dovecots, Mailbox

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MAIL = b"From: a@one.example\r\n\r\nHello\r\n"

# What Sent, Drafts, Junk and Trash are called: as the providers and programs of each language set them up.
LOCALES = {
    "English, Dovecot": "Sent|Drafts|Junk|Trash",
    "English, Exchange": "Sent Items|Drafts|Junk Email|Deleted Items",
    "English, Apple": "Sent Messages|Drafts|Junk|Deleted Messages",
    "German, Outlook": "Gesendete Elemente|Entwürfe|Junk-E-Mail|Gelöschte Elemente",
    "German, GMX": "Gesendet|Entwürfe|Spamverdacht|Papierkorb",
    "French": "Éléments envoyés|Brouillons|Courrier indésirable|Éléments supprimés",
    "French, Gmail": "[Gmail]/Messages envoyés|[Gmail]/Brouillons|[Gmail]/Spam|[Gmail]/Corbeille",
    "Spanish": "Elementos enviados|Borradores|Correo no deseado|Elementos eliminados",
    "Spanish, Gmail": "[Gmail]/Enviados|[Gmail]/Borradores|[Gmail]/Spam|[Gmail]/Papelera",
    "Italian": "Posta inviata|Bozze|Posta indesiderata|Posta eliminata",
    "Dutch": "Verzonden items|Concepten|Ongewenste e-mail|Verwijderde items",
    "Portuguese": "Itens enviados|Rascunhos|Lixo Eletrônico|Itens excluídos",
    "Portuguese, Portugal": "Itens Enviados|Rascunhos|Correio eletrónico de lixo|Itens eliminados",
    "Catalan": "Elements enviats|Esborranys|Correu brossa|Elements suprimits",
    "Danish": "Sendt post|Kladder|Uønsket mail|Slettet post",
    "Norwegian": "Sendte elementer|Utkast|Søppelpost|Slettede elementer",
    "Swedish": "Skickat|Utkast|Skräppost|Borttaget",
    "Finnish": "Lähetetyt|Luonnokset|Roskaposti|Poistetut",
    "Polish": "Elementy wysłane|Wersje robocze|Wiadomości-śmieci|Elementy usunięte",
    "Czech": "Odeslaná pošta|Koncepty|Nevyžádaná pošta|Odstraněná pošta",
    "Slovak": "Odoslaná pošta|Koncepty|Nevyžiadaná pošta|Odstránená pošta",
    "Hungarian": "Elküldött elemek|Piszkozatok|Levélszemét|Törölt elemek",
    "Romanian": "Elemente trimise|Ciorne|Mesaje nedorite|Elemente șterse",
    "Slovenian": "Poslano|Osnutki|Neželena pošta|Koš",
    "Croatian": "Poslane stavke|Skice|Neželjena e-pošta|Izbrisane stavke",
    "Russian": "Отправленные|Черновики|Спам|Удаленные",
    "Ukrainian": "Надіслані|Чернетки|Спам|Кошик",
    "Bulgarian": "Изпратени|Чернови|Спам|Кошче",
    "Greek": "Απεσταλμένα|Πρόχειρα|Ανεπιθύμητη αλληλογραφία|Διαγραμμένα",
    "Turkish": "Gönderilmiş Öğeler|Taslaklar|Önemsiz E-posta|Silinmiş Öğeler",
    "Estonian": "Saadetud|Mustandid|Rämpspost|Prügikast",
    "Hebrew": "פריטים שנשלחו|טיוטות|דואר זבל|פריטים שנמחקו",
    "Arabic": "العناصر المرسلة|المسودات|البريد العشوائي|العناصر المحذوفة",
    "Japanese": "送信済みアイテム|下書き|迷惑メール|削除済みアイテム",
    "Chinese": "已发送邮件|草稿|垃圾邮件|已删除邮件",
    "Chinese, traditional": "寄件備份|草稿|垃圾郵件|刪除的郵件".replace("刪除的郵件", "已刪除的郵件"),
    "Korean": "보낸 편지함|임시 보관함|스팸|휴지통",
    "Vietnamese": "Thư đã gửi|Thư nháp|Thư rác|Thùng rác",
    "Indonesian": "Item Terkirim|Draf|Surat Sampah|Item Terhapus",
    "Thai": "รายการที่ส่ง|แบบร่าง|อีเมลขยะ|รายการที่ถูกลบ",
}
ROLES = (Role.SENT, Role.DRAFTS, Role.JUNK, Role.TRASH)


@pytest.mark.parametrize("names", LOCALES.values(), ids=LOCALES)
def test_folders_are_known_in_every_language(names: str) -> None:
    """By name alone, at any prefix and delimiter, in upper and lower case, composed and decomposed."""
    import unicodedata

    for name, role in zip(names.split("|"), ROLES, strict=True):
        for form in (name, name.upper(), unicodedata.normalize("NFD", name)):
            assert role_of(form, "", "/") == (role, False)
            assert role_of("INBOX." + form.replace("/", "."), "INBOX.", ".") == (role, False)
            assert role_of("INBOX/" + form, "", "/") == (role, False) or "/" in form


def test_no_name_means_two_things() -> None:
    """A name of the table stands for one role only."""
    seen: dict[str, str] = {}
    for role, lines in NAMES.items():
        for name in lines.replace("\n", "|").split("|"):
            if fold(name):
                assert seen.setdefault(fold(name), role) == role, name
    assert {Role(role) for role in ROLE_BY_NAME.values()} == set(Role) - {Role.INBOX, Role.OTHER}


@pytest.mark.parametrize(
    ("name", "attributes", "expected"),
    [
        ("Anything", {"\\sent"}, (Role.SENT, True)),
        ("Sent", {"\\archive"}, (Role.ARCHIVE, True)),
        ("[Gmail]/Tous les messages", {"\\all", "\\hasnochildren"}, (Role.ALL, True)),
        ("[Gmail]/Important", {"\\important"}, (Role.OTHER, False)),
        ("inbox", set(), (Role.INBOX, False)),
        ("INBOX", {"\\sent"}, (Role.INBOX, False)),
        ("Clients/Sent", set(), (Role.OTHER, False)),
        ("Sent/2024", set(), (Role.OTHER, False)),
        ("Trash/Old clients", set(), (Role.TRASH, False)),
        ("Junk/2024", set(), (Role.JUNK, False)),
        ("Mail/sent-mail", set(), (Role.SENT, False)),
        ("Outbox", set(), (Role.OUTBOX, False)),
        ("Vorlagen", set(), (Role.TEMPLATES, False)),
        ("[Gmail]/Programados", set(), (Role.SCHEDULED, False)),
        ("Followmail/nudge", set(), (Role.OTHER, False)),
        ("KUKA", set(), (Role.OTHER, False)),
        ("", set(), (Role.OTHER, False)),
    ],
)
def test_roles_by_flag_then_by_name(name: str, attributes: set[str], expected: tuple[Role, bool]) -> None:
    """SPECIAL-USE wins; a consultant's own folders are left alone; what is thrown away stays thrown away below."""
    assert role_of(name, "", "/", frozenset(attributes)) == expected


def test_dovecot_tells_all_in_one_round_trip(mailbox: Mailbox) -> None:
    """LIST-STATUS: the whole look at a quiet mailbox is one command (and a NOOP that rides along)."""
    mailbox.append(MAIL, "Sent")
    mailbox.record()
    with Session.open(mailbox.account()) as session:
        session.folders()
        found = {folder.name: folder for folder in session.folders()}
    sent = found["Sent"]
    assert (sent.role, sent.special, sent.messages, sent.uidnext, sent.selectable) == (Role.SENT, True, 1, 2, True)
    assert sent.uidvalidity
    assert sent.highestmodseq
    said = [line.split(" ", 1)[-1] for line in mailbox.said()]
    assert sum(line.startswith("LIST ") for line in said) == 2
    assert not any(line.startswith("STATUS ") for line in said)


@pytest.mark.parametrize(
    "capability",
    ["IMAP4rev1", "IMAP4rev1 NAMESPACE", "IMAP4rev1 LIST-EXTENDED SPECIAL-USE", "IMAP4rev1 SPECIAL-USE CONDSTORE"],
)
def test_a_server_with_fewer_abilities_tells_the_same(dovecots: Dovecots, capability: str) -> None:
    """Exchange and others: STATUS folder by folder."""
    mailbox = dovecots(capability=capability).mailbox()
    mailbox.append(MAIL, "Sent")
    with Session.open(mailbox.account()) as session:
        found = {folder.name: folder for folder in session.folders()}
    assert set(found) == {"INBOX", "Sent", "Drafts", "Trash", "Junk"}
    assert (found["Sent"].messages, found["Sent"].uidnext, found["Sent"].role) == (1, 2, Role.SENT)
    assert not any(folder.fault for folder in found.values())


@pytest.mark.parametrize("capability", ["", "IMAP4rev1", "IMAP4rev1 NAMESPACE"])
def test_a_prefix_is_found_with_and_without_namespace(dovecots: Dovecots, capability: str) -> None:
    """Courier's and Cyrus' way: everything under INBOX."""
    mailbox = dovecots(prefix="INBOX.", separator=".", special_use=False, capability=capability).mailbox()
    with Session.open(mailbox.account()) as session:
        folders = session.folders()
        assert our_folder(folders, "Followmail", "nudge") == "INBOX.Followmail.nudge"
        session.create(our_folder(folders, "Followmail", "nudge"))
        again = {folder.name: folder for folder in session.folders()}
    assert again["INBOX.Sent"].role is Role.SENT
    assert again["INBOX.Followmail.nudge"].selectable
    assert again["INBOX.Followmail.nudge"].messages == 0


def test_a_localized_server_without_special_use(dovecots: Dovecots) -> None:
    """As a French hoster has it."""
    names = (("", "Éléments envoyés"), ("", "Brouillons"), ("", "Corbeille"), ("", "Indésirables"))
    mailbox = dovecots(folders=names, special_use=False).mailbox()
    mailbox.append(MAIL, "Éléments envoyés")
    with Session.open(mailbox.account()) as session:
        (sent,) = having(session.folders(), Role.SENT)
        assert reader.examine(session, sent.name).messages == 1
        assert having(session.folders(), Role.DRAFTS)[0].name == "Brouillons"


def test_the_special_folder_comes_first(dovecots: Dovecots) -> None:
    """Of two Sent folders both are read; the flagged one is written."""
    names = ((r"\Sent", "Verschickt"), ("", "Sent"), ("", "Sent Items"))
    mailbox = dovecots(folders=names).mailbox()
    with Session.open(mailbox.account()) as session:
        found = having(session.folders(), Role.SENT)
    assert found[0].name == "Verschickt"
    assert {folder.name for folder in found} == {"Verschickt", "Sent", "Sent Items"}


@pytest.mark.parametrize("capability", ["", "IMAP4rev1"])
def test_a_folder_that_cannot_be_read_says_so(dovecots: Dovecots, capability: str) -> None:
    """It makes the look incomplete; the others are told all the same."""
    mailbox = dovecots(capability=capability).mailbox()
    mailbox.append(MAIL, "Clients")
    mailbox.make_unreadable("Clients")
    with Session.open(mailbox.account()) as session:
        found = {folder.name: folder for folder in session.folders()}
        assert found["Clients"].fault
        assert found["Clients"].selectable
        assert not found["Sent"].fault
        mailbox.make_readable("Clients")


def test_a_parent_that_holds_no_mail_is_no_fault(dovecots: Dovecots) -> None:
    """\\Noselect: only its children are folders."""
    mailbox = dovecots(layout="maildir:~/Maildir:LAYOUT=fs").mailbox()
    mailbox.append(MAIL, "A/b.c/D")
    with Session.open(mailbox.account()) as session:
        found = {folder.name: folder for folder in session.folders()}
    assert not found["A"].selectable
    assert not found["A"].fault
    assert found["A/b.c/D"].messages == 1


def test_shared_folders_are_not_ours(dovecots: Dovecots) -> None:
    """Another namespace of the server (RFC 2342)."""
    lines = ("type = public", "prefix = Public/", "separator = /", "location = maildir:%h/public", "list = yes")
    public = "namespace shared {\n" + "\n".join(lines) + "\n}"
    mailbox = dovecots(extra=public).mailbox()
    mailbox.create("Public/Everybody")
    mailbox.create("Publicity")
    with Session.open(mailbox.account()) as session:
        names = {folder.name for folder in session.folders()}
    assert "Publicity" in names
    assert not any(name == "Public" or name.startswith("Public/") for name in names)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40))
def test_any_name_survives_the_server(dovecots: Dovecots, name: str) -> None:
    """Created, listed, opened: & and quotes, every alphabet, brackets and blanks."""
    mailbox = dovecots(layout="maildir:~/Maildir:LAYOUT=fs").mailbox()
    name = "x" + name.replace("/", "")
    with Session.open(mailbox.account()) as session:
        try:
            session.create(name)
        except CommandRefused:  # Dovecot has its own limits
            return
        found = {folder.name: folder for folder in session.folders()}
        listed = next(folder for folder in found.values() if folder.name.startswith("x"))
        assert not listed.fault
        assert reader.examine(session, listed.name).messages == 0
        if listed.name != name:  # Dovecot normalises to NFC
            import unicodedata

            assert unicodedata.normalize("NFC", listed.name) == unicodedata.normalize("NFC", name)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_modified_utf7_goes_both_ways(name: str) -> None:
    """RFC 3501 §5.1.3."""
    assert decode_name(encode_name(name)) == name


@given(st.binary(max_size=60))
def test_no_name_breaks_the_decoder(wire: bytes) -> None:
    """Not even one that is no modified UTF-7."""
    assert isinstance(decode_name(wire), str)


def test_a_name_that_does_not_survive_decoding_is_asked_for_as_it_was_listed() -> None:
    """Broken modified UTF-7, raw UTF-8, control characters hidden in base64: opened under their own bytes."""
    odd = [b'"a&b"', '"Entwürfe"'.encode(), b'"x&AA0ACg-y"', b"{5}\r\na[b]c"]
    lines = [b'* LIST () "/" INBOX', *(b'* LIST () "/" ' + name for name in odd), b"TAG OK done"]
    script = {"LIST": lines, "STATUS": ["TAG OK done"]}
    with scripted(lambda talk: talk.serve(script)) as (account, talks), Session.open(account) as session:
        for folder in session.folders()[1:]:
            session.examine(folder.name)
    opened = {line.partition(" ")[2] for line in talks[0].heard if line.startswith("EXAMINE")}
    assert opened == {'"a&b"', '"Entwürfe"', '"x&AA0ACg-y"', '"a[b]c"'}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (b'(\\HasNoChildren) "/" INBOX', (frozenset({"\\hasnochildren"}), "/", b"INBOX")),
        (b'() "." "a \\"b\\" \\\\c"', (frozenset(), ".", b'a "b" \\c')),
        (b'(\\Noselect \\Sent) "\\\\" x', (frozenset({"\\noselect", "\\sent"}), "\\", b"x")),
        (b"() NIL flat", (frozenset(), "", b"flat")),
        (b'() "/" [Gmail]/x%y ("CHILDINFO" ("SUBSCRIBED"))', (frozenset(), "/", b"[Gmail]/x%y")),
        (b'() "/" 0123', (frozenset(), "/", b"0123")),
        (b'() "/" NIL', (frozenset(), "/", b"NIL")),
        ((b'() "/" {3}', b"a\rb"), (frozenset(), "/", b"a\rb")),
    ],
)
def test_every_form_of_a_list_response(
    record: bytes | tuple[bytes, bytes], expected: tuple[frozenset[str], str, bytes]
) -> None:
    """Atoms, quoted strings, literals, digits, brackets, extended data (RFC 9051 §7.3.1)."""
    (found,) = read_list([record])
    assert (found.attributes, found.delimiter, found.wire) == expected


@given(
    st.lists(
        st.one_of(st.none(), st.binary(max_size=60), st.tuples(st.binary(max_size=30), st.binary(max_size=9))),
        max_size=5,
    )
)
def test_no_line_breaks_the_readers(records: list[bytes | tuple[bytes, bytes] | None]) -> None:
    """LIST, STATUS and NAMESPACE read anything."""
    read_list(records)
    read_status(records)
    for record in records:
        read_namespaces(record if isinstance(record, bytes) else None)


def test_a_megabyte_of_anything_is_read_quickly() -> None:
    """No pattern runs away."""
    for piece in (b"(", b'("', b'\\"', b'() "/" "', b"NIL ", b"{9}", b"a b ", b"A", b"1", b'"'):
        line = piece * (1_000_000 // len(piece))
        with ends():
            read_list([line, b'() "/" "' + line])
            read_status([line, b'"' + line, b"x (" + line + b")"])
            read_namespaces(b'("' + line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'(("" "/")) NIL NIL', Namespaces((b"",), ())),
        (
            b'(("INBOX." ".")) NIL (("#shared." ".")("shared." "."))',
            Namespaces((b"INBOX.",), (b"#shared.", b"shared.")),
        ),
        (b'(("" "/")) (("~" "/")) (("Public Folders/" "/"))', Namespaces((b"",), (b"~", b"Public Folders/"))),
        (b'(("" "/" "X-PARAM" ("a" "b"))) NIL NIL', Namespaces((b"",), ())),
        (b"NIL NIL NIL", Namespaces((b"",), ())),
        (None, Namespaces((b"",), ())),
    ],
)
def test_namespaces(line: bytes | None, expected: Namespaces) -> None:
    """Ours and those of others (RFC 2342 §5)."""
    assert read_namespaces(line) == expected


@pytest.mark.parametrize(
    ("prefix", "delimiter", "path", "expected"),
    [
        ("", "/", ("Followmail", "nudge"), "Followmail/nudge"),
        ("INBOX.", ".", ("Followmail", "nudge"), "INBOX.Followmail.nudge"),
        ("", "\\", ("Followmail", "Stop"), "Followmail\\Stop"),
        ("", "", ("Followmail", "Stop"), "Followmail-Stop"),
        ("INBOX.", ".", ("Followmail", "v1.2"), "INBOX.Followmail.v1-2"),
        ("", "/", ("Followmail",), "Followmail"),
    ],
)
def test_our_folders_stand_where_the_account_wants_them(
    prefix: str, delimiter: str, path: tuple[str, ...], expected: str
) -> None:
    """At its prefix, with its delimiter."""
    inbox = Folder("INBOX", Role.INBOX, False, delimiter, True, prefix=prefix)
    assert our_folder([inbox], *path) == expected
