"""Removes what the demo loaded, and nothing else."""

from django.db import transaction
from wagtail.models import Page, PageLogEntry
from wagtail_localize.models import String, Template

from accounts.models import User
from demo import content
from demo.services.people import GUESTS
from events.models import Event, JoinLink, Registration, ReminderRule
from learning.models import Cohort, Course, Enrolment, Module, TeamRequest, Unit
from mail.models import Mailing, Message, Variant
from newsletter.models import Campaign, Subscriber


@transaction.atomic
def remove_demo() -> dict[str, int]:
    """Remove demo pages, records, registrations, cohorts, their mails and sign-ins; return how many of each.

    Vocabularies, cities, sections and site texts stay: they belong to every installation. So does the log of consents,
    which nobody can delete from; it forgets whose those of the demo's sign-ins were.
    """
    keys = _keys()
    events = Event.objects.filter(translation_key__in=keys)
    registrations = Registration.objects.filter(event__in=events)
    removed = {"registrations": registrations.count()}
    Message.objects.filter(params__registration__in=list(registrations.values_list("pk", flat=True))).delete()
    registrations.delete()
    removed["subscribers"] = _remove_newsletters(keys)
    removed["pages"] = _remove_pages(keys)
    removed["events"] = events.count()
    events.delete()
    for by_key in (JoinLink, ReminderRule):
        by_key.objects.filter(translation_key__in=keys).delete()
    removed["cohorts"] = _remove_cohorts(keys)
    removed["courses"] = Course.objects.filter(translation_key__in=keys).count()
    for model in (Unit, Module, Course):
        model.objects.filter(translation_key__in=keys).delete()
    coordinators = [entry["email"] for entry in content.read("cohorts")["coordinators"]]
    people = User.objects.filter(email__in=[*(guest.email for guest in GUESTS), *coordinators])
    removed["people"] = people.count()
    people.delete()
    return removed


def _remove_cohorts(keys: list) -> int:
    """Delete the cohorts of the demo's courses with their teams, learners and mails; return how many went."""
    cohorts = Cohort.objects.filter(course__translation_key__in=keys)
    enrolments = Enrolment.objects.filter(cohort__in=cohorts)
    Message.objects.filter(params__enrolment__in=list(enrolments.values_list("pk", flat=True))).delete()
    enrolments.delete()
    TeamRequest.objects.filter(cohort__in=cohorts).delete()
    count = cohorts.count()
    cohorts.delete()
    return count


def _remove_newsletters(keys: list) -> int:
    """Delete the campaigns of the demo's issues with their mails, and who was subscribed to them; return how many."""
    campaigns = Campaign.objects.filter(issue__in=keys)
    mailings = list(campaigns.exclude(mailing=None).values_list("mailing", flat=True))
    messages = Message.objects.filter(mailing__in=mailings)
    words = list(messages.exclude(variant=None).values_list("variant", flat=True).distinct())
    messages.delete()
    Variant.objects.filter(pk__in=words, messages=None).delete()
    campaigns.delete()
    Mailing.objects.filter(pk__in=mailings).delete()
    subscribers = Subscriber.objects.filter(uuid__in=[content.key("subscriber", guest.email) for guest in GUESTS])
    count = subscribers.count()
    subscribers.delete()
    return count


def _keys() -> list:
    keys = [content.key("events", webinar["slug"]) for webinar in content.read("webinars")]
    keys += [content.key("news", issue["slug"]) for issue in content.read("newsletters")]
    for course in content.read("courses"):
        above = ("learning", course["slug"])
        keys.append(content.key(*above))
        for module in course["modules"]:
            keys.append(content.key(*above, module["slug"]))
            keys += [content.key(*above, module["slug"], unit["slug"]) for unit in module["units"]]
    return keys


def _remove_pages(keys: list) -> int:
    """Delete the pages from the leaves up, each language for itself, with what names them; return how many went."""
    pages = list(Page.objects.filter(translation_key__in=keys).order_by("-depth"))
    # Sentences and their frames stay behind when the last page that has them goes.
    kept_apart = [
        (model, list(model.objects.filter(segments__source__object__in=keys).values_list("pk", flat=True).distinct()))
        for model in (String, Template)
    ]
    for page in pages:
        page.specific.delete()
    for model, found in kept_apart:
        model.objects.filter(pk__in=found, segments=None).delete()
    # Page numbers are never given twice, so nothing but the demo's own history goes.
    PageLogEntry.objects.filter(page__in=[page.pk for page in pages]).delete()
    return len(pages)
