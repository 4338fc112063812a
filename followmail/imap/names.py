"""What people's mail programs call their folders, by language. To teach it another name, add it to its line.

Compared after `fold`: case, accents and blanks do not matter. SPECIAL-USE (RFC 6154) is asked first; this is for
servers without it (Exchange, Courier, many hosters). A word that people also use for folders of their own stays out.
"""

import unicodedata
from collections.abc import Mapping

# role → names, `|` between them
NAMES: Mapping[str, str] = {
    "sent": """
        Sent | Sent Items | Sent Messages | Sent Mail | Sent-Mail | sent-mail | Sent Email | Sent Objects
        Gesendet | Gesendete Elemente | Gesendete Objekte | Gesendete Nachrichten | Gesendete Mails
        Gesendete E-Mails
        Envoyés | Éléments envoyés | Messages envoyés | Courrier envoyé | Objets envoyés | Mails envoyés
        Envoyé
        Enviados | Elementos enviados | Mensajes enviados | Correo enviado | Correos enviados | Enviado
        Inviati | Posta inviata | Elementi inviati | Messaggi inviati | Inviata
        Verzonden | Verzonden items | Verzonden berichten | Verzonden e-mail | Verstuurd | Verzonden objecten
        Itens enviados | Mensagens enviadas | Enviadas | E-mails enviados | Correio enviado | Objetos enviados
        Enviats | Elements enviats | Missatges enviats | Bidalitakoak | Bidalitako elementuak
        Elementos enviados | Enviadas
        Sendt | Sendte elementer | Sendt post | Sendte beskeder | Sendte e-mails | Sendte meldinger
        Sendte objekter
        Skickat | Skickade objekt | Skickade meddelanden | Skickat mail | Skickade
        Lähetetyt | Lähetetyt viestit | Lähetetyt kohteet | Sendir hlutir
        Wysłane | Elementy wysłane | Wysłane wiadomości | Poczta wysłana
        Odeslané | Odeslaná pošta | Odeslané zprávy | Odeslané položky | Odoslané | Odoslaná pošta
        Odoslané položky
        Elküldött | Elküldött elemek | Elküldött üzenetek | Elküldött levelek
        Trimise | Mesaje trimise | Elemente trimise | E-mailuri trimise
        Poslano | Poslana pošta | Poslane stavke | Poslani predmeti | Poslate | Poslate stavke | Послато
        Послате ставке
        Отправленные | Отправленные элементы | Надіслані | Відправлені | Надіслані елементи
        Изпратени | Изпратени елементи | Изпратена поща | Испратени
        Απεσταλμένα | Σταλμένα | Απεσταλμένα στοιχεία | Απεσταλμένη αλληλογραφία
        Gönderilmiş Öğeler | Gönderilenler | Gönderilmiş Postalar | Gönderilmiş | Gönderilen
        Saadetud | Saadetud kirjad | Nosūtītie | Nosūtītās vēstules | Išsiųsta | Išsiųsti laiškai
        Išsiųsti elementai
        פריטים שנשלחו | נשלח | דואר שנשלח | הודעות שנשלחו
        البريد المرسل | العناصر المرسلة | الرسائل المرسلة | المرسلة | المرسل | موارد ارسال شده | ارسال‌شده
        ارسال شده
        送信済み | 送信済みアイテム | 送信済みメール | 送信済メール
        已发送 | 已发送邮件 | 已发邮件 | 已傳送 | 寄件備份 | 已寄出 | 寄件備份匣 | 已发送的邮件 | 已傳送的郵件
        送信控え
        보낸편지함 | 보낸 편지함 | 보낸메일함 | 보낸 항목 | 보낸 메일함
        Đã gửi | Thư đã gửi | Mục đã gửi | Terkirim | Item Terkirim | Surat Terkirim | Dihantar | จดหมายที่ส่งแล้ว
        รายการที่ส่ง | ส่งแล้ว | भेजी गई मेल | भेजे गए आइटम | भेजा गया
        """,
    "drafts": """
        Drafts | Draft | Draft Messages
        Entwürfe | Entwurf | Brouillons | Brouillon | Borradores | Borrador | Bozze | Bozza | Concepten
        Kladblok
        Rascunhos | Rascunho | Esborranys | Zirriborroak | Borradores de correo
        Kladder | Kladde | Udkast | Utkast | Luonnokset | Drög
        Wersje robocze | Kopie robocze | Robocze | Szkice | Koncepty | Rozepsané | Rozpísané | Koncepty zpráv
        Piszkozatok | Piszkozat | Ciorne | Mesaje nefinalizate | Schițe | Osnutki | Skice | Nacrti
        Radne verzije | Недовршено
        Черновики | Чернетки | Чернови | Πρόχειρα | Taslaklar | Taslak
        Mustandid | Melnraksti | Juodraščiai
        טיוטות | المسودات | مسودات | پیش‌نویس‌ها | پیش نویس ها
        下書き | 草稿 | 草稿箱 | 草稿匣 | 임시보관함 | 임시 보관함 | 임시보관함
        Thư nháp | Bản nháp | Draf | Konsep | ร่างจดหมาย | แบบร่าง | ड्राफ़्ट | ड्राफ्ट
        """,
    "junk": """
        Junk | Spam | Junk E-mail | Junk Email | Junk Mail | Bulk Mail | Bulk | Suspected Spam
        Unerwünscht | Spamverdacht | Junk-E-Mail | Werbung und Spam | Unerwünschte Werbung | Spamordner
        Spam-Verdacht
        Indésirables | Courrier indésirable | Pourriel | Pourriels | Indésirable | Courriers indésirables
        Correo no deseado | No deseado | Correo basura | Basura de correo | Posta indesiderata | Indesiderata
        Ongewenste e-mail | Ongewenst | Ongewenste reclame | Ongewenste berichten
        Lixo Eletrônico | Lixo eletrónico | Correio eletrónico de lixo | E-mail de lixo | Lixo electrónico
        Não solicitado
        Correu brossa | Brossa | Zabor-posta | Uønsket e-post | Uønsket mail | Søppelpost | Uønsket | Skräppost
        Roskaposti | Ruslpóstur
        Wiadomości-śmieci | Wiadomości śmieci | Nevyžádaná pošta | Nevyžádané | Nevyžiadaná pošta | Nevyžiadané
        Levélszemét | Kéretlen levelek | E-mailuri nedorite | Mesaje nedorite | Nedorite | Neželena pošta
        Neželjena pošta | Neželjena e-pošta
        Спам | Нежелательная почта | Небажана пошта | Нежелана поща | Непожелана
        Ανεπιθύμητα | Ανεπιθύμητη αλληλογραφία | Ανεπιθύμητη | Önemsiz | Önemsiz E-posta | Gereksiz | İstenmeyen
        İstenmeyen E-posta
        Rämpspost | Mēstules | Surogātpasts | Brukalas | Šlamštas
        דואר זבל | זבל | ספאם | البريد العشوائي | بريد إلكتروني غير هام | غير هام | هرزنامه
        迷惑メール | スパム | 垃圾邮件 | 垃圾郵件 | 垃圾信件匣 | 廣告郵件 | 스팸 | 스팸함 | 스팸편지함
        스팸메일함 | 정크 메일 | 정크메일
        Thư rác | Surat Sampah | Sampah-spam | จดหมายขยะ | อีเมลขยะ | स्पैम | जंक ई-मेल
        """,
    "trash": """
        Trash | Deleted Items | Deleted Messages | Deleted | Wastebasket | Deleted Objects | Trash Can
        Recycle Bin
        Papierkorb | Gelöschte Elemente | Gelöschte Objekte | Gelöscht | Gelöschte Nachrichten
        Corbeille | Éléments supprimés | Messages supprimés | Supprimés | Poubelle
        Papelera | Elementos eliminados | Eliminados | Papelera de reciclaje | Mensajes eliminados
        Cestino | Posta eliminata | Elementi eliminati | Eliminati
        Prullenbak | Verwijderde items | Verwijderd | Verwijderde berichten | Prullenmand
        Lixo | Lixeira | Itens excluídos | Itens eliminados | Mensagens eliminadas | Excluídos | Reciclagem
        Paperera | Elements suprimits | Zakarrontzia
        Papirkurv | Slettede elementer | Slettet post | Slettet | Slettede beskeder | Papperskorg
        Papperskorgen | Borttagna objekt | Borttaget
        Roskakori | Poistetut | Poistetut viestit | Ruslafata | Eydd atriði
        Kosz | Elementy usunięte | Usunięte | Koš | Odstraněná pošta | Odstraněné | Odstraněné položky | Kôš
        Odstránené | Odstránená pošta
        Lomtár | Törölt elemek | Törölt | Törölt üzenetek | Coș | Coșul de gunoi | Elemente șterse | Gunoi
        Șterse
        Smeti | Koš za smeće | Otpad | Smeće | Izbrisane stavke | Izbrisana pošta | Izbrisano | Отпад
        Корзина | Удаленные | Удалённые | Удаленные элементы | Кошик | Видалені | Видалені елементи | Кошче
        Изтрити | Изтрити елементи
        Κάδος | Κάδος απορριμμάτων | Διαγραμμένα | Απορρίμματα | Çöp | Çöp Kutusu | Silinmiş Öğeler | Silinenler
        Silinmiş
        Prügikast | Kustutatud | Miskaste | Dzēstie | Atkritne | Šiukšlinė | Šiukšliadėžė | Ištrinti | Ištrinta
        אשפה | פריטים שנמחקו | פח | المهملات | العناصر المحذوفة | سلة المهملات | سطل زباله | موارد حذف شده
        ごみ箱 | ゴミ箱 | 削除済みアイテム | 削除済み | 已删除 | 已删除邮件 | 已刪除的郵件 | 垃圾桶 | 已刪除
        废件箱 | 回收站 | 휴지통 | 지운편지함 | 지운 편지함 | 삭제된 항목
        Thùng rác | Mục đã xóa | Đã xóa | Tong Sampah | Sampah | Kotak Sampah | Item Terhapus | ถังขยะ
        รายการที่ถูกลบ | ट्रैश | कचरा | हटाए गए आइटम
        """,
    "archive": """
        Archive | Archives | Archived | Archiv | Archivo | Archivados | Archivio | Archief | Arquivo | Arquivos
        Arquivo morto | Arxiu | Artxiboa
        Arkiv | Arkisto | Archiwum | Archív | Archív e-mailov | Archívum | Arhivă | Arhiva | Arhiv | Архив
        Архів | Архива
        Αρχειοθήκη | Αρχείο | Arşiv | Arhiiv | Arhīvs | Archyvas | Archyvai | ארכיון | الأرشيف | أرشيف | بایگانی
        アーカイブ | 归档 | 存档 | 封存 | 보관 | 보관함 | 보관편지함 | Lưu trữ | Arsip | Arkib | เก็บถาวร
        आर्काइव | संग्रह
        """,
    "all": """
        All Mail | All mail | All Messages | Alle Nachrichten | Alle E-Mails | Tous les messages
        Todos los mensajes | Tutti i messaggi
        Alle e-mail | Alle berichten | Todos os e-mails | Todo o correio | Tots els missatges | Al post
        All e-post | Alla mail | All e-mail | Kaikki viestit
        Cała poczta | Všechny zprávy | Všetky správy | Összes levél | Toate mesajele | Vsa pošta | Sve poruke
        Вся почта | Уся пошта
        Цялата поща | Όλα τα μηνύματα | Όλες οι συνομιλίες | Tüm Postalar | Kõik kirjad | Visas vēstules
        Visi laiškai
        כל הדואר | كل البريد | すべてのメール | 所有邮件 | 全部郵件 | 所有郵件 | 전체보관함 | 전체 메일
        Tất cả thư | Semua Email | Semua Mel | จดหมายทั้งหมด | सभी मेल
        """,
    "outbox": """
        Outbox | Postausgang | Boîte d'envoi | Bandeja de salida | Posta in uscita | Postvak UIT
        Caixa de Saída | A enviar | Bústia de sortida
        Udbakke | Utboks | Utkorgen | Utkorg | Lähtevät | Úthólf | Skrzynka nadawcza | Pošta k odeslání
        Pošta na odoslanie | Postázandó üzenetek
        De trimis | Mesaje de expediat | V pošiljanju | Odlazni spremnik | Исходящие | Вихідні | Изходящи
        Εξερχόμενα | Giden Kutusu
        Väljuvad | Izsūtne | Siunčiamieji | דואר יוצא ממתין | صندوق الصادر | صندوق خروجی | 送信トレイ | 发件箱
        寄件匣 | 보낼 편지함 | Hộp thư đi | Kotak Keluar | กล่องขาออก
        """,
    "scheduled": """
        Scheduled | Send Later | Snoozed and scheduled | Scheduled Send | Geplant | Später senden | Planifié
        Messages programmés | Programmés | À envoyer plus tard
        Programados | Correos programados | Programmati | Programmate | Gepland | Agendados | Agendado
        Programats | Planlagt | Planlagte | Schemalagt | Schemalagda | Ajastettu | Ajoitetut
        Zaplanowane | Naplánováno | Naplánované | Ütemezett | Programate | Načrtovano | Zakazano
        Запланированные | Заплановано | Планирани | Προγραμματισμένα | Zamanlanmış | Planlandı
        מתוזמן | مجدول | المجدولة | 予約送信 | 送信予定 | 已安排 | 定时发送 | 已排定時間 | 예약됨 | Đã lên lịch
        Terjadwal | Dijadwalkan | ตั้งเวลาไว้
        """,
    "templates": """
        Templates | Vorlagen | Modèles | Plantillas | Modelli | Sjablonen | Modelos | Plantilles | Skabeloner
        Mallar | Mallit | Sniðmát
        Szablony | Šablony | Šablóny | Sablonok | Șabloane | Predloge | Predlošci | Шаблоны | Шаблони | Πρότυπα
        Şablonlar | Mallid | Veidnes | Šablonai
        תבניות | قوالب | القوالب | テンプレート | 模板 | 範本 | 템플릿 | Templat
        """,
}


def fold(name: str) -> str:
    """A folder name for comparing: compatibility forms, case, accents, blanks and quotes made equal."""
    flat = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(c for c in flat if not unicodedata.combining(c))
    return " ".join(bare.replace("’", "'").replace("\u200c", " ").replace("_", " ").split())


def _table() -> dict[str, str]:
    # The first role keeps a name that two languages use differently.
    found: dict[str, str] = {}
    for role, lines in NAMES.items():
        for name in lines.replace("\n", "|").split("|"):
            if fold(name):
                found.setdefault(fold(name), role)
    return found


ROLE_BY_NAME: Mapping[str, str] = _table()
