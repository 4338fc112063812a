"""Where an attribution begins: what a person wrote right above it, or in words like its own, is kept."""

import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from followmail.mail.attribution import length
from followmail.mail.quote import new_text

A = "Alex Consultant <alex@consult.example>"
# As each client writes it, in the seven languages; broken where Gmail, Apple Mail, Outlook and others break it.
CLIENTS = {
    "gmail en": f"On Thu, 7 May 2026 at 07:30, {A} wrote:",
    "gmail en us": f"On Thu, May 7, 2026 at 7:30 AM {A} wrote:",
    "gmail en, name alone above": "On Thu, 7 May 2026 at 07:30, Alex Consultant\n<alex@consult.example> wrote:",
    "gmail en, bracket above": "On Thu, 7 May 2026 at 07:30, Alex Consultant <\nalex@consult.example> wrote:",
    "gmail en, verb below": f"On Thu, 7 May 2026 at 07:30, {A}\nwrote:",
    "gmail en, half a name above": "On Thu, 7 May 2026 at 07:30, Alexander\nConsultant <alex@consult.example> wrote:",
    "gmail en, three lines": "On Thu, 7 May 2026 at 07:30, Alexander\nConsultant of Consulting\n<alex@consult.example> wrote:",
    "gmail en, a service between": "On Thu, 7 May 2026 at 07:30, Alex Consultant via Share <\nshare@x.example> wrote:",
    "apple en": f"On 7 May 2026, at 07:30, {A} wrote:",
    "apple en us, narrow space": f"On May 7, 2026, at 7:30\u202fAM, {A} wrote:",
    "apple en, verb below": f"On 7 May 2026, at 07:30, {A}\nwrote:",
    "thunderbird en": "On 07/05/2026 07:30, Alex Consultant wrote:",
    "thunderbird en us": "On 5/7/26 7:30 AM, Alex Consultant wrote:",
    "yahoo en": f"    On Thursday, 7 May 2026 at 07:30:00 CEST, {A} wrote:",
    "outlook mac en": "On 5/7/26, 7:30 AM, \"Alex Consultant\" <alex@consult.example>\nwrote:",
    "mutt": "On Thu, May 07, 2026 at 07:30:00AM +0200, Alex Consultant wrote:",
    "zoho": f"---- On Thu, 07 May 2026 07:30:00 +0200 {A} wrote ---",
    "zoho, broken": "---- On Thu, 07 May 2026 07:30:00 +0200 Alex Consultant\n<alex@consult.example> wrote ----",
    "a name alone": f"{A} wrote:",
    "an address in a paragraph": "On Thu, 7 May 2026 at 07:30 Alex Consultant\n\n<\nmailto:alex@consult.example\n> wrote:",
    "gmail de": f"Am Do., 7. Mai 2026 um 07:30 Uhr schrieb {A}:",
    "gmail de, broken": "Am Do., 7. Mai 2026 um 07:30 Uhr schrieb Alex Consultant <\nalex@consult.example>:",
    "gmail de, broken before": "Am Do., 7. Mai 2026 um 07:30 Uhr schrieb Alex Consultant\n<alex@consult.example>:",
    "gmail de, name first": f"{A} schrieb am Do., 7.\nMai 2026 um 07:30 Uhr:",
    "gmail de, verb at the end": f"{A} schrieb am\nDo., 7. Mai 2026 um 07:30 Uhr:",
    "apple de": f"Am 07.05.2026 um 07:30 schrieb {A}:",
    "thunderbird de": "Am 07.05.26 um 07:30 schrieb Alex Consultant:",
    "yahoo de": f"Am Donnerstag, 7. Mai 2026 um 07:30:00 MESZ hat {A} Folgendes geschrieben:",
    "yahoo de, broken": f"Am Donnerstag, 7. Mai 2026 um 07:30:00 MESZ hat {A}\nFolgendes geschrieben:",
    "gmail fr": f"Le jeu. 7 mai 2026 à 07:30, {A} a écrit :",
    "gmail fr, broken": f"Le jeu. 7 mai 2026 à 07:30, {A} a\nécrit :",
    "gmail fr, colon below": f"Le jeu. 7 mai 2026 à 07:30, {A} a écrit\n:",
    "apple fr": f"Le 7 mai 2026 à 07:30, {A} a écrit :",
    "thunderbird fr": "Le 07/05/2026 à 07:30, Alex Consultant a écrit :",
    "gmail es": "El jue, 7 may 2026 a las 07:30, Alex Consultant (<alex@consult.example>) escribió:",
    "gmail es, broken": "El jue, 7 may 2026 a las 07:30, Alex Consultant (<alex@consult.example>)\nescribió:",
    "gmail es, bracket": "El jue, 7 may 2026 a las 07:30, Alex Consultant (<\nalex@consult.example>) escribió:",
    "yahoo es": f"El jueves, 7 de mayo de 2026, 07:30:00 CEST, {A} escribió:",
    "thunderbird es": "El 7/05/26 a las 07:30, Alex Consultant escribió:",
    "gmail it": f"Il giorno gio 7 mag 2026 alle ore 07:30 {A} ha scritto:",
    "gmail it, broken": "Il giorno gio 7 mag 2026 alle ore 07:30 Alex Consultant <\nalex@consult.example> ha scritto:",
    "gmail it, before": "Il giorno gio 7 mag 2026 alle ore 07:30 Alex Consultant\n<alex@consult.example> ha scritto:",
    "apple it": f"Il giorno 7 mag 2026, alle ore 07:30, {A} ha scritto:",
    "thunderbird it": "Il 07/05/2026 07:30, Alex Consultant ha scritto:",
    "gmail nl": f"Op do 7 mei 2026 om 07:30 schreef {A}:",
    "gmail nl, broken": "Op do 7 mei 2026 om 07:30 schreef Alex Consultant <\nalex@consult.example>:",
    "apple nl": f"Op 7 mei 2026, om 07:30 heeft {A} het volgende geschreven:",
    "apple nl, broken": f"Op 7 mei 2026, om 07:30 heeft {A} het\nvolgende geschreven:",
    "thunderbird nl": "Op 07-05-2026 om 07:30 schreef Alex Consultant:",
    "gmail pt": f"Em qui., 7 de mai. de 2026 às 07:30, {A} escreveu:",
    "gmail pt, name first": f"{A} escreveu (quinta, 7/05/2026 à(s)\n07:30):",
    "gmail pt, day last": f"{A} escreveu em qui., 7/05/2026 às 07:30:",
    "gmail pt, broken": "Em qui., 7 de mai. de 2026 às 07:30, Alex Consultant <\nalex@consult.example> escreveu:",
    "apple pt": f"No dia 07/05/2026, às 07:30, {A} escreveu:",
    "thunderbird pt": "Em 07/05/2026 07:30, Alex Consultant escreveu:",
    "gmail once": "2026-05-07 7:30 GMT+02:00 Alex Consultant <alex@consult.example>:",
    "gmail once, broken": "2026-05-07 7:30 GMT+02:00 Alex Consultant <\nalex@consult.example>:",
    "groupwise": f">>> {A} 07-05-2026 07:30 >>>",
}  # fmt: skip

