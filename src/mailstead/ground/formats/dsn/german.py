"""The words of a notice in German."""

from typing import Final

from mailstead.ground.formats.dsn.report import Action
from mailstead.ground.formats.dsn.words import Heading, Plain, Words

_ASK: Final = "Wenn es wieder vorkommt, zeigen Sie diese Nachricht der Person, die Ihre E-Mail betreut."
_OTHER_WAY: Final = "Erreichen Sie den Empfänger auf anderem Weg und sagen Sie es ihm."
_AFTER: Final = "Prüfen Sie die Schreibweise hinter dem @"
_LATER: Final = "Versuchen Sie es später noch einmal."

GERMAN: Final = Words(
    tag="de",
    sender="E-Mail-Zustellung",
    greeting="Hier ist der Mailserver {host}.",
    letter="Es geht um Ihre Nachricht „{subject}“ vom {date}.",
    letter_untitled="Es geht um Ihre Nachricht vom {date}.",
    headings={
        Action.FAILED: Heading("Nicht zugestellt", "Sie konnte nicht zugestellt werden an:"),
        Action.DELAYED: Heading(
            "Verzögert",
            "Sie ist noch nicht zugestellt an:",
            "Sie brauchen nichts zu tun: bitte nicht noch einmal senden.",
        ),
        Action.RELAYED: Heading(
            "Weitergegeben",
            "Sie wurde weitergegeben, an einen Server, der die Zustellung nicht selbst bestätigt, für:",
        ),
        Action.EXPANDED: Heading("Weitergegeben", "Sie wurde angenommen und an mehrere Adressen weitergeschickt, für:"),
        Action.DELIVERED: Heading("Zugestellt", "Sie wurde zugestellt an:"),
    },
    causes={
        "1": Plain("Mit der Adresse stimmt etwas nicht.", "Prüfen Sie die Adresse."),
        "1.1": Plain(
            "Dieses Postfach gibt es nicht.",
            "Prüfen Sie die Schreibweise vor dem @ und senden Sie die Nachricht noch einmal.",
        ),
        "1.2": Plain(
            "Diese Domain gibt es nicht, oder sie nimmt keine E-Mail an.",
            f"{_AFTER} und senden Sie die Nachricht noch einmal.",
        ),
        "1.3": Plain(
            "Die Adresse ist ungültig.", "Prüfen Sie die Schreibweise und senden Sie die Nachricht noch einmal."
        ),
        "1.6": Plain("Das Postfach ist umgezogen.", "Fragen Sie den Empfänger nach der neuen Adresse."),
        "1.7": Plain("Der andere Server nimmt Ihre Adresse als Absender nicht an.", "Prüfen Sie Ihre eigene Adresse."),
        "1.8": Plain("Der andere Server findet keinen Mailserver für die Domain Ihrer Adresse.", _ASK),
        "1.10": Plain("Diese Domain nimmt überhaupt keine E-Mail an.", f"{_AFTER}."),
        "2": Plain("Das Postfach kann die Nachricht nicht aufnehmen.", _OTHER_WAY),
        "2.1": Plain("Das Postfach ist geschlossen.", _OTHER_WAY),
        "2.2": Plain(
            "Das Postfach ist voll.",
            "Versuchen Sie es später noch einmal, oder erreichen Sie den Empfänger auf anderem Weg.",
        ),
        "2.3": Plain(
            "Die Nachricht ist größer, als dieses Postfach erlaubt.",
            "Senden Sie weniger auf einmal, oder teilen Sie stattdessen einen Link.",
        ),
        "3": Plain("Der andere Server kann die Nachricht nicht aufnehmen.", _LATER),
        "3.1": Plain("Der andere Server hat keinen Platz mehr.", _LATER),
        "3.2": Plain("Der andere Server nimmt zurzeit keine E-Mail an.", _LATER),
        "3.4": Plain(
            "Die Nachricht ist zu groß.", "Senden Sie weniger auf einmal, oder teilen Sie stattdessen einen Link."
        ),
        "4": Plain("Der Weg zum anderen Server ist gestört.", _LATER),
        "4.1": Plain(
            "Der andere Server war nicht zu erreichen.",
            "Prüfen Sie, was hinter dem @ steht; versuchen Sie es später noch einmal.",
        ),
        "4.2": Plain("Die Verbindung zum anderen Server brach ab.", _LATER),
        "4.3": Plain("Der Namensdienst hatte keine Antwort für diese Domain.", _LATER),
        "4.4": Plain("Es ist kein Weg zu dieser Domain bekannt.", f"{_AFTER}."),
        "4.5": Plain("Der andere Server ist überlastet.", _LATER),
        "4.6": Plain("Die Nachricht lief im Kreis.", _OTHER_WAY),
        "4.7": Plain("Die Zeit, in der sie zugestellt werden konnte, ist abgelaufen.", _LATER),
        "5": Plain("Die beiden Server haben sich nicht verstanden.", _ASK),
        "5.3": Plain("Die Nachricht hat zu viele Empfänger.", "Senden Sie sie an weniger auf einmal."),
        "6": Plain(
            "Der andere Server kann mit der Form dieser Nachricht nicht umgehen.", "Senden Sie sie als reinen Text."
        ),
        "6.7": Plain(
            "Der andere Server kennt keine Adressen mit anderen Buchstaben als a bis z.",
            "Fragen Sie den Empfänger nach einer Adresse in lateinischen Buchstaben ohne Umlaute.",
        ),
        "7": Plain("Der andere Server hat die Nachricht abgelehnt.", _OTHER_WAY),
        "7.1": Plain(
            "Der andere Server hat die Nachricht abgelehnt: seine Regeln verbieten sie.",
            "Lesen Sie seine Antwort unten. Hilft sie nicht, erreichen Sie den Empfänger auf anderem Weg.",
        ),
        "7.8": Plain("Der Server auf dem Weg hat unsere Anmeldung nicht angenommen.", _ASK),
        "7.10": Plain("Es war keine geschützte Verbindung möglich, und anders darf die Nachricht nicht reisen.", _ASK),
        "7.20": Plain("Der andere Server verlangt eine gültige Signatur (DKIM) Ihrer Domain und fand keine.", _ASK),
        "7.23": Plain("Nach Ansicht des anderen Servers darf unsere Adresse nicht für Ihre Domain senden (SPF).", _ASK),
        "7.25": Plain("Der andere Server traut unserer Adresse nicht: ihr Name im DNS fehlt oder ist falsch.", _ASK),
        "7.26": Plain("Der andere Server konnte nicht sicherstellen, dass die Nachricht von Ihrer Domain kommt.", _ASK),
        "7.27": Plain(
            "Ihre Domain sagt von sich, dass sie keine E-Mail annimmt; so nimmt man auch keine von ihr.", _ASK
        ),
        "7.28": Plain("Es kam zu viel E-Mail auf einmal beim anderen Server an.", _LATER),
        "7.30": Plain(
            "Die Nachricht darf nur geschützt reisen, und das bietet der andere Server nicht an.", _OTHER_WAY
        ),
    },
    unknown=Plain(
        "Der Grund wurde nicht so genannt, dass wir ihn verstehen.", "Lesen Sie die Antwort des anderen Servers unten."
    ),
    said="{host} antwortete:",
    noted="Was unser Server vermerkt hat:",
    more="… und {count} weitere: alle stehen im angehängten Bericht.",
    retry="Wir versuchen es weiter bis {date}.",
    gave_up="Wir haben es so lange versucht, wie wir dürfen, und geben auf.",
    attached_whole="Angehängt sind ein Bericht für Techniker und Ihre Nachricht.",
    attached_header="Angehängt sind ein Bericht für Techniker und der Kopf Ihrer Nachricht.",
    attached_nothing="Angehängt ist ein Bericht für Techniker.",
)
