"""The words of a notice in English."""

from typing import Final

from mailstead.ground.formats.dsn.report import Action
from mailstead.ground.formats.dsn.words import Heading, Plain, Words

_ASK: Final = "If it happens again, show this letter to whoever looks after your mail."
_OTHER_WAY: Final = "Reach the recipient in another way and tell them."

ENGLISH: Final = Words(
    tag="en",
    sender="Mail delivery",
    greeting="This is the mail server {host}.",
    letter="It is about your letter “{subject}” of {date}.",
    letter_untitled="It is about your letter of {date}.",
    headings={
        Action.FAILED: Heading("Not delivered", "It could not be delivered to:"),
        Action.DELAYED: Heading(
            "Delayed", "It has not been delivered yet to:", "You need not do anything: do not send it again."
        ),
        Action.RELAYED: Heading(
            "Handed on", "It was handed on, to a server that does not confirm the delivery itself, for:"
        ),
        Action.EXPANDED: Heading("Handed on", "It was accepted, and sent on to several addresses, for:"),
        Action.DELIVERED: Heading("Delivered", "It was delivered to:"),
    },
    causes={
        "1": Plain("There is something wrong with the address.", "Check the address."),
        "1.1": Plain(
            "There is no such mailbox.", "Check the spelling of what stands before the @, and send the letter again."
        ),
        "1.2": Plain(
            "There is no such domain, or it takes no mail.",
            "Check the spelling of what stands behind the @, and send the letter again.",
        ),
        "1.3": Plain("The address is not valid.", "Check the spelling of the address, and send the letter again."),
        "1.6": Plain("The mailbox has moved.", "Ask the recipient for the new address."),
        "1.7": Plain("The other server does not accept your address as a sender.", "Check your own address."),
        "1.8": Plain("The other server finds no mail server for the domain of your address.", _ASK),
        "1.10": Plain("That domain takes no mail at all.", "Check the spelling of what stands behind the @."),
        "2": Plain("The mailbox cannot take the letter.", _OTHER_WAY),
        "2.1": Plain("The mailbox is closed.", _OTHER_WAY),
        "2.2": Plain("The mailbox is full.", "Try again later, or reach the recipient in another way."),
        "2.3": Plain("The letter is larger than that mailbox takes.", "Send less at once, or share a link instead."),
        "3": Plain("The other server cannot take the letter.", "Try again later."),
        "3.1": Plain("The other server has no room left.", "Try again later."),
        "3.2": Plain("The other server takes no mail at this time.", "Try again later."),
        "3.4": Plain("The letter is too large.", "Send less at once, or share a link instead."),
        "4": Plain("The way to the other server is disturbed.", "Try again later."),
        "4.1": Plain("The other server could not be reached.", "Check what stands behind the @; try again later."),
        "4.2": Plain("The connection to the other server broke.", "Try again later."),
        "4.3": Plain("The name service had no answer for that domain.", "Try again later."),
        "4.4": Plain("No way to that domain is known.", "Check the spelling of what stands behind the @."),
        "4.5": Plain("The other server is overloaded.", "Try again later."),
        "4.6": Plain("The letter went round in a circle.", _OTHER_WAY),
        "4.7": Plain("The time in which it could be delivered is over.", "Try again later."),
        "5": Plain("The two servers did not understand each other.", _ASK),
        "5.3": Plain("The letter has too many recipients.", "Send it to fewer at once."),
        "6": Plain("The other server cannot handle the form of this letter.", "Send it as plain text."),
        "6.7": Plain(
            "The other server does not know addresses with letters beyond a to z.",
            "Ask the recipient for an address in plain Latin letters.",
        ),
        "7": Plain("The other server refused the letter.", _OTHER_WAY),
        "7.1": Plain(
            "The other server refused the letter: its rules forbid it.",
            "Read its own words below. If they are no help, reach the recipient in another way.",
        ),
        "7.8": Plain("The server on the way did not accept our login.", _ASK),
        "7.10": Plain("No protected connection could be made, and the letter may not travel without one.", _ASK),
        "7.20": Plain("The other server asks for a valid signature (DKIM) of your domain, and found none.", _ASK),
        "7.23": Plain("For the other server our address may not send for your domain (SPF).", _ASK),
        "7.25": Plain("The other server does not trust our address: its name in the DNS is missing or wrong.", _ASK),
        "7.26": Plain("The other server could not make sure that the letter is from your domain.", _ASK),
        "7.27": Plain("Your domain says of itself that it takes no mail, so nothing is taken from it.", _ASK),
        "7.28": Plain("Too much mail came to the other server at once.", "Try again later."),
        "7.30": Plain("The letter may only travel protected, and the other server does not offer that.", _OTHER_WAY),
    },
    unknown=Plain("The reason was not told in a way that we understand.", "Read the words of the other server below."),
    said="{host} said:",
    noted="What our server noted:",
    more="… and {count} more: all stand in the attached report.",
    retry="We go on trying until {date}.",
    gave_up="We tried for as long as we may, and have given up.",
    attached_whole="Attached are a report for technicians and your letter.",
    attached_header="Attached are a report for technicians and the header of your letter.",
    attached_nothing="Attached is a report for technicians.",
)
