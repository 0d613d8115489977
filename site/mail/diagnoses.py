"""Why mail does not leave, in sentences: what `mail_doctor` and the page on the site's health tell of the outbox."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock, health
from core.diagnoses import told
from core.health import Finding, Level, Section
from core.redaction import redact
from mail import checks, kinds
from mail.enums import HELD, Reason, State, Stream
from mail.isolates import isolate
from mail.models import Message, Resend

# Replies to our name and password (RFC 4954), with the code or with its enhanced form alone.
_PASSWORD = re.compile(r"(?i)^(530|534|535|538)\b|\b5\.7\.8\b|authenticat|credential|password")
# 4.7 speaks of policy, greylisting included; 28 is Google's number for too much at once, three digits are Microsoft's.
_SLOWER = re.compile(r"(?i)\b4\.7\.(28|[5-6]\d\d)\b|\brate\b|throttl|too many|too fast|slow down")
_GREYLISTED = re.compile(r"(?i)gr[ae]y-?list")
_LOOK_BACK = timedelta(days=1)
_OVER = (Reason.EXPIRED, Reason.SENSELESS, Reason.WITHDRAWN, Reason.SUPPRESSED)
# Below so many messages a share says nothing.
_FEW = 5
_SUPPRESSED_SHARE = _FAILED_SHARE = 0.05
_MOST = 0.5
# What the receiving servers put off for so long is more than their greylists.
_LONG = timedelta(hours=1)
# What began within this time is judged by itself as well.
_LATELY = timedelta(hours=4)
_CUT_OFF = (Reason.CUT, Reason.NO_ANSWER)
_PUT_OFF = (Reason.LATER, *_CUT_OFF)
# After so long nobody decides any more whether to send again what may have arrived.
_UNDECIDED = timedelta(days=7)


def register() -> None:
    """Make the checks known; called once, when the app is ready."""
    for name, check in (
        ("mail-waiting", waiting),
        ("mail-server", server),
        ("mail-later", later),
        ("mail-cut", cut),
        ("mail-leases", leases),
        ("mail-fault", faults),
        ("mail-rate", rate),
        ("mail-unknown", unknown),
        ("mail-failed", failed),
        ("mail-suppressed", suppressed),
        ("mail-durability", durability),
    ):
        health.register(name, Section.MAIL, check)


def waiting() -> Iterator[Finding]:
    """Whether what is due leaves in time."""
    now = clock.now()
    due = Message.objects.due(now=now).aggregate(number=Count("id"), oldest=Min("due_at"))
    patience = timedelta(seconds=max(60, 4 * settings.MAIL_SWEEP_SECONDS))
    if not due["number"]:
        yield Finding("mail-waiting", Level.OK, _nothing_due())
        return
    sentence = ngettext(
        "%(number)s message should leave now; it has been due since %(time)s.",
        "%(number)s messages should leave now; the first of them has been due since %(time)s.",
        due["number"],
    ) % {"number": due["number"], "time": told(due["oldest"])}
    if now - due["oldest"] <= patience:
        yield Finding("mail-waiting", Level.OK, sentence)
        return
    yield Finding(
        "mail-waiting", Level.TROUBLE, sentence, _("The other sentences say why."), _list("state=queued&state=deferred")
    )


def _nothing_due() -> str:
    tried = Message.objects.put_off().aggregate(number=Count("id"), oldest=Min("first_tried_at"))
    if not tried["number"]:
        return _("No mail waits that should have left.")
    return ngettext(
        "No mail waits for a worker; %(number)s message waits to be tried again, first tried at %(time)s.",
        "No mail waits for a worker; %(number)s messages wait to be tried again, the first of them first tried at"
        " %(time)s.",
        tried["number"],
    ) % {"number": tried["number"], "time": told(tried["oldest"])}


def server() -> Iterator[Finding]:
    """Whether our own mail server lets us in."""
    shut_out = Message.objects.put_off().filter(reason=Reason.UNREACHABLE)
    number, reply, _share = _most_frequent(shut_out)
    if not number:
        return
    words = {"number": number, "reply": isolate(reply)}
    if since := _accepted_since(shut_out):
        yield _reached_again(number, since, words)
        return
    if _PASSWORD.search(reply):
        sentence = _("The mail server refuses our name or password. It said: %(reply)s") % words
        advice = _("Mend EMAIL_URL and restart the workers; all that waits then leaves by itself.")
    else:
        sentence = _("The mail server cannot be reached, or does not let us in. It said: %(reply)s") % words
        advice = _("See whether it runs and whether EMAIL_URL names it; all that waits then leaves by itself.")
    if settings.MAIL_PROVIDER:
        sentence = _("The mail provider cannot be reached, or does not let us in. It said: %(reply)s") % words
        advice = _(
            "Mend MAIL_PROVIDER or the ANYMAIL settings and restart the workers; all that waits then leaves by itself."
        )
    waiting_for_it = ngettext("%(number)s message waits for it.", "%(number)s messages wait for it.", number) % {
        "number": number
    }
    yield Finding("mail-server", Level.TROUBLE, f"{sentence} {waiting_for_it}", advice, _list("state=deferred"))


def _accepted_since(shut_out: QuerySet[Message]) -> datetime | None:
    """Return when messages met a closed door last, where others have been accepted since."""
    tried = shut_out.aggregate(first=Max("first_tried_at"), last=Max("tries__started_at"))
    last = max((one for one in tried.values() if one is not None), default=None)
    is_open = last and Message.objects.finished().filter(state=State.ACCEPTED, finished_at__gt=last).exists()
    return last if is_open else None


def _reached_again(number: int, since: datetime, words: dict[str, Any]) -> Finding:
    sentence = _("The mail server could not be reached, or did not let us in, at %(time)s. It said: %(reply)s") % {
        **words,
        "time": told(since),
    }
    accepted = ngettext(
        "It has accepted mail since; %(number)s message waits to be tried again.",
        "It has accepted mail since; %(number)s messages wait to be tried again.",
        number,
    ) % {"number": number}
    advice = _("Nothing to do, unless it goes on: what waits is tried again by itself.")
    return Finding("mail-server", Level.ATTENTION, f"{sentence} {accepted}", advice, _list("state=deferred"))


def later() -> Iterator[Finding]:
    """Whether the receiving servers put off much of what should have left, or put it off for long."""
    words = _put_off([Reason.LATER])
    if not words:
        return
    sentence = ngettext(
        "%(number)s message, %(percent)s%% of what should have left, was put off by the receiving server, first at"
        " %(time)s.",
        "%(number)s messages, %(percent)s%% of what should have left, were put off by the receiving servers, the first"
        " at %(time)s.",
        words["number"],
    )
    reply = _said_most(words["share"]) if words["number"] > 1 else _("It said: %(reply)s")
    if _SLOWER.search(words["reply"]) and not _GREYLISTED.search(words["reply"]):
        advice = _("They find us too fast: lower the rate, or send from a name with a longer history.")
    else:
        advice = _("They are tried again by themselves; look what the words ask for.")
    yield Finding("mail-later", _gravity(), f"{sentence} {reply}" % words, advice, _list("state=deferred"))


def cut() -> Iterator[Finding]:
    """Whether connections break in the middle of much of what should have left, or have done so for long."""
    words = _put_off(_CUT_OFF)
    if not words:
        return
    sentence = ngettext(
        "The connection broke at %(number)s message, %(percent)s%% of what should have left, first at %(time)s.",
        "The connection broke at %(number)s messages, %(percent)s%% of what should have left, first at %(time)s.",
        words["number"],
    )
    reply = _("What was noted: %(reply)s")
    if words["number"] > 1:
        reply = ngettext(
            "Noted most, %(share)s time: %(reply)s", "Noted most, %(share)s times: %(reply)s", words["share"]
        )
    advice = _("They are tried again by themselves; see what ends the connections, on the way or at the other end.")
    yield Finding("mail-cut", _gravity(), f"{sentence} {reply}" % words, advice, _list("state=deferred"))


def _said_most(share: int) -> str:
    """Return the sentence on the most frequent reply, which may have come but once, with a hole for it."""
    return ngettext("Said most, %(share)s time: %(reply)s", "Said most, %(share)s times: %(reply)s", share)


def _put_off(reasons: Collection[Reason]) -> dict[str, Any]:
    """Return the words about mail that waits for one of these reasons; none if that is neither much nor old.

    It is measured by what should have left: what is due, in hand or to be tried again. What was asked for next week
    says nothing.
    """
    now = clock.now()
    found = Message.objects.put_off().filter(reason__in=reasons)
    number, reply, share = _most_frequent(found)
    if not number:
        return {}
    unsent = Message.objects.unsent(now=now).count()
    together = Message.objects.put_off().filter(reason__in=_PUT_OFF)
    oldest = found.aggregate(oldest=Min("first_tried_at"))["oldest"]
    if oldest is None:
        # Taken by a worker between the two looks.
        return {}
    is_old = number >= _FEW and now - oldest > _LONG
    if not is_old and together.count() <= unsent * _MOST:
        return {}
    return {
        "number": number,
        "percent": round(100 * number / max(unsent, number)),
        "time": told(oldest),
        "share": share,
        "reply": isolate(reply),
    }


def _gravity() -> Level:
    """Tell how ill it is that mail is put off: trouble, if for long little else has come of what was tried.

    Of a mailing to thousands a few mailboxes stay full for days, at last alone in the queue: no reason to wake anybody.
    Nor do the good days before it hide an hour in which nothing arrives.
    """
    now = clock.now()
    put_off = Message.objects.put_off().filter(reason__in=_PUT_OFF)
    lately = put_off.filter(first_tried_at__gte=now - _LATELY)
    is_ill = any(_is_most_of_what_was_tried(found, now) for found in (put_off, lately))
    return Level.TROUBLE if is_ill else Level.ATTENTION


def _is_most_of_what_was_tried(put_off: QuerySet[Message], now: datetime) -> bool:
    facts = put_off.aggregate(number=Count("id"), oldest=Min("first_tried_at"))
    number, oldest = facts["number"], facts["oldest"]
    if number < _FEW or now - oldest <= _LONG:
        return False
    arrived = Message.objects.filter(state=State.ACCEPTED, first_tried_at__gte=oldest).count()
    return number > (number + arrived) * _MOST


def leases() -> Iterator[Finding]:
    """Whether messages lie with workers that are gone."""
    now = clock.now()
    lost = Message.objects.held().filter(leased_until__lt=now)
    facts = lost.aggregate(number=Count("id"), oldest=Min("leased_until"))
    if not facts["number"]:
        return
    sentence = ngettext(
        "%(number)s message is held by a worker whose lease ran out at %(time)s: it was killed.",
        "%(number)s messages are held by workers whose leases ran out, the first at %(time)s: they were killed.",
        facts["number"],
    ) % {"number": facts["number"], "time": told(facts["oldest"])}
    is_swept = now - facts["oldest"] <= timedelta(seconds=4 * settings.MAIL_SWEEP_SECONDS)
    yield Finding(
        "mail-leases",
        Level.ATTENTION if is_swept else Level.TROUBLE,
        sentence,
        _("The next sweep takes them back.")
        if is_swept
        else _("The sweep should have taken them back: is beat running?"),
        _list("&".join(f"state={state}" for state in sorted(HELD))),
    )


def faults() -> Iterator[Finding]:
    """Whether messages wait that the program cannot write."""
    unwritable = Message.objects.put_off().filter(reason=Reason.UNRENDERABLE)
    for row in unwritable.values("kind", "last_reply").annotate(number=Count("id")).order_by("kind", "last_reply"):
        yield Finding(
            "mail-fault",
            Level.TROUBLE,
            ngettext(
                "Messages of the kind “%(kind)s” cannot be written (%(problem)s); %(number)s waits.",
                "Messages of the kind “%(kind)s” cannot be written (%(problem)s); %(number)s wait.",
                row["number"],
            )
            % {"kind": kinds.label(row["kind"]), "problem": isolate(row["last_reply"]), "number": row["number"]},
            _("This is a fault in the program: the log has the reason. They leave by themselves once it is mended."),
            _list("state=deferred"),
        )


def rate() -> Iterator[Finding]:
    """Whether our own rate is what holds mail up, and for how long."""
    for stream, per_second in getattr(settings, "MAIL_RATES", {}).items():
        number = Message.objects.due(now=clock.now()).filter(stream=stream).count()
        minutes = round(number / per_second / 60) if per_second else 0
        if minutes:
            yield Finding(
                "mail-rate",
                Level.ATTENTION,
                ngettext(
                    "Mail %(stream)s leaves at the set rate of %(rate)s a second: what waits needs %(minutes)s minute.",
                    "Mail %(stream)s leaves at the set rate of %(rate)s a second: what waits needs %(minutes)s"
                    " minutes.",
                    minutes,
                )
                % {"stream": Stream(stream).label, "rate": per_second, "minutes": minutes},
                _("Raise MAIL_RATE or MAIL_BULK_RATE if your mail server allows it."),
            )


def unknown() -> Iterator[Finding]:
    """Whether staff should decide about messages of which nobody knows whether they arrived."""
    # Where a repeat had no sense any more, sending it again would have none either; what was sent again is decided, and
    # so is a copy after which another one was sent.
    now = clock.now()
    later = Resend.objects.filter(
        original=OuterRef("resent_from__original"), number__gt=OuterRef("resent_from__number")
    )
    undecided = Message.objects.unknown().exclude(reason__in=_OVER).filter(finished_at__gte=now - _UNDECIDED)
    is_new = Q(finished_at__gte=now - _LOOK_BACK)
    facts = undecided.filter(~Exists(later), resends=None).aggregate(
        new=Count("id", filter=is_new), old=Count("id", filter=~is_new)
    )
    advice = _("Nothing more happens to them unless you send them again.")
    if facts["new"]:
        sentence = ngettext(
            "Of %(number)s message of the last day nobody knows whether it arrived.",
            "Of %(number)s messages of the last day nobody knows whether they arrived.",
            facts["new"],
        ) % {"number": facts["new"]}
        yield Finding("mail-unknown", Level.ATTENTION, sentence, advice, _list("state=unknown"))
    if facts["old"]:
        sentence = ngettext(
            "Of %(number)s message of the days before nobody knows whether it arrived, and nobody has sent it again.",
            "Of %(number)s messages of the days before nobody knows whether they arrived, and nobody has sent them"
            " again.",
            facts["old"],
        ) % {"number": facts["old"]}
        yield Finding("mail-unknown", Level.ATTENTION, sentence, advice, _list("state=unknown"))


def failed() -> Iterator[Finding]:
    """Whether an unusual share of the mail is refused for good, and what is said most."""
    total = _recent().exclude(state__in=[State.CANCELLED, State.SUPPRESSED]).count()
    number, reply, share = _most_frequent(_recent().filter(state=State.FAILED))
    if number < _FEW or number <= total * _FAILED_SHARE:
        return
    words = {"number": number, "total": total, "reply": isolate(reply), "share": share}
    sentence = _("%(number)s of %(total)s messages that were tried failed in the last day.")
    if number > total * _MOST:
        level = Level.TROUBLE
        advice = _("When most is refused, the fault is rather ours: look what the words ask for, then send them again.")
    else:
        level = Level.ATTENTION
        advice = _("Look what the words ask for.")
    yield Finding("mail-failed", level, f"{sentence} {_said_most(share)}" % words, advice, _list("state=failed"))


def suppressed() -> Iterator[Finding]:
    """Whether an unusual share of the mail goes to addresses that must not be written to."""
    by_state = Counter(dict(_recent().order_by().values_list("state").annotate(Count("id"))))
    number, total = by_state[State.SUPPRESSED], by_state.total()
    if number >= _FEW and number > total * _SUPPRESSED_SHARE:
        yield Finding(
            "mail-suppressed",
            Level.ATTENTION,
            _("%(number)s of %(total)s messages of the last day were for addresses on the suppression list.")
            % {"number": number, "total": total},
            _("Whoever asks for these mails should learn why the addresses are on it."),
            _list("state=suppressed"),
        )


def durability() -> Iterator[Finding]:
    """Whether the database has been told since the last migration to forget in a crash what it committed."""
    if checks.forgets_commits():
        yield Finding(
            "mail-durability",
            Level.TROUBLE,
            _("The database commits asynchronously: after a crash, mail that has left would be sent twice."),
            _("Set synchronous_commit to on in PostgreSQL, and for the site's role and database."),
        )


def _recent() -> QuerySet[Message]:
    return Message.objects.finished().filter(finished_at__gte=clock.now() - _LOOK_BACK)


def _most_frequent(messages: QuerySet[Message]) -> tuple[int, str, int]:
    """Return how many there are, the reply that most of them have, and how many have it."""
    replies: Counter[str] = Counter()
    for reply, number in messages.order_by().values_list("last_reply").annotate(number=Count("id")):
        # Many servers repeat the address, which would make each reply the only one of its kind.
        replies[redact(reply)] += number
    if not replies:
        return 0, "", 0
    (reply, share), *_rest = replies.most_common(1)
    return replies.total(), reply or "–", share


def _list(query: str) -> str:
    return f"{reverse('outbox:index')}?{query}"
