"""The letters of the sandbox: a thread, a newsletter, attachments, many scripts, a bounce."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.folder import INBOX
from mailstead.ground.model.ids import Instant


@dataclass(frozen=True, slots=True)
class Sample:
    """One letter and where it lies."""

    account: str  # local part in the sandbox's domain
    folder: str
    data: bytes
    flags: Flags
    at: Instant


SEEN = Flags(Flag.SEEN)
NEW = Flags()

THREAD = (
    ("ada", "you", "Can you have a look at the boat before Sunday? The rope on the left is nearly through."),
    ("you", "ada", "I will. Do we still have the blue rope in the shed?"),
    ("ada", "you", "Half of it. The rest went into the swing."),
    ("you", "ada", "Then I'll bring some. Ten metres?"),
    ("ada", "you", "Twelve, to be safe. And bring bread."),
)

SCRIPTS = (
    ("Grüße aus Köln", "Jürgen Weiß", "Schöne Grüße! Der Dom steht noch, die Brücke auch."),
    ("Une petite question", "Hélène Lefèvre", "Est-ce que vous venez dimanche ? On mangera vers treize heures."),
    ("Пишу тебе из Вильнюса", "Ольга Миронова", "Здесь тепло, и черешня уже поспела."),
    ("春のお知らせ", "佐藤 花子", "桜が咲きました。週末に散歩しませんか。"),
    ("关于周末的安排", "王小明", "我们周六上午九点在车站见面,好吗?"),
    ("تحية من القاهرة", "ليلى حسن", "وصلنا بخير والطقس جميل."),
    ("שלום מחיפה", "נועה לוי", "הגענו בשלום. הים שקט."),
    ("नमस्ते", "अनिता शर्मा", "बगीचे में आम पक गए हैं।"),
    ("Καλημέρα", "Ελένη Παππά", "Το καΐκι φεύγει στις επτά."),
    ("สวัสดีจากเชียงใหม่", "มาลี ใจดี", "ฝนตกแล้ว ต้นไม้เขียวมาก"),
    ("안녕하세요", "김민지", "내일 점심 같이 먹어요."),
    ("🌱 first leaves", "Ada", "Look what came up overnight 🌱🌱"),
)

NOTES = (
    ("Shed key", "The key hangs behind the clock, not under the pot any more."),
    ("Minutes of Tuesday", "Present: eleven. Decided: the fence is green. Open: who paints it."),
    ("Bread on Friday", "Two rye, one wheat. Put your name on the list by Thursday."),
    ("Lost: one glove", "Left hand, grey wool, last seen at the landing stage."),
    ("Library hours", "From Monday on we open at nine and close at six."),
    ("Water is off on Monday", "Between eight and ten the main is being mended. Fill a bucket."),
    ("Recipe as promised", "Four eggs, a handful of nettles, patience."),
    ("Train changed", "The 17:04 now leaves at 16:58. Don't run, walk early."),
    ("Photographs", "They are on the table in the hall, sorted by nobody."),
    ("Thank you", "For the ladder, the tea and the company."),
)

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)


class _Desk:
    """Writes letters, one quarter of an hour apart, ending now."""

    def __init__(self, domain: str, now: Instant) -> None:
        self._domain = domain
        self._at = datetime.fromtimestamp(now / 1000, tz=UTC) - timedelta(hours=14)
        self._count = 0

    def begin(self, sender: str, to: str, subject: str) -> EmailMessage:
        """The headers of the next letter."""
        self._at += timedelta(minutes=15)
        self._count += 1
        message = EmailMessage(policy=SMTP)
        message["Date"] = format_datetime(self._at)
        message["From"] = sender
        message["To"] = to
        message["Subject"] = subject
        message["Message-ID"] = f"<sample-{self._count}@{self._domain}>"
        return message

    def file(self, account: str, message: EmailMessage, flags: Flags = NEW, folder: str = INBOX) -> Sample:
        """Finish it."""
        data = message.as_bytes()
        return Sample(account, folder, data, flags, Instant(int(self._at.timestamp() * 1000)))


def samples(domain: str, now: Instant) -> Iterator[Sample]:
    """A few dozen letters for `you`, `ada` and the shared `team`."""
    desk = _Desk(domain, now)
    yield from _notes(desk, domain)
    yield from _scripts(desk, domain)
    yield from _thread(desk, domain)
    yield _newsletter(desk, domain)
    yield _attachments(desk, domain)
    yield _forwarded(desk, domain)
    yield _bounce(desk, domain)
    yield _welcome(desk, domain)


def _notes(desk: _Desk, domain: str) -> Iterator[Sample]:
    for subject, text in NOTES:
        message = desk.begin(f"Club desk <desk@{domain}>", f"team@{domain}", subject)
        message.set_content(f"{text}\n\n-- \nThe desk\n")
        yield desk.file("team", message, SEEN if "Train" in subject else NEW)
        yield desk.file("you", message, SEEN)


def _scripts(desk: _Desk, domain: str) -> Iterator[Sample]:
    for subject, name, text in SCRIPTS:
        message = desk.begin("", f"You <you@{domain}>", subject)
        message.replace_header("From", f'"{name}" <friend@elsewhere.example>')
        message.set_content(text + "\n")
        yield desk.file("you", message)


def _thread(desk: _Desk, domain: str) -> Iterator[Sample]:
    earlier: list[str] = []
    for sender, receiver, text in THREAD:
        subject = "The boat" if not earlier else "Re: The boat"
        message = desk.begin(f"{sender.title()} <{sender}@{domain}>", f"{receiver}@{domain}", subject)
        if earlier:
            message["In-Reply-To"] = earlier[-1]
            message["References"] = " ".join(earlier)
        message.set_content(text + "\n")
        earlier.append(str(message["Message-ID"]))
        yield desk.file(receiver, message, SEEN)
        yield desk.file(sender, message, SEEN, folder="Sent")


def _newsletter(desk: _Desk, domain: str) -> Sample:
    message = desk.begin("Garden Post <news@garden.example>", f"you@{domain}", "Garden Post: what to sow this week")
    message["List-Id"] = "Garden Post <post.garden.example>"
    message["List-Unsubscribe"] = "<https://garden.example/unsubscribe?u=7>, <mailto:leave@garden.example>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Precedence"] = "bulk"
    message.set_content("Broad beans, spinach and hope.\n\nUnsubscribe: https://garden.example/unsubscribe?u=7\n")
    message.add_alternative(
        "<html><body><h1>What to sow</h1><p>Broad beans, spinach and <em>hope</em>.</p>"
        '<img src="https://garden.example/open.gif?u=7" width="1" height="1" alt="">'
        '<p><a href="https://garden.example/unsubscribe?u=7">Unsubscribe</a></p></body></html>\n',
        subtype="html",
    )
    return desk.file("you", message)


def _attachments(desk: _Desk, domain: str) -> Sample:
    message = desk.begin(f"Ada <ada@{domain}>", f"you@{domain}", "Plan and list")
    message.set_content("The plan as a picture, the list as a table.\n\nAda\n")
    message.add_attachment(PIXEL, maintype="image", subtype="png", filename="plan.png")
    rows = "".join(f"{n};plank {n};{n * 12} cm\n" for n in range(1, 400))
    message.add_attachment(rows.encode(), maintype="text", subtype="csv", filename="Bretter für das Boot.csv")
    return desk.file("you", message, Flags(Flag.FLAGGED))


def _forwarded(desk: _Desk, domain: str) -> Sample:
    inner = desk.begin("Harbour <office@harbour.example>", f"ada@{domain}", "Your berth")
    inner.set_content("Berth 14 is yours until October.\n")
    message = desk.begin(f"Ada <ada@{domain}>", f"you@{domain}", "Fwd: Your berth")
    message.set_content("See below!\n")
    message.add_attachment(inner)
    return desk.file("you", message)


def _bounce(desk: _Desk, domain: str) -> Sample:
    message = desk.begin("Mail delivery <mailer-daemon@elsewhere.example>", f"you@{domain}", "Undelivered: Hello?")
    message["Auto-Submitted"] = "auto-replied"
    report = (
        "Reporting-MTA: dns; mx.elsewhere.example\r\n\r\n"
        "Final-Recipient: rfc822; nobody@elsewhere.example\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User not found\r\n"
    )
    original = f"From: you@{domain}\r\nTo: nobody@elsewhere.example\r\nSubject: Hello?\r\n\r\n"
    boundary = "report-boundary-1"
    parts = (
        "Content-Type: text/plain\r\n\r\nYour letter to nobody@elsewhere.example found nobody of that name.\r\n",
        f"Content-Type: message/delivery-status\r\n\r\n{report}",
        f"Content-Type: text/rfc822-headers\r\n\r\n{original}",
    )
    message["MIME-Version"] = "1.0"
    message["Content-Type"] = f'multipart/report; report-type=delivery-status; boundary="{boundary}"'
    body = "".join(f"--{boundary}\r\n{part}" for part in parts) + f"--{boundary}--\r\n"
    message.set_payload(body)
    return desk.file("you", message)


def _welcome(desk: _Desk, domain: str) -> Sample:
    message = desk.begin(f"Mailstead <postmaster@{domain}>", f"you@{domain}", "Welcome to your sandbox")
    message.set_content(
        "This is a real mail server, on your machine and for you alone.\n\n"
        "Nothing here leaves the machine. Send a letter to you@, ada@ or team@ over SMTP and watch it arrive.\n"
        "Everything lies in one folder; remove it and the sandbox is gone.\n"
    )
    return desk.file("you", message)
