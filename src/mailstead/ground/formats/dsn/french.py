"""The words of a notice in French."""

from typing import Final

from mailstead.ground.formats.dsn.report import Action
from mailstead.ground.formats.dsn.words import Heading, Plain, Words

_ASK: Final = "Si cela se reproduit, montrez ce message à la personne qui gère votre messagerie."
_OTHER_WAY: Final = "Joignez le destinataire par un autre moyen et prévenez-le."
_AFTER: Final = "Vérifiez l’orthographe de ce qui suit le @"

FRENCH: Final = Words(
    tag="fr",
    sender="Distribution du courrier",
    greeting="Ici le serveur de messagerie {host}.",
    letter="Il s’agit de votre message « {subject} » du {date}.",
    letter_untitled="Il s’agit de votre message du {date}.",
    headings={
        Action.FAILED: Heading("Non distribué", "Il n’a pas pu être remis à :"),
        Action.DELAYED: Heading(
            "Retardé", "Il n’a pas encore été remis à :", "Vous n’avez rien à faire : ne le renvoyez pas."
        ),
        Action.RELAYED: Heading(
            "Transmis", "Il a été transmis, à un serveur qui ne confirme pas lui-même la remise, pour :"
        ),
        Action.EXPANDED: Heading("Transmis", "Il a été accepté, puis envoyé à plusieurs adresses, pour :"),
        Action.DELIVERED: Heading("Remis", "Il a été remis à :"),
    },
    causes={
        "1": Plain("L’adresse pose problème.", "Vérifiez l’adresse."),
        "1.1": Plain(
            "Cette boîte aux lettres n’existe pas.",
            "Vérifiez l’orthographe de ce qui précède le @, puis renvoyez le message.",
        ),
        "1.2": Plain("Ce domaine n’existe pas ou ne reçoit pas de courrier.", f"{_AFTER}, puis renvoyez le message."),
        "1.3": Plain("L’adresse n’est pas valide.", "Vérifiez l’orthographe de l’adresse, puis renvoyez le message."),
        "1.6": Plain("La boîte aux lettres a changé d’adresse.", "Demandez la nouvelle adresse au destinataire."),
        "1.7": Plain("L’autre serveur n’accepte pas votre adresse comme expéditeur.", "Vérifiez votre propre adresse."),
        "1.8": Plain("L’autre serveur ne trouve pas de serveur de messagerie pour votre domaine.", _ASK),
        "1.10": Plain("Ce domaine ne reçoit aucun courrier.", f"{_AFTER}."),
        "2": Plain("La boîte aux lettres ne peut pas prendre le message.", _OTHER_WAY),
        "2.1": Plain("La boîte aux lettres est fermée.", _OTHER_WAY),
        "2.2": Plain(
            "La boîte aux lettres est pleine.", "Réessayez plus tard, ou joignez le destinataire par un autre moyen."
        ),
        "2.3": Plain(
            "Le message est plus gros que ce que cette boîte accepte.",
            "Envoyez moins à la fois, ou partagez plutôt un lien.",
        ),
        "3": Plain("L’autre serveur ne peut pas prendre le message.", "Réessayez plus tard."),
        "3.1": Plain("L’autre serveur n’a plus de place.", "Réessayez plus tard."),
        "3.2": Plain("L’autre serveur n’accepte pas de courrier en ce moment.", "Réessayez plus tard."),
        "3.4": Plain("Le message est trop gros.", "Envoyez moins à la fois, ou partagez plutôt un lien."),
        "4": Plain("Le chemin vers l’autre serveur est perturbé.", "Réessayez plus tard."),
        "4.1": Plain("L’autre serveur est injoignable.", "Vérifiez ce qui suit le @ ; réessayez plus tard."),
        "4.2": Plain("La connexion avec l’autre serveur s’est rompue.", "Réessayez plus tard."),
        "4.3": Plain("Le service de noms n’a pas répondu pour ce domaine.", "Réessayez plus tard."),
        "4.4": Plain("Aucun chemin vers ce domaine n’est connu.", f"{_AFTER}."),
        "4.5": Plain("L’autre serveur est surchargé.", "Réessayez plus tard."),
        "4.6": Plain("Le message tournait en rond.", _OTHER_WAY),
        "4.7": Plain("Le délai pour le remettre est écoulé.", "Réessayez plus tard."),
        "5": Plain("Les deux serveurs ne se sont pas compris.", _ASK),
        "5.3": Plain("Le message a trop de destinataires.", "Envoyez-le à moins de personnes à la fois."),
        "6": Plain("L’autre serveur ne sait pas traiter la forme de ce message.", "Envoyez-le en texte simple."),
        "6.7": Plain(
            "L’autre serveur ne connaît pas les adresses avec des lettres autres que a à z.",
            "Demandez au destinataire une adresse en lettres latines sans accents.",
        ),
        "7": Plain("L’autre serveur a refusé le message.", _OTHER_WAY),
        "7.1": Plain(
            "L’autre serveur a refusé le message : ses règles l’interdisent.",
            "Lisez sa réponse ci-dessous. Si elle n’aide pas, joignez le destinataire par un autre moyen.",
        ),
        "7.8": Plain("Le serveur sur le chemin n’a pas accepté notre identification.", _ASK),
        "7.10": Plain("Aucune connexion protégée n’était possible, et le message ne doit pas voyager autrement.", _ASK),
        "7.20": Plain(
            "L’autre serveur demande une signature valide (DKIM) de votre domaine et n’en a pas trouvé.", _ASK
        ),
        "7.23": Plain("Pour l’autre serveur, notre adresse n’a pas le droit d’envoyer pour votre domaine (SPF).", _ASK),
        "7.25": Plain(
            "L’autre serveur ne fait pas confiance à notre adresse : son nom dans le DNS manque ou est faux.", _ASK
        ),
        "7.26": Plain("L’autre serveur n’a pas pu s’assurer que le message vient bien de votre domaine.", _ASK),
        "7.27": Plain("Votre domaine déclare ne pas recevoir de courrier ; on n’accepte donc rien de lui.", _ASK),
        "7.28": Plain("Trop de courrier est arrivé à la fois sur l’autre serveur.", "Réessayez plus tard."),
        "7.30": Plain("Le message ne doit voyager que protégé, et l’autre serveur ne le propose pas.", _OTHER_WAY),
    },
    unknown=Plain(
        "La raison n’a pas été donnée d’une façon que nous comprenons.",
        "Lisez la réponse de l’autre serveur ci-dessous.",
    ),
    said="{host} a répondu :",
    noted="Ce que notre serveur a noté :",
    more="… et {count} de plus : tous figurent dans le rapport joint.",
    retry="Nous continuons d’essayer jusqu’au {date}.",
    gave_up="Nous avons essayé aussi longtemps que permis, et nous renonçons.",
    attached_whole="Sont joints un rapport pour les techniciens et votre message.",
    attached_header="Sont joints un rapport pour les techniciens et l’en-tête de votre message.",
    attached_nothing="Est joint un rapport pour les techniciens.",
)
