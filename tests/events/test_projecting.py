"""What publishing, and everything else that happens to pages, does to the event record."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from wagtail.models import Revision

from core import clock
from core.services.publishing import publish_due
from events import errors
from events.models import Event, WebinarPage
from events.services import give_held_seats, project_event
from events.services.sweeping import sweep
from tests.events.changing import WINDOW
from tests.factories import core as trees
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]


def the_event() -> Event:
    return Event.objects.get()


def test_publishing_makes_the_event():
    page = make.webinar(capacity=7, slug="budget", title="Budget")
    event = the_event()
    assert {
        name: getattr(event, name)
        for name in ("translation_key", "slug", "title", "starts_at", "ends_at", "timezone", "capacity", "revision")
    } == {
        "translation_key": page.translation_key,
        "slug": "budget",
        "title": "Budget",
        "starts_at": page.starts_at,
        "ends_at": page.ends_at,
        "timezone": "Europe/Brussels",
        "capacity": 7,
        "revision": 0,
    }
    assert (event.source_locale.language_code, event.source_revision_id) == ("en", page.live_revision_id)


def test_a_draft_leaves_the_event_alone():
    page = make.webinar(capacity=7)
    page.capacity = 9
    page.save_revision()
    assert the_event().capacity == 7


def test_a_page_never_published_makes_none():
    make.webinar(publish=False)
    assert Event.objects.count() == 0


def test_a_schedule_of_a_first_publication_makes_none_until_it_is_due():
    page = make.webinar(publish=False)
    page.go_live_at = clock.now() + timedelta(hours=1)
    page.save_revision().publish()
    assert (Event.objects.count(), publish_due()) == (0, 0)
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        assert (publish_due(), publish_due()) == (1, 0)
    assert the_event().slug == page.slug


def test_what_is_due_by_the_databases_clock_is_published_where_the_machines_own_is_behind(monkeypatch):
    page = make.webinar(publish=False)
    page.go_live_at = clock.now() + timedelta(hours=1)
    page.save_revision().publish()
    ahead = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(clock._Setting, "point", (ahead, clock.uptime()))
    assert (publish_due(), publish_due()) == (1, 0)
    page.refresh_from_db()
    assert (page.live, page.go_live_at, the_event().slug) == (True, None, page.slug)
    assert not Revision.objects.exclude(approved_go_live_at=None).exists()


def test_a_new_date_raises_the_revision_and_new_words_do_not():
    page = make.webinar()
    page.title = "Other words"
    make.publish_now(page)
    assert (the_event().title, the_event().revision) == ("Other words", 0)
    page.starts_at += timedelta(hours=1)
    page.ends_at += timedelta(hours=1)
    make.publish_now(page)
    assert the_event().revision == 1


def test_an_old_revision_brings_back_old_dates_with_a_new_revision():
    page = make.webinar()
    old, begins = page.latest_revision, page.starts_at
    page.starts_at += timedelta(minutes=30)
    make.publish_now(page)
    old.publish()
    assert (the_event().starts_at, the_event().revision) == (begins, 2)


def test_a_new_slug_follows():
    page = make.webinar(slug="old")
    page.slug = "new"
    make.publish_now(page)
    assert the_event().slug == "new"


def test_one_event_for_both_languages():
    page = make.webinar(title="Budget")
    french = make.translate(page)
    assert (french.live, french.locale.language_code, french.slug) == (True, "fr", page.slug)
    assert (Event.objects.count(), the_event().title) == (1, "Budget")


def test_a_translation_never_writes_the_record():
    page = make.webinar(capacity=5)
    french = make.translate(page)
    french.capacity, french.title = 99, "Budget climat"
    make.publish_now(french)
    assert (the_event().capacity, the_event().title) == (5, page.title)


def test_a_translation_published_before_its_source_makes_no_event():
    page = make.webinar(publish=False)
    french = make.translate(page)
    WebinarPage.objects.filter(pk=french.pk).update(live=True)
    assert project_event(page=WebinarPage.objects.get(pk=french.pk)) is None
    assert (Event.objects.count(), sweep().projected) == (0, 0)


@pytest.mark.parametrize("act", ["unpublish", "delete", "move", "delete_parent"])
def test_nothing_that_happens_to_pages_deletes_what_people_did(act):
    page = make.webinar()
    registration = make.registered(the_event())
    if act == "move":
        page.move(trees.child(make.section().get_parent(), "elsewhere", type(make.section())), pos="last-child")
    elif act == "delete_parent":
        make.section().delete()
    else:
        getattr(page, act)()
    registration.refresh_from_db()
    assert (registration.state, the_event().pk) == ("confirmed", registration.event_id)


def test_an_alias_makes_no_event_of_its_own():
    page = make.webinar()
    page.create_alias(update_slug="copy")
    make.publish_now(page)
    assert [event.slug for event in Event.objects.all()] == [page.slug]


def test_a_live_copy_without_dates_is_refused_whole():
    page = make.webinar()
    with pytest.raises(ValidationError), transaction.atomic():
        page.copy(update_attrs={"slug": "copy"}, keep_live=True)
    assert (WebinarPage.objects.count(), Event.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "missing", [{"starts_at": None}, {"ends_at": None}, {"timezone": ""}, {"ends_at": "before"}], ids=str
)
def test_an_incomplete_schedule_is_refused_by_the_service(missing):
    page = make.webinar()
    for name, value in missing.items():
        setattr(page, name, page.starts_at - timedelta(hours=1) if value == "before" else value)
    with pytest.raises(errors.IncompleteSchedule):
        project_event(page=page)


@pytest.mark.parametrize(
    "impossible",
    [
        {"ends_at": "starts_at"},
        {"timezone": ""},
        {"status": "maybe"},
        {"seat_state": "some"},
        {"registration_opens_at": "ends_at", "registration_closes_at": "starts_at"},
    ],
    ids=str,
)
def test_the_database_refuses_what_cannot_be(impossible):
    event = make.event()
    for name, value in impossible.items():
        setattr(event, name, getattr(event, value) if value in {"starts_at", "ends_at"} else value)
    with pytest.raises(IntegrityError), transaction.atomic():
        event.save()


def test_a_page_that_is_gone_gives_up_its_address():
    page = make.webinar(slug="budget")
    first = the_event()
    page.delete()
    make.webinar(slug="budget")
    first.refresh_from_db()
    assert (Event.objects.get(slug="budget") != first, first.slug) == (True, f"budget-{first.translation_key.hex}")


def test_more_seats_on_the_page_promote_once_the_window_has_passed(time):
    page = make.webinar(capacity=1)
    for name in "ABC":
        make.registered(the_event(), name)
    page.capacity = 2
    make.publish_now(page)
    time.shift(WINDOW)
    assert give_held_seats() == 1
    assert list(the_event().registrations.confirmed().order_by("pk").values_list("name", flat=True)) == ["A", "B"]
    assert the_event().seat_state == "waiting"


def test_the_sweep_finds_what_no_signal_announced():
    page = make.webinar(capacity=5)
    assert sweep().projected == 0
    Event.objects.update(source_revision_id=0, capacity=1)
    assert (sweep().projected, the_event().capacity) == (1, 5)
    Event.objects.all().delete()
    assert (sweep().projected, the_event().slug, sweep().projected) == (1, page.slug, 0)


def test_the_sweep_goes_on_past_a_page_that_cannot_become_an_event():
    broken, whole = make.webinar(), make.webinar()
    Event.objects.all().delete()
    WebinarPage.objects.filter(pk=broken.pk).update(starts_at=None)
    assert sweep().projected == 1
    assert the_event().slug == whole.slug


def test_a_scheduled_page_that_fails_stays_as_it_was_and_holds_up_nobody():
    pages = [make.webinar(publish=False), make.webinar(publish=False)]
    for page in pages:
        page.go_live_at = clock.now() + timedelta(hours=1)
        page.save_revision().publish()
    broken = Revision.objects.for_instance(pages[0]).get()
    broken.content["starts_at"] = None
    broken.save(update_fields=["content"])
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        assert publish_due() == 1
    for page in pages:
        page.refresh_from_db()
    assert [page.live for page in pages] == [False, True]
    assert the_event().slug == pages[1].slug
