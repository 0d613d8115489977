"""What somebody meets at old addresses of a cohort: who has left it, and who is signed in as somebody else."""

from datetime import timedelta

import pytest
from django.test import Client

from core import clock, dates
from learning.models import Cohort, Course, Enrolment
from learning.services import apply_alone, call_off_cohort, complete_unit, read_unit, withdraw_enrolment
from tests.factories import accounts
from tests.learning import teamwork
from tests.learning.teamwork import words

pytestmark = pytest.mark.django_db

GONE = "You are not enrolled in this cohort any more."


def left(one: teamwork.Team) -> Client:
    """Return the browser of somebody who took part and was withdrawn."""
    enrolment, browser = teamwork.joined(one)
    withdraw_enrolment(enrolment_id=enrolment.pk, by=one.coordinator)
    return browser


class TestWhoHasLeft:
    @pytest.mark.parametrize("page", ["course", "about-me/", "leave/", "unit"])
    def test_reads_so_at_every_bookmark_and_finds_the_way_on(self, page):
        one = teamwork.a_team()
        browser = left(one)
        address = {"course": one.course(), "unit": one.reading()}.get(page, f"{one.course()}{page}")
        answer = browser.get(address)
        assert (answer.status_code, words(answer).split("My learning")[0].strip()) == (404, f"{GONE}")
        assert '<a href="/en/my/learning/">My learning</a>' in answer.content.decode()
        assert answer["Cache-Control"].count("private") == 1

    def test_reads_so_in_arabic(self):
        one = teamwork.a_team()
        page = left(one).get(one.course("ar"))
        assert (page.status_code, "لم تعودوا مسجَّلين في هذه الدفعة." in words(page)) == (404, True)

    def test_reads_so_of_a_cohort_that_was_called_off_since(self):
        one = teamwork.a_team()
        browser = left(one)
        call_off_cohort(cohort_id=one.cohort.pk)
        assert GONE in words(browser.get(one.course()))

    @pytest.mark.parametrize(
        ("seats", "state", "page"),
        [(9, "invited", ""), (0, "waitlisted", ""), (0, "waitlisted", "leave/"), (0, "waitlisted", "unit")],
    )
    def test_is_led_to_what_became_of_it_where_they_wait_anew_and_it_is_called_off(self, seats, state, page):
        one = teamwork.a_team()
        browser = left(one)
        Cohort.objects.update(seats=seats)
        assert teamwork.invited(one).state == state
        call_off_cohort(cohort_id=one.cohort.pk)
        address = one.reading() if page == "unit" else f"{one.course()}{page}"
        answer = browser.get(address, follow=True)
        cohort = f"/en/learning/cohorts/{one.cohort.slug}/"
        assert (answer.redirect_chain, answer.status_code) == ([(cohort, 302)], 410)
        assert ("This cohort has been cancelled." in words(answer), GONE in words(answer)) == (True, False)

    def test_is_led_to_what_became_of_it_where_it_is_over_before_the_invitation_has_lapsed(self):
        one = teamwork.a_team()
        browser = left(one)
        teamwork.invited(one)
        today = clock.now().date()
        Cohort.objects.update(starts_on=today - timedelta(days=30), ends_on=today - timedelta(days=3), closes_at=None)
        answer = browser.get(one.course(), follow=True)
        assert (answer.status_code, "This cohort has ended." in words(answer)) == (410, True)

    def test_is_led_to_no_page_that_is_not_there_where_its_course_is_taught_no_more(self):
        one = teamwork.a_team()
        browser = left(one)
        teamwork.invited(one)
        call_off_cohort(cohort_id=one.cohort.pk)
        Course.objects.update(is_current=False)
        answer = browser.get(one.course())
        assert (answer.status_code, GONE in words(answer)) == (404, True)

    def test_comes_back_to_the_course_where_they_are_enrolled_anew(self):
        one = teamwork.a_team()
        browser = left(one)
        person = Enrolment.objects.get().person
        again = teamwork.invited(one)
        # Until they have joined anew, the cohort's page says that a place is theirs.
        waits = browser.get(one.course())
        assert (waits.status_code, waits["Location"]) == (302, f"/en/learning/cohorts/{one.cohort.slug}/")
        browser.post(f"/learn/{again.token}/")
        Enrolment.objects.filter(pk=again.pk).update(confirmed_at=clock.now())
        page = browser.get(one.course())
        assert (page.status_code, GONE in words(page)) == (200, False)
        assert Enrolment.objects.get(pk=again.pk).person == person


