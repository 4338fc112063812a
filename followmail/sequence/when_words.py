"""The words by which people name a point in time or a length: English, German, French, Spanish, Italian, Dutch and
Portuguese, lower case and without accents. What is read from them stands in `when`.
"""

import re
from collections.abc import Mapping
from datetime import time
from typing import TypeVar

from followmail.sequence.steps import Delay, Unit

Meaning = TypeVar("Meaning")


def _words(rows: Mapping[Meaning, str]) -> dict[str, Meaning]:
    """What each word means; `_` is a blank within one."""
    return {word.replace("_", " "): meaning for meaning, words in rows.items() for word in words.split()}


LENGTHS = _words(
    {
        Unit.MINUTES: "minute minutes min mins minuten minuto minutos minuti minuut",
        Unit.HOURS: "hour hours h hr hrs stunde stunden std heure heures hora horas ora ore uur uren",
        Unit.DAYS: "day days tag tage tagen jour jours j dia dias giorno giorni gg dag dagen dgn",
        Unit.BUSINESS_DAYS: """d business_day business_days working_day working_days workday workdays
            werktag werktage werktagen arbeitstag arbeitstage arbeitstagen jour_ouvre jours_ouvres jour_ouvrable
            jours_ouvrables dia_habil dias_habiles dia_laborable dias_laborables giorno_lavorativo giorni_lavorativi
            werkdag werkdagen dia_util dias_uteis""",
        Unit.WEEKS: """week weeks w wk wks woche wochen wo semaine semaines sem semana semanas settimana settimane sett
            weken wkn""",
        Unit.MONTHS: "month months m mo mos monat monate monaten mois mes meses mese mesi maand maanden mnd mnden",
    }
)
LONGER = _words(  # what is so many of a unit
    {
        Delay(2, Unit.WEEKS): "fortnight fortnights quinzaine quinzaines quincena quincenas quinzena quinzenas",
        Delay(12, Unit.MONTHS): "year years yr yrs jahr jahre jahren an ans annee annees ano anos anno anni jaar jaren",
    }
)
HALF_YEARS = _words(
    {6: "half_a_year half_year halbes_jahr halben_jahr demi_annee medio_ano mezzo_anno half_jaar meio_ano"}
)
MONTH_ENDS = re.compile(
    "end of (?:the )?month|month end|eom|ende des monats|ende monat|monatsende|(?:la )?fin (?:du|de) mois"
    "|(?:a )?(?:fin|final|finales) de(?:l)? mes|fine (?:del )?mese|einde? (?:van )?(?:de )?maand|fim do mes"
)
NUMBERS = _words(
    {
        1: "a an one ein eine einem einen einer un une una uno een um uma",
        2: "two zwei deux dos due twee dois duas",
        3: "three drei trois tres tre drie",
        4: "four vier quatre cuatro quattro quatro",
        5: "five funf cinq cinco cinque vijf",
        6: "six sechs seis sei zes",
        7: "seven sieben sept siete sette zeven sete",
        8: "eight acht huit ocho otto oito",
        9: "nine neun neuf nueve nove negen",
        10: "ten zehn dix diez dieci tien dez",
        11: "eleven elf onze once undici",
        12: "twelve zwolf douze doce dodici twaalf doze",
        15: "quinze quince quindici",
    }
)
DAYS_AHEAD = _words(
    {
        0: "today heute aujourd_hui hoy oggi vandaag hoje",
        1: "tomorrow morgen demain manana domani amanha",
        2: "day_after_tomorrow ubermorgen apres_demain pasado_manana dopodomani overmorgen depois_de_amanha",
    }
)
WEEKDAYS = _words(
    {
        0: "monday mon montag mo lundi lun lunes lunedi maandag ma segunda segunda_feira 2a_feira seg",
        1: "tuesday tue tues dienstag di mardi mar martes martedi dinsdag terca terca_feira 3a_feira ter",
        2: "wednesday wed mittwoch mi mercredi mer miercoles mie mercoledi woensdag wo quarta quarta_feira 4a_feira qua",
        3: """thursday thu thur thurs donnerstag do jeudi jeu jueves jue giovedi gio donderdag quinta quinta_feira
            5a_feira qui""",
        4: "friday fri freitag fr vendredi ven viernes vie venerdi vrijdag vr sexta sexta_feira 6a_feira sex",
        5: "saturday sat samstag sonnabend sa samedi sam sabado sab sabato zaterdag za",
        6: "sunday sun sonntag so dimanche dim domingo dom domenica zondag zo",
    }
)
MONTHS = _words(
    {
        1: "january jan januar janner janvier janv enero ene gennaio gen januari janeiro",
        2: "february feb februar fevrier fevr fev febrero febbraio februari fevereiro",
        3: "march mar marz mars marzo maart mrt marco",
        4: "april apr avril avr abril abr aprile",
        5: "may mai mayo maggio mag mei maio",
        6: "june jun juni juin junio giugno giu junho",
        7: "july jul juli juillet juil julio luglio lug julho",
        8: "august aug aout agosto ago augustus",
        9: "september sep sept septembre septiembre settembre set setembro",
        10: "october oct okt oktober octobre octubre ottobre ott outubro out",
        11: "november nov novembre noviembre novembro",
        12: "december dec dez dezember decembre diciembre dic dicembre dezembro",
    }
)
NEXT = frozenset(
    """next nachste nachsten nachster nachstes nachstem prochain prochaine proximo proxima prossimo prossima volgende
    viene vem""".split()
)
AFTER_NEXT = frozenset({"week after next", "ubernachste woche", "ubernachster woche"})
SKIPPED_FIRST = frozenset(
    """until till to on in for by at the this coming bis zum zur am im den der die fur um nach kommenden kommende diesen
    jusqu a au le la ce cette dans d ici pour hasta el al la las dentro de en este esta para fino il tra fra per alle
    questo questa tot op om over deze komende ate o as daqui em""".split()
)
ARTICLES = frozenset("the am zum den le el il dia".split())  # `am 15.` is a day, `um 15` is none
DAYPARTS = (  # by the end of the text: the opening, noon, the afternoon
    (
        re.compile(
            "(?: in the)? morning| fruh| vormittag|(?: |(?<=tag))morgen|(?: le)? matin| (?:por|de|en) la manana"
            "|(?: di| in)? mattin[ao]| ?ochtend| (?:de|pela) manha"
        ),
        None,
    ),
    (re.compile("(?: at)? noon| mittag| midi| (?:al? )?mediodia|(?: a)? mezzogiorno| (?:ao )?meio dia"), time(12)),
    (
        re.compile(
            "(?: in the)? afternoon| ?nachmittag| apres midi| (?:por|de|en) la tarde|(?: di| nel)? pomeriggio| ?middag"
            "| (?:de|a|pela) tarde"
        ),
        time(14),
    ),
)
SKIPPED_LAST = ("from now", "from today", "later", "ab jetzt", "ab heute")
CONNECTORS = frozenset("of the st nd rd th er o a de del di do den".split())