# What people write right above one: words that begin like one, with dates, and orders to followmail.
WRITTEN = [
    "snooze 1 4 June\nstop 2",
    "stop 2\nsnooze 1 4 June",
    "snooze 1 2026-06-04",
    "snooze 1 4 June 2026",
    "snooze 2 2 weeks",
    "pause until 4 May 2026 10:00",
    "ok 1 3",
    "On 3 March I asked you to stop writing to me.",
    "Thanks, will look at it.\n\nOn 12 May we could also meet, what does it cost?",
    "On 12 May 2026 at 10:00 we could meet",
    "On Tuesday 12 May 2026 at 10:00 works for Bob",
    "At 10:00 on 12 May 2026 is fine",
    "12 May 2026 would be good, 10:00 too.",
    "May 12, 2026 is a holiday here",
    "On 4 May 2026 your colleague promised an offer.",
    "On 4 May 2026 at 10:00 Anna called, no answer.",
    "Please write to Bob <bob@bob.example>",
    "Please write to bob@bob.example, on 4 May 2026 he is back",
    "Call me on 4 May 2026 at 10:00",
    "Am 12. Mai haben wir Zeit, was kostet das?",
    "Am 3. März 2026 habe ich um Löschung gebeten",
    "Ab 4. Mai 2026 um 10:00 Uhr bin ich wieder da.",
    "Le 12 mai 2026 à 10h00 nous pourrions en parler",
    "Le 3 mars je vous ai demandé de ne plus m'écrire.",
    "El 12 de mayo de 2026 a las 10:00 podemos hablar",
    "El 3 de marzo le pedí que no me escribiera más.",
    "Il 12 maggio 2026 alle 10:00 possiamo sentirci",
    "Il 3 marzo ho chiesto di non ricevere altre mail.",
    "Op 12 mei 2026 om 10:00 kunnen we bellen",
    "Op 3 maart heb ik gevraagd om te stoppen.",
    "Em 12 de maio de 2026 às 10:00 podemos falar",
    "No dia 3 de março pedi para parar de escrever.",
    "Yes.\nOn 4 May 2026",
    "2026-05-12 10:00 GMT+2 would suit us",
]
MARKED = "> Hello,\n> shall we talk? Write 'stop' and I stop.\n> Alex"
UNMARKED = "Hello,\nshall we talk? Write 'stop' and I stop.\nAlex"