class TestStrangers:
    """Whoever never took part learns nothing, not even that there is such a cohort."""

    @pytest.mark.parametrize("who", ["a stranger", "the coordinator", "only invited", "withdrawn before joining"])
    @pytest.mark.parametrize("is_called_off", [False, True])
    def test_asking_for_a_course_in_which_they_never_took_part(self, who, is_called_off):
        one = teamwork.a_team()
        left(one)
        person = one.coordinator if who == "the coordinator" else accounts.PersonFactory(email="bo.berg@example.org")
        if who in {"only invited", "withdrawn before joining"}:
            enrolment = teamwork.invited(one, "Bo Berg")
            if who == "withdrawn before joining":
                withdraw_enrolment(enrolment_id=enrolment.pk, by=one.coordinator)
        if is_called_off:
            call_off_cohort(cohort_id=one.cohort.pk)
        client = teamwork.client_of(person)
        answer, nothing = client.get(one.course()), client.get("/en/my/learning/no-such-cohort/")
        assert (answer.status_code, nothing.status_code) == (404, 404)
        assert words(answer) == words(nothing)
        assert GONE not in words(answer)

    def test_asking_without_an_account(self):
        one = teamwork.a_team()
        left(one)
        assert Client().get(one.course())["Location"] == f"/en/account/login/?next={one.course()}"


def test_the_city_stands_behind_the_comma_of_the_page_s_language():
    one = teamwork.a_team()
    _enrolment, browser = teamwork.joined(one)
    asides = {
        language: browser.get(one.course(language)).content.decode().partition("<bdi>Ana Silva</bdi>")[2][:7]
        for language in ("en", "ar")
    }
    assert asides == {"en": ", <bdi>", "ar": "، <bdi>"}


def test_a_team_s_page_writes_days_in_words_and_keeps_what_a_leaver_has_done():
    one = teamwork.a_team()
    ana, _browser = teamwork.joined(one)
    teamwork.begin(one.cohort)
    read_unit(enrolment_id=ana.pk, unit_id=one.unit().pk, revision_id=1, language="en")
    complete_unit(enrolment_id=ana.pk, unit_id=one.unit().pk)
    withdraw_enrolment(enrolment_id=ana.pk, by=one.coordinator)
    client, day = teamwork.client_of(one.coordinator), clock.now().astimezone(one.cohort.zone).date()
    html = client.get(one.dashboard()).content.decode()
    time = f'<time datetime="{day.isoformat()}">{dates.day(day)}</time>'
    for column, cell in (("Joined", time), ("Last read", time)):
        assert f'<td data-label="{column}" class="table__day">{cell}</td>' in html
    assert '<td data-label="Units done"><bdi>1 of 2</bdi></td>' in html
    assert '<td data-label="Pace"><bdi></bdi></td>' in html
    sent = b"".join(client.get(one.dashboard(), {"export": "csv"}).streaming_content).decode("utf-8-sig")
    iso = day.isoformat()
    assert sent.splitlines()[1] == f"Ana Silva,ana.silva@example.org,Planning,Withdrawn,{iso},1 of 2,,{iso}"


@pytest.mark.parametrize(
    ("is_alone", "said"),
    [
        (True, "Is this right? The moderators see it; we do not ask again."),
        (False, "Is this right? Your coordinator and the moderators see it; we do not ask again."),
    ],
)
def test_who_takes_part_alone_is_told_of_no_coordinator(is_alone, said):
    one = teamwork.a_team()
    if is_alone:
        person = accounts.PersonFactory()
        apply_alone(cohort_id=one.cohort.pk, person=person)
        browser = teamwork.client_of(person)
    else:
        _enrolment, browser = teamwork.joined(one)
    page = words(browser.get(f"{one.course()}about-me/"))
    assert (said in page, "coordinator" in page) == (True, not is_alone)


class TestSomebodyElsesInvitation:
    @pytest.mark.parametrize("page", ["", "decline/"])
    def test_signing_out_leads_back_to_the_door_in_its_language(self, page):
        one = teamwork.a_team()
        enrolment = teamwork.invited(one)
        client, door = teamwork.client_of(accounts.PersonFactory()), f"/learn/{enrolment.token}/"
        html = client.get(f"{door}{page}?language=fr").content.decode()
        form = html.partition('action="/fr/account/logout/">')[2].partition("</form>")[0]
        assert f'<input type="hidden" name="next" value="{door}?language=fr">' in form
        answer = client.post("/fr/account/logout/", {"next": f"{door}?language=fr"})
        assert (answer.status_code, answer["Location"]) == (302, f"{door}?language=fr")
        assert "Join the course" in words(client.get(door))

    def test_being_sent_elsewhere_by_a_forged_form(self):
        client = teamwork.client_of(accounts.PersonFactory())
        assert client.post("/en/account/logout/", {"next": "https://evil.example/learn/"})["Location"] == "/"
