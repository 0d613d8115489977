"""What staff read on the screens of a cohort of whom it tells what, and what the mail server took then."""

import re
from html import unescape

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from learning.models import Cohort, Enrolment
from learning.services import notices
from mail.models import Message
from tests.factories import learning as make

HEADINGS = (
    "Seats for those who wait",
    "Invitations",
    "Places on the waiting list",
    "Declined applications",
    "No seat for those who wait",
    "To the coordinators of these teams",
)


def shown(browser: Client, name: str, cohort: Cohort) -> str:
    """Return the words of a screen of a cohort."""
    html = browser.get(reverse(f"cohorts:{name}", args=[cohort.pk])).content.decode()
    main = html[html.index("<main") :]
    return " ".join(re.sub("[\u2066-\u2069]", "", unescape(re.sub(r"<[^>]+>", " ", main))).split())


def parts(words: str) -> list[tuple[str, str]]:
    """Return the heading of each part of a rehearsal, with how many would get it."""
    return re.findall(rf"({'|'.join(HEADINGS)}) (\d+ \w+ would get this\.)", words)


def told(kind: str) -> list[str]:
    """Return who is written to with mails of a kind."""
    return list(Message.objects.filter(kind=kind).order_by("pk").values_list("to_address", flat=True))


def is_read_in(cohort: Cohort, language: str, *names: str) -> None:
    Enrolment.objects.filter(cohort=cohort, name__in=names).update(language=language)


def full_cohort(*names: str) -> Cohort:
    """Return a cohort whose only seat Ana holds, and for which these wait, Bo in French."""
    cohort = make.cohort(seats=1)
    for name in ("Ana", *names):
        make.invited(cohort, name)
    is_read_in(cohort, "fr", "Bo")
    return cohort


def posted(browser: Client, cohort: Cohort, **fields) -> str:
    """Post the form of a cohort with these fields changed; return the words of the page that follows."""
    address = reverse("cohorts:edit", args=[cohort.pk])
    form = browser.get(address).context["form"]
    given = {field.html_name: field.value() for field in form} | fields
    if "agreed" in fields:
        asked = browser.post(address, {name: value for name, value in given.items() if value not in (None, False)})
        given["asked_about"] = asked.context["form"]["asked_about"].value()
    answer = browser.post(
        address, {name: value for name, value in given.items() if value not in (None, False)}, follow=True
    )
    assert answer.redirect_chain
    return " ".join(unescape(re.sub(r"<(?!a )[^>]+>", " ", answer.content.decode())).split())


def got(server) -> list[tuple[str, str]]:
    """Return kind and reader of what the mail server took, coordinators left out."""
    by_id = dict(Message.objects.values_list("message_id", "kind"))
    found = [(by_id[one.message_id], one.recipients[0]) for one in server.accepted]
    return sorted((kind, to) for kind, to in found if kind in (*notices.AGAIN, notices.CALLED_OFF))


def statements(browser: Client, name: str, cohort: Cohort) -> int:
    shown(browser, name, cohort)
    with CaptureQueriesContext(connection) as found:
        shown(browser, name, cohort)
    return len(found)