@pytest.mark.parametrize("client", CLIENTS)
def test_what_stands_right_above_an_attribution_is_kept(client: str) -> None:
    """And nothing of the attribution, nor below it; with a blank line between or without, the quote marked or not."""
    shapes = product(WRITTEN, ("\n", "\n\n"), ("\n", "\n\n"), (MARKED, UNMARKED))
    bodies = {f"{said}{gap}{CLIENTS[client]}{below}{quote}": said for said, gap, below, quote in shapes}
    assert {body: new_text(body) for body in bodies} == bodies


@pytest.mark.parametrize("client", CLIENTS)
def test_an_attribution_is_known_as_a_whole(client: str) -> None:
    """From its first line to its last."""
    lines = CLIENTS[client].split("\n")
    assert length([*lines, "", "> Hello"], 0) == len(lines)


OTHERS = [
    f"Den mån 4 maj 2026 kl 10:00 skrev {A}:",
    "pon., 14 maj 2026 o 10:00 Alex Consultant <\nalex@consult.example> napisał(a):",
    "W dniu pon., 14 maj 2026 o 10:00 użytkownik Alex Consultant <\nalex@consult.example> napisał:",
    f"po 14. 5. 2026 v 10:00 odesílatel {A} napsal:",
    "ma 4. toukok. 2026 klo 10.00 Alex Consultant (alex@consult.example) kirjoitti:",
    f"{A} ezt írta (időpont: 2026. máj. 4., H,\n10:03):",
    f"{A}, 4 May 2026 Pzt, 10:03 tarihinde şunu yazdı:",
    "El dl., 4 de maig 2026 a les 10:03, Alex Consultant (<alex@consult.example>) va\nescriure:",
    "понедельник, 6 октября 2014 г. пользователь Alex <\nalex@consult.example> написал:",
    "On Mon, 4 May 2026 at 10:03, <alex@consult.example> wrote:",
    "On Mon, 4 May 2026 at 10:03, alex consultant\n<alex@consult.example> wrote:",
    "On Mon, 4 May 2026 at 10:03, Alex <alex@consult.example<mailto:alex@consult.example>> wrote:",
    "Op ma 4 mei 2026 om 10:03 schreef Jan van der Berg van den Bosch <\njan@b.example>:",
]


