"""One command takes the demo away and leaves what staff and people made beside it."""

import pytest
from django.core.management import call_command
from wagtail.models import Page

from accounts.models import User
from demo import content
from demo.services.people import GUESTS
from events.models import Event, JoinLink, Registration, Reminder, ReminderRule
from events.services import arm, set_join_link
from learning.models import Course, Module, Unit
from mail.models import Mailing, Message
from newsletter.models import Campaign, Subscriber
from newsletter.services import prepare_campaign, start_campaign
from tests.factories import core
from tests.factories import events as make
from tests.factories import learning as lessons
from tests.factories import newsletter as letters
from tests.factories.accounts import PersonFactory

pytestmark = pytest.mark.django_db


def a_webinar(**fields: object) -> Event:
    """Publish a webinar with a join link, an armed reminder and somebody who registered."""
    event = make.event(starts_at=make.in_days(3), **fields)
    set_join_link(translation_key=event.translation_key, url="https://meet.example.org/x")
    arm(rule_id=ReminderRule.objects.filter(translation_key=event.translation_key).earliest("pk").pk)
    make.registered(event)
    return event


def a_course(parent: Page, slug: str | None = None) -> None:
    """Publish a course of one module and one unit; with a slug, those that the demo's first course has."""
    parts = ["learning"]
    if slug:
        course = next(one for one in content.read("courses") if one["slug"] == slug)
        parts += [slug, course["modules"][0]["slug"], course["modules"][0]["units"][0]["slug"]]
    keys = [{"translation_key": content.key(*parts[: end + 1])} if slug else {} for end in (1, 2, 3)]
    page = lessons.course_page(parent=parent, **keys[0])
    lessons.unit_page(lessons.module_page(page, **keys[1]), **keys[2])


def a_campaign(parent: Page, subscriber: dict, **fields: object) -> None:
    """Publish an issue of the newsletter and start sending it to one more reader; in France, for one campaign each."""
    letters.subscriber(country="FR" if fields else "BE", **subscriber)
    page = letters.issue(parent=parent, **fields)
    audience = {"countries": ["FR" if fields else "BE"]}
    start_campaign(campaign_id=prepare_campaign(issue=page.translation_key, audience=audience).pk)


def left() -> dict[str, int]:
    models = (Page, Event, Registration, ReminderRule, Reminder, JoinLink, Message, Course, Module, Unit, User)
    models += (Campaign, Mailing, Subscriber)
    return {model.__name__: model.objects.count() for model in models}


def test_it_takes_the_demo_and_leaves_the_rest():
    home = core.site_root()
    events, courses, news = make.section(home), lessons.section(home), letters.section(home)
    a_webinar(parent=events)
    a_course(courses)
    a_campaign(news, {})
    PersonFactory()
    before = left()
    a_webinar(parent=events, translation_key=content.key("events", content.read("webinars")[0]["slug"]))
    a_course(courses, content.read("courses")[0]["slug"])
    key = content.key("news", content.read("newsletters")[0]["slug"])
    a_campaign(news, {"uuid": content.key("subscriber", GUESTS[0].email)}, translation_key=key)
    PersonFactory(email=GUESTS[0].email)
    with_demo = left()
    assert [with_demo[name] - before[name] for name in before] == [5, 1, 1, 3, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1]
    call_command("demo_remove")
    assert left() == before
    call_command("demo_remove")
    assert left() == before
