"""Whoever publishes a new date otherwise than by the editor's button reads who will be told, and finds it again."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import Client
from django.urls import reverse
from wagtail.models import GroupApprovalTask, GroupPagePermission, Page, TaskState, Workflow, WorkflowTask

from accounts.models import User
from core import clock
from core.services.publishing import publish_due
from events.admin.publishing import tell_of_many
from events.models import Event, EventVersion, WebinarPage
from events.services import announce_changes
from tests.events.changing import WINDOW, webinar
from tests.events.screens import body, typed, url
from tests.factories import accounts
from tests.factories import core as trees
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]

TOLD = "of the change in 2 minutes."


@pytest.fixture
def person() -> User:
    return accounts.PersonFactory(admin=True)


@pytest.fixture
def publisher(client: Client, person: User) -> Client:
    return accounts.sign_in(client, person)


def with_people(number: int, **fields) -> WebinarPage:
    page = webinar(**fields)
    event = Event.objects.get(translation_key=page.translation_key)
    for name in ("Ana", "Bo", "Cy")[:number]:
        make.registered(event, name)
    return page


def drafted(page: WebinarPage, **by: int) -> WebinarPage:
    """Write a draft with the date moved, as the editor's "Save draft" does."""
    page.starts_at += timedelta(**by)
    page.ends_at += timedelta(**by)
    page.save_revision()
    return page


def publish(client: Client, *pages: Page, **fields: str):
    ticked = "&".join(f"id={page.pk}" for page in pages)
    back = reverse("wagtailadmin_explore", args=[make.section().pk])
    address = f"{reverse('wagtail_bulk_action', args=['wagtailcore', 'page', 'publish'])}?{ticked}&next={back}"
    return client.post(address, fields, follow=True)


def said(answer) -> dict[str, str]:
    """Return the first line of each message on a page about who is told, and the rest, where its button leads."""
    found = [" ".join(str(one).split()) for one in answer.context["messages"]]
    return {first: rest for first, mark, rest in (one.partition(TOLD) for one in found) if mark}


def started(page: WebinarPage, person: User) -> TaskState:
    """Return the step of a workflow that waits for somebody's yes to what was written last."""
    workflow, task = Workflow.objects.create(name="Two eyes"), GroupApprovalTask.objects.create(name="Look")
    WorkflowTask.objects.create(workflow=workflow, task=task)
    return workflow.start(page, person).current_task_state


def test_several_published_at_once_say_of_each_by_its_title_how_many_are_told_and_where_to_see_it(publisher):
    moved = [drafted(with_people(2, title="Budget"), days=1), drafted(with_people(1, title="Heat pumps"), days=1)]
    same = with_people(3, title="Bus lanes")
    found = said(publish(publisher, *moved, same))
    assert [first.partition(":")[0] for first in found] == ["“Budget”", "“Heat pumps”"]
    assert [first.partition(": ")[2].split()[0] for first in found] == ["2", "1"]
    assert [f'href="{url("news", page.pk)}"' in rest for page, rest in zip(moved, found.values(), strict=True)] == [
        True,
        True,
    ]


def test_a_draft_published_with_its_section_says_it_too_and_one_left_alone_does_not(publisher):
    page = with_people(2)
    page.unpublish()
    drafted(page, days=1)
    (first,) = said(publish(publisher, make.section(), include_descendants="on"))
    assert first.startswith("“Budget”: 2 people ")
    assert said(publish(publisher, make.section())) == {}


def test_one_occasion_ticked_in_two_languages_is_spoken_of_once(publisher):
    page = drafted(with_people(1), days=1)
    other = make.webinar(publish=False, title="Autre")
    Page.objects.filter(pk=other.pk).update(translation_key=page.translation_key, locale=trees.locale("fr"))
    assert len(said(publish(publisher, page, Page.objects.get(pk=other.pk)))) == 1


def test_whoever_may_not_publish_a_page_beneath_is_told_nothing_of_its_news(rf):
    """What they may publish is told of, also where it is the same occasion in another language."""
    pages = [drafted(with_people(1, title=title), days=1) for title in ("Budget", "Heat pumps")]
    for page in pages:
        page.latest_revision.publish()
    mine, theirs = (WebinarPage.objects.get(pk=page.pk) for page in pages)
    other = make.webinar(publish=False, title="Autre")
    Page.objects.filter(pk=other.pk).update(translation_key=mine.translation_key, locale=trees.locale("fr"))
    person = accounts.PersonFactory(is_staff=True)
    group = Group.objects.create(name="Of one page")
    rights = Permission.objects.filter(content_type__app_label="wagtailcore", codename="publish_page")
    GroupPagePermission.objects.create(group=group, page=mine.page_ptr, permission=rights.get())
    person.groups.add(group)
    request = rf.get("/")
    request.user, request.session = person, {}
    request._messages = FallbackStorage(request)
    tell_of_many(request, [make.section()], and_beneath=True)
    (told,) = [" ".join(str(one).split()) for one in request._messages]
    assert told.startswith(f"“Budget”: 1 person will be told {TOLD}")
    assert (f'href="{url("news", mine.pk)}"' in told, url("news", theirs.pk) in told) == (True, False)


