"""Publishing outside the editor: several pages at once, a section with its drafts, the last step of a workflow."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import Client
from django.urls import reverse
from wagtail.models import GroupApprovalTask, Page, Workflow, WorkflowTask

from core.admin.publishing import Publish
from events.models import Event, WebinarPage
from events.services import clone_webinar
from tests.factories import accounts
from tests.factories import core as trees
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]

INCOMPLETE = "Open it and publish it there: you are shown what is missing."
TAKEN = "Another published event has this address already. Choose another slug."


@pytest.fixture
def admin(client: Client) -> Client:
    return accounts.sign_in(client, accounts.PersonFactory(admin=True))


@pytest.fixture
def whole() -> WebinarPage:
    """A draft that lacks nothing; asked for before the clone, it comes before it in the tree."""
    return make.webinar(publish=False, title="Budget")


@pytest.fixture
def clone() -> WebinarPage:
    """A draft without dates, as cloning makes it."""
    return clone_webinar(page=make.live_webinar(title="Heat pumps"), title="Heat pumps again", by=accounts.editor())


def publish(client: Client, *pages: Page, **fields: str):
    """Tick the pages in the explorer, press Publish and confirm it; return what the explorer says then."""
    ticked = "&".join(f"id={page.pk}" for page in pages)
    back = reverse("wagtailadmin_explore", args=[make.section().pk])
    url = f"{reverse('wagtail_bulk_action', args=['wagtailcore', 'page', 'publish'])}?{ticked}&next={back}"
    assert client.get(url).status_code == 200
    return client.post(url, fields, follow=True)


def told(answer) -> list[tuple[str, str]]:
    """Return the messages on a page: their level and first line."""
    return [(one.level_tag, str(one).strip().partition("\n")[0].strip()) for one in answer.context["messages"]]


def live(*pages: Page) -> list[bool]:
    return [Page.objects.get(pk=page.pk).live for page in pages]


def test_complete_drafts_are_published_with_their_events(admin):
    drafts = [make.webinar(publish=False, title=title) for title in ("Budget", "Bus lanes")]
    answer = publish(admin, *drafts)
    assert told(answer) == [("success", "2 pages have been published")]
    assert live(*drafts) == [True, True]
    assert sorted(Event.objects.values_list("title", flat=True)) == ["Budget", "Bus lanes"]


def test_a_clone_without_dates_is_named_and_nothing_is_published(admin, whole, clone):
    answer = publish(admin, whole, clone)
    assert (answer.status_code, told(answer)) == (
        200,
        [("error", f"Nothing has been published, because of “Heat pumps again”. {INCOMPLETE}")],
    )
    assert reverse("wagtailadmin_pages:edit", args=[clone.pk]) in answer.content.decode()
    assert (live(whole, clone), list(Event.objects.values_list("title", flat=True))) == ([False, False], ["Heat pumps"])


def test_a_draft_beneath_a_section_is_named_and_the_section_stays_as_it_was(admin, whole, clone):
    section = make.section()
    section.title = "Our events"
    section.save_revision()
    answer = publish(admin, section, include_descendants="on")
    assert told(answer) == [("error", f"Nothing has been published, because of “Heat pumps again”. {INCOMPLETE}")]
    assert (live(whole, clone), make.section().title) == ([False, False], "Events")


def test_with_a_section_its_complete_drafts_are_published(admin):
    drafts = [make.webinar(publish=False, title=title) for title in ("Budget", "Bus lanes")]
    answer = publish(admin, make.section(), include_descendants="on")
    assert told(answer) == [("success", "1 page and 2 child pages have been published")]
    assert (live(*drafts), Event.objects.count()) == ([True, True], 2)


def test_an_address_that_another_event_has_is_said_in_words(admin):
    make.live_webinar(slug="budget")
    elsewhere = trees.child(make.section().get_parent(), "more", type(make.section()))
    second = make.webinar(publish=False, parent=elsewhere, slug="budget", title="Budget again")
    answer = publish(admin, second)
    assert told(answer) == [("error", f"Nothing has been published, because of “Budget again”. {TAKEN}")]
    assert (live(second), Event.objects.count()) == ([False], 1)


@pytest.mark.parametrize("beneath", [False, True])
def test_whoever_may_not_publish_publishes_nothing_by_asking_for_many(whole, beneath):
    stranger = accounts.PersonFactory(is_staff=True)
    asked = [make.section()] if beneath else [whole]
    with pytest.raises(PermissionDenied), transaction.atomic():
        Publish.execute_action(asked, include_descendants=beneath, user=stranger)
    assert (live(whole), Event.objects.count()) == ([False], 0)


@pytest.mark.parametrize("asked_by", ["page", "script"])
def test_a_workflow_that_would_publish_what_is_incomplete_says_so_and_stays_where_it_was(client, clone, asked_by):
    person = accounts.PersonFactory(admin=True)
    accounts.sign_in(client, person)
    workflow, task = Workflow.objects.create(name="Two eyes"), GroupApprovalTask.objects.create(name="Look")
    WorkflowTask.objects.create(workflow=workflow, task=task)
    clone.save_revision(clean=False)
    state = workflow.start(clone, person).current_task_state
    url = reverse("wagtailadmin_pages:workflow_action", args=[clone.pk, "approve", state.pk])
    headers = {"x-requested-with": "XMLHttpRequest"} if asked_by == "script" else {}
    answer = client.post(url, {"comment": ""}, headers=headers)
    edit = reverse("wagtailadmin_pages:edit", args=[clone.pk])
    if asked_by == "script":
        assert answer.json() == {"step": "success", "redirect": edit}
    else:
        assert (answer.status_code, answer["Location"]) == (302, edit)
    assert ("error", f"Nothing has been published, because of “Heat pumps again”. {INCOMPLETE}") in told(
        client.get(edit)
    )
    state.refresh_from_db()
    assert (state.status, live(clone)) == ("in_progress", [False])
