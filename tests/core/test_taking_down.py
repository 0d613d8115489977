"""Before a page is taken off the site or deleted, whoever does it reads what goes on without it."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from core import clock
from events.services import cancel_event
from learning.models import Cohort
from tests.factories import core, events, learning
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = pytest.mark.django_db

ELSEWHERE = "In other languages it stays public: français."
REGISTERED = "2 people are registered and keep seat or place, mails and links. Cancel the event to tell them."
GOES_ON = "Dates, seats and meeting link of the event will then be set on its page in français."
ENROLLED = "Its units close for 1 person who is enrolled in its cohorts; the enrolment stays."


@pytest.fixture
def staff(client: Client) -> Client:
    # Editors may unpublish, but delete no page that has others beneath it.
    return sign_in(client, PersonFactory(admin=True))


def warned(client: Client, page, act: str) -> list[str]:
    """Return what the question before an act says beside Wagtail's own words."""
    return warnings_at(client, reverse(f"wagtailadmin_pages:{act}", args=[page.pk]))


def warned_of_many(client: Client, *pages) -> list[str]:
    """Return the same of the question before several pages are deleted."""
    ticked = "&".join(f"id={page.pk}" for page in pages)
    return warnings_at(client, f"{reverse('wagtail_bulk_action', args=['wagtailcore', 'page', 'delete'])}?{ticked}")


def warnings_at(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    found = BeautifulSoup(answer.content, "html.parser").select(".help-warning, .messages > ul > .warning")
    return [" ".join(one.get_text(" ", strip=True).split()) for one in found]


@pytest.mark.parametrize("act", ["unpublish", "delete"])
def test_a_webinar_tells_its_other_languages_and_who_is_registered(staff, act):
    page = events.live_webinar(capacity=1)
    for parent in (events.section().get_parent().specific, events.section()):
        core.translated(parent, "fr")
    assert warned(staff, page, act) == []
    when = {"starts_at": page.starts_at, "ends_at": page.ends_at}
    core.translated(page, "fr", **when)
    core.translated(events.section().get_parent().specific, "es")
    core.translated(events.section(), "es")
    core.translated(page, "es", live=False, **when)
    event = page._read_event()
    for name in ("Ana", "Bo"):
        events.registered(event, name)
    goes_on = [GOES_ON] if act == "delete" else []
    assert warned(staff, page, act) == [ELSEWHERE, REGISTERED, *goes_on]
    cancel_event(event_id=event.pk, by=PersonFactory(admin=True), reason="Nobody speaks")
    assert warned(staff, page, act) == [ELSEWHERE, *goes_on]


@pytest.mark.parametrize("act", ["unpublish", "delete"])
def test_a_course_tells_who_is_enrolled_in_what_is_not_over(staff, act):
    page = learning.whole_course(modules=1, units=1)
    cohort = learning.cohort(course=learning.record_of(page))
    assert warned(staff, page, act) == []
    learning.learner(cohort)
    assert warned(staff, page, act) == [ENROLLED]
    yesterday = clock.now().date() - timedelta(days=1)
    Cohort.objects.filter(pk=cohort.pk).update(starts_on=yesterday, ends_on=yesterday)
    assert warned(staff, page, act) == []


def test_of_several_pages_each_tells_it_by_its_title(staff):
    page, other = events.live_webinar(title="Budget"), events.live_webinar(title="Heat pumps")
    plain = core.child(events.section().get_parent(), "plain")
    assert warned_of_many(staff, page, other, plain) == []
    for parent in (events.section().get_parent().specific, events.section()):
        core.translated(parent, "fr")
    core.translated(page, "fr", starts_at=page.starts_at, ends_at=page.ends_at)
    for name in ("Ana", "Bo"):
        events.registered(other._read_event(), name)
    goes_on = [f"“Budget”: {ELSEWHERE}", f"“Budget”: {GOES_ON}"]
    assert warned_of_many(staff, page, other, plain) == [*goes_on, f"“Heat pumps”: {REGISTERED}"]


def test_no_event_goes_on_in_a_page_that_is_deleted_too(staff):
    page = events.live_webinar(title="Heat pumps")
    for parent in (events.section().get_parent().specific, events.section()):
        core.translated(parent, "fr")
    other = core.translated(page, "fr", starts_at=page.starts_at, ends_at=page.ends_at)
    for name in ("Ana", "Bo"):
        events.registered(page._read_event(), name)
    stays = f"“Heat pumps”: {REGISTERED}"
    assert warned_of_many(staff, page) == [f"“Heat pumps”: {ELSEWHERE}", stays, f"“Heat pumps”: {GOES_ON}"]
    # A page above takes those below it along.
    for gone in (other, other.get_parent()):
        assert warned_of_many(staff, page, gone)[0] == stays
        assert GOES_ON not in " ".join(warned_of_many(staff, page, gone))


def test_no_course_goes_on_in_a_page_that_is_deleted_too(staff):
    page = learning.whole_course(modules=1, units=1, title="Budget")
    learning.learner(learning.cohort(course=learning.record_of(page)))
    other = learning.translated(page, "fr", title="Le budget")
    goes_on = (
        "“Budget”: From then on its pages in français say what the course teaches; what has no public page there is no "
        "longer taught."
    )
    assert warned_of_many(staff, page) == [f"“Budget”: {ELSEWHERE}", goes_on]
    assert warned_of_many(staff, page, other) == [f"“Budget”: {ENROLLED}"]
    assert warned_of_many(staff, page, other.get_parent())[0] == f"“Budget”: {ENROLLED}"


def test_after_a_mistyped_confirmation_it_is_told_once_more(staff, settings):
    settings.WAGTAILADMIN_UNSAFE_PAGE_DELETION_LIMIT = 1
    page = events.live_webinar(title="Heat pumps")
    for name in ("Ana", "Bo"):
        events.registered(page._read_event(), name)
    address = f"{reverse('wagtail_bulk_action', args=['wagtailcore', 'page', 'delete'])}?id={page.pk}"
    answer = staff.post(address, {"confirm_site_name": "wrong"})
    _wrong, said = [str(one).strip() for one in answer.context["messages"]]
    assert said == f"“Heat pumps”: {REGISTERED}"


def test_several_pages_are_deleted_as_ever(staff):
    root = core.site_root()
    pages = [core.child(root, name) for name in ("plain", "simple")]
    ticked = "&".join(f"id={page.pk}" for page in pages)
    address = f"{reverse('wagtail_bulk_action', args=['wagtailcore', 'page', 'delete'])}?{ticked}"
    assert staff.post(address).status_code == 302
    assert not type(pages[0]).objects.filter(pk__in=[page.pk for page in pages]).exists()


def test_whoever_may_not_delete_a_page_reads_nothing_of_who_is_registered(client):
    page = events.live_webinar()
    events.registered(page._read_event(), "Ana")
    person = PersonFactory(is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="access_admin"))
    assert warned_of_many(sign_in(client, person), page) == []


def test_a_page_in_one_language_says_nothing_and_is_deleted_as_ever(staff):
    page = core.child(core.site_root(), "plain")
    assert warned(staff, page, "delete") == []
    assert staff.post(reverse("wagtailadmin_pages:delete", args=[page.pk])).status_code == 302
    assert not type(page).objects.filter(pk=page.pk).exists()
