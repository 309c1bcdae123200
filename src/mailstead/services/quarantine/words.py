"""What recipients read of kept letters, in their languages."""

from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.dsn.text import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Braces are filled in. `none`: in place of a subject or a sender that there is none of."""

    sender: str
    subject_one: str
    subject: str
    intro: str
    come: str
    by: str
    why: str
    release: str
    virus: str
    no_link: str
    until: str
    warning: str
    none: str
    question: str
    button: str
    done: str
    gone: str
    refused: str
    full: str
    later: str


ENGLISH: Final = Words(
    sender="Mail server",
    subject_one="One letter was kept back for you",
    subject="{count} letters were kept back for you",
    intro="These letters to {address} were kept back, for they look like spam or are dangerous:",
    come="Received",
    by="From",
    why="Why",
    release="Look at it and release it",
    virus="It carries a virus: only an administrator can release it.",
    no_link="Ask your administrator if you want one of them.",
    until="After {days} days they are deleted.",
    warning="Release only what you expected. Nobody has to do anything else.",
    none="(none)",
    question="Do you want this letter in your inbox?",
    button="Release the letter",
    done="Done: the letter is in your inbox.",
    gone="There is nothing to release here: the letter was released or deleted, or the time of the link is over.",
    refused="This letter can only be released by an administrator.",
    full="Your mailbox is full: make room, then try again. The letter is still kept.",
    later="That did not work just now. The letter is still kept: try again later.",
)

FRENCH: Final = Words(
    sender="Serveur de messagerie",
    subject_one="Un message a été retenu pour vous",
    subject="{count} messages ont été retenus pour vous",
    intro="Ces messages pour {address} ont été retenus : ils ressemblent à du spam ou sont dangereux.",
    come="Reçu le",
    by="De",
    why="Motif",
    release="Le voir et le libérer",
    virus="Il contient un virus : seul un administrateur peut le libérer.",
    no_link="Adressez-vous à votre administrateur si vous voulez en recevoir un.",
    until="Ils seront supprimés au bout de {days} jours.",
    warning="Ne libérez que ce que vous attendiez. Vous n'avez rien d'autre à faire.",
    none="(aucun)",
    question="Voulez-vous recevoir ce message dans votre boîte de réception ?",
    button="Libérer le message",
    done="C'est fait : le message est dans votre boîte de réception.",
    gone="Il n'y a rien à libérer : le message a été libéré ou supprimé, ou le lien a expiré.",
    refused="Seul un administrateur peut libérer ce message.",
    full="Votre boîte est pleine : faites de la place, puis réessayez. Le message est toujours retenu.",
    later="Cela n'a pas fonctionné. Le message est toujours retenu : réessayez plus tard.",
)

GERMAN: Final = Words(
    sender="Mailserver",
    subject_one="Ein Brief wurde für Sie zurückgehalten",
    subject="{count} Briefe wurden für Sie zurückgehalten",
    intro="Diese Briefe an {address} wurden zurückgehalten, denn sie sehen nach Spam aus oder sind gefährlich:",
    come="Eingegangen",
    by="Von",
    why="Grund",
    release="Ansehen und freigeben",
    virus="Er enthält einen Virus: nur ein Administrator kann ihn freigeben.",
    no_link="Wenden Sie sich an Ihren Administrator, wenn Sie einen davon haben möchten.",
    until="Nach {days} Tagen werden sie gelöscht.",
    warning="Geben Sie nur frei, was Sie erwartet haben. Sonst ist nichts zu tun.",
    none="(keiner)",
    question="Möchten Sie diesen Brief in Ihrem Posteingang haben?",
    button="Brief freigeben",
    done="Erledigt: der Brief ist in Ihrem Posteingang.",
    gone="Hier ist nichts freizugeben: der Brief wurde freigegeben oder gelöscht, oder der Link ist abgelaufen.",
    refused="Diesen Brief kann nur ein Administrator freigeben.",
    full="Ihr Postfach ist voll: schaffen Sie Platz und versuchen Sie es dann wieder. Der Brief bleibt zurückgehalten.",
    later="Das ging gerade nicht. Der Brief bleibt zurückgehalten: versuchen Sie es später wieder.",
)

WORDS: Final = {Language.ENGLISH: ENGLISH, Language.FRENCH: FRENCH, Language.GERMAN: GERMAN}
