"""What tests of campaigns and of their screens share: the moment, drafts, and what a listing says."""

import re
from datetime import timedelta

from django.contrib.auth.models import Permission
from django.urls import reverse

from newsletter import editions
from newsletter.models import Campaign
from newsletter.services import prepare_campaign, start_campaign
from newsletter.services.audiences import readers
from tests.factories import accounts
from tests.factories import newsletter as make

NOW = "2026-11-22T09:00:00Z"
WINDOW = timedelta(minutes=2)


def draft(page, **audience) -> Campaign:
    return prepare_campaign(issue=page.translation_key, audience=audience)


def looked_at(campaign: Campaign) -> dict[str, str]:
    """Return what the button says of the dry run above it, as it stands now."""
    now = Campaign.objects.get(pk=campaign.pk)
    return {"seen": editions.mark(now.audience, editions.published(now.issue))}


def addresses(campaign: Campaign) -> set[str]:
    return set(readers(campaign).values_list("email", flat=True))


def after_the_window(time) -> None:
    time.shift(WINDOW)


def started(campaign: Campaign, time, *, readers: int = 1) -> Campaign:
    """Let a campaign go to p0@city.example, p1@… and as many more, and its window pass."""
    for number in range(readers):
        make.subscriber(f"p{number}@city.example")
    campaign = start_campaign(campaign_id=campaign.pk)
    after_the_window(time)
    return campaign


def url(name: str, *args: object) -> str:
    """Return where a screen of campaigns stands."""
    return reverse(f"campaigns:{name}", args=args)


def body(answer) -> str:
    return " ".join(answer.content.decode().split())


def rows(answer) -> list[list[str]]:
    """Return the words of each row of the first listing."""
    table = answer.content.decode().split('class="listing', 1)[1].split("<tbody", 1)[1].split("</tbody", 1)[0]
    found = re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)]
        for row in found
    ]


def with_rights(client, *names: str):
    person = accounts.PersonFactory(is_staff=True)
    wanted = Permission.objects.filter(codename__in=[*names, "access_admin"])
    person.user_permissions.add(*wanted)
    return accounts.sign_in(client, person)