@pytest.mark.parametrize("number", [1, 3])
def test_asking_whether_there_is_news_costs_the_same_for_one_page_and_for_three(rf, number, django_assert_num_queries):
    pages = [with_people(1, title=f"Page {step}") for step in range(number)]
    with django_assert_num_queries(1):
        tell_of_many(rf.get("/"), pages, and_beneath=True)


@pytest.mark.parametrize(("action", "is_told"), [("approve", True), ("reject", False)])
def test_the_last_yes_of_a_workflow_says_how_many_are_told_and_a_no_does_not(publisher, person, action, is_told):
    page = drafted(with_people(2), days=1)
    state = started(page, person)
    address = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, action, state.pk])
    found = said(publisher.post(address, {"comment": ""}, follow=True))
    assert [first.startswith("“Budget”: 2 people ") for first in found] == [True] * is_told
    assert EventVersion.objects.untold().exists() is is_told


def test_a_no_is_silent_while_an_earlier_change_still_waits(publisher, person):
    page = with_people(2)
    publish(publisher, drafted(page, days=1))
    state = started(drafted(WebinarPage.objects.get(), days=1), person)
    address = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, "reject", state.pk])
    assert said(publisher.post(address, {"comment": ""}, follow=True)) == {}


def test_a_yes_given_in_the_editor_says_how_many_are_told(publisher, person):
    page = with_people(2, capacity=None)
    started(drafted(page, hours=1), person)
    data = typed(slug=page.slug, capacity="", starts_at="2026-12-14 15:00", ends_at="2026-12-14 16:30")
    data |= {"registration_closes_at": "", "action-workflow-action": "true", "workflow-action-name": "approve"}
    (first,) = said(publisher.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), data, follow=True))
    assert first.startswith("2 people ")
    assert Event.objects.get().starts_at.day == 14


def test_a_publication_by_schedule_leads_from_editor_and_registrations_to_its_news_before_and_after(publisher, time):
    page = with_people(2)
    page.go_live_at = clock.now() + timedelta(hours=1)
    drafted(page, days=1).latest_revision.publish()
    screens = [
        reverse("wagtailadmin_pages:edit", args=[page.pk]),
        f"{reverse('registrations:index')}?event={Event.objects.get().pk}",
    ]

    def lead() -> list[bool]:
        return [f'href="{url("news", page.pk)}"' in body(publisher.get(screen)) for screen in screens]

    assert lead() == [True, True]
    time.shift(timedelta(hours=1, seconds=1))
    assert publish_due() == 1
    assert lead() == [True, True]
    assert "2 people would get this." in body(publisher.get(url("news", page.pk)))
    time.shift(WINDOW)
    announce_changes()
    assert lead() == [False, False]


def scheduled(client: Client, page: WebinarPage, *, day: int) -> list[str]:
    """Schedule the page with its date on this day of December for an hour from now; return what the editor says."""
    data = typed(slug=page.slug, capacity="", starts_at=f"2026-12-{day} 15:00", ends_at=f"2026-12-{day} 16:30")
    data |= {"registration_closes_at": "", "action-publish": "x"}
    data["go_live_at"] = f"{clock.now() + timedelta(hours=1):%Y-%m-%d %H:%M}"
    answer = client.post(reverse("wagtailadmin_pages:edit", args=[page.pk]), data, follow=True)
    return [" ".join(str(one).split()) for one in answer.context["messages"]]


def test_scheduling_another_date_says_how_many_will_be_told_and_from_when(publisher):
    found = scheduled(publisher, with_people(2, capacity=None), day=14)
    moment = f"{clock.now() + timedelta(hours=1):%Y-%m-%d %H:%M} UTC"
    words = f"The new date or venue is published at {moment}; then 2 people will be told."
    assert [words in one for one in found].count(True) == 1, found


def test_scheduling_other_words_alone_says_nothing_of_telling(publisher):
    found = scheduled(publisher, with_people(2, capacity=None), day=12)
    assert found
    assert [one for one in found if "told" in one] == []


def test_staff_who_may_read_registrations_but_not_publish_are_led_to_no_news(client):
    page = with_people(1)
    drafted(page, days=1).latest_revision.publish()
    reader = accounts.PersonFactory(is_staff=True)
    rights = Permission.objects.filter(codename__in=["access_admin", "view_registration"])
    reader.user_permissions.add(*rights)
    accounts.sign_in(client, reader)
    shown = body(client.get(f"{reverse('registrations:index')}?event={Event.objects.get().pk}"))
    assert ("Ana" in shown, url("news", page.pk) in shown) == (True, False)