@pytest.mark.parametrize("wrote", OTHERS)
@pytest.mark.parametrize("quote", [MARKED, UNMARKED], ids=["marked", "unmarked"])
def test_other_languages_and_names_leak_nothing(wrote: str, quote: str) -> None:
    """Small words of theirs and of names are no sentence."""
    assert new_text(f"Yes.\n\n{wrote}\n\n{quote}") == "Yes."


PROSE = [
    "On 3 March I wrote:\nplease stop.",
    "On 3 March 2026 at 10:00 we wrote: please stop",
    "On 3 March your colleague Bob wrote:\nwe will stop.\nYou did not.",
    "On 4 May you wrote that you will send an offer, so please tell us:\n- the price\n- the day",
    "On 3 March your boss wrote me.\nPlease stop.",
    "Please see below what my colleague Bob <bob@bob.example> wrote:\nstop it",
    "Am 3. Mai 2026 hat mir Ihr Kollege geschrieben:\ndas ist falsch.",
    "Am 3. Mai schrieb Ihr Kollege:\ndas ist falsch.",
    "Le 3 mai votre collègue a écrit :\nc'est faux.",
    "El 3 de mayo su colega escribió:\nno es así.",
    "Il 3 maggio il suo collega ha scritto:\nnon è così.",
    "Op 3 mei schreef uw collega:\ndat klopt niet.",
    "Em 3 de maio o seu colega escreveu:\nnão é assim.",
    "snooze 1 4 June\nstop 2\nok 3",
    "On 12 May 2026 at 10:00\nBob and Carl can come.\n\nDid you see what he wrote?",
]


@pytest.mark.parametrize("text", PROSE)
def test_a_person_who_tells_what_was_written_is_no_program(text: str) -> None:
    """Without a year, a time or an address nothing is an attribution, but above a marked quote."""
    assert new_text(text) == text


@pytest.mark.parametrize("said", ["snooze 1 4 June", "On 12 May 2026 at 10:00 Bob"])
def test_a_line_above_a_marked_attribution_is_no_part_of_it(said: str) -> None:
    """Apple Mail quotes its attribution too."""
    assert new_text(f"{said}\n> On 7 May 2026, at 07:30, {A} wrote:\n> \n{MARKED}") == said


def test_the_link_that_gmail_adds_to_a_reaction_is_no_word_of_anybody() -> None:
    """It stands above the attribution."""
    link = "<https://www.google.com/gmail/about/?utm_source=gmail-in-product>"
    assert new_text(f"Pat reacted via Gmail\n{link}\n\n{CLIENTS['gmail en']}\n{MARKED}") == "Pat reacted via Gmail"


pieces = st.sampled_from(
    [*WRITTEN, *CLIENTS.values(), MARKED, "", "wrote:", "<", ">", "> wrote:", "On 4 May 2026", ":"]
)


@given(st.lists(pieces, max_size=12))
def test_no_order_of_lines_breaks_it(said: list[str]) -> None:
    """An attribution ends where the lines do, at the latest."""
    lines = "\n".join(said).split("\n")
    assert all(0 <= length(lines, at) <= len(lines) - at for at in range(len(lines)))


@given(st.lists(pieces, max_size=6), st.sampled_from(["stop 2", "snooze 1 4 June", "ok all"]))
def test_an_order_on_top_is_always_read(below: list[str], order: str) -> None:
    """Whatever follows."""
    assert new_text("\n".join([order, *below])).split("\n")[0] == order


@pytest.mark.parametrize(
    "unit",
    [
        "On 4 May 2026 wrote\n",
        "On 4 May 2026 wrote\n4 May 2026 x:\n",
        "On 4 May 2026 10:00 A\n<wrote\n",
        "On 4 May 2026 <\n",
        "A <a@b.example> wrote\n",
        "4 <\n\n",
        "On 4 May 2026 a b c d wrote: x",
        "<",
    ],
)
def test_a_megabyte_is_read_in_no_time(unit: str) -> None:
    """Generously measured: machines differ."""
    body = unit * (1_000_000 // len(unit))
    begun = time.perf_counter()
    new_text(body)
    assert time.perf_counter() - begun < 1
