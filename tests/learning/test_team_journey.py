"""The thinnest line: a coordinator enrols two colleagues, one joins by the mailed link, reads, completes, is seen."""

import pytest
from django.test import Client

from learning.models import Enrolment, UnitPage, UnitProgress
from mail import rendering
from tests.learning import teamwork

pytestmark = pytest.mark.django_db


def test_a_team_is_enrolled_in_four_steps():
    one = teamwork.a_team()
    coordinator = teamwork.client_of(one.coordinator)
    first = coordinator.get(one.team())
    assert (first.status_code, "Chefchaouen" in first.content.decode()) == (200, True)
    second = coordinator.get(one.team(), {"city": one.city.slug})
    assert one.cohort.name in second.content.decode()
    third = coordinator.get(one.team(), {"city": one.city.slug, "cohort": one.cohort.slug})
    assert 'name="lines"' in third.content.decode()
    said = {"city": one.city.slug, "language": "en", "lines": "Ana Silva <ana@city.example>\nbo@city.example\nnonsense"}
    fourth = coordinator.post(one.team(), said)
    html = fourth.content.decode()
    assert ("There is no e-mail address in this line." in html, "2 people" in html) == (True, True)
    assert not Enrolment.objects.exists()
    sent = coordinator.post(one.team(), {**said, "confirm": "yes"})
    assert (sent.status_code, sent["Location"]) == (303, f"{one.dashboard()}?done=enrolled&invited=2")
    teamwork.window_passes()
    assert [(row.email, row.name, row.state) for row in Enrolment.objects.order_by("email")] == [
        ("ana@city.example", "Ana Silva", "invited"),
        ("bo@city.example", "", "invited"),
    ]


def test_a_colleague_joins_by_the_mailed_link_reads_completes_and_is_seen():
    one = teamwork.a_team(with_pages=True)
    ana = teamwork.invited(one)
    teamwork.invited(one, "Bo Berg")
    text = rendering.render(teamwork.mails("team-invitation")[0]).text
    assert "Coordinator of Chefchaouen" in text
    link = teamwork.DOOR.search(text).group(0)
    colleague = Client()
    door = colleague.get(link)
    assert (door.status_code, "Join the course" in door.content.decode()) == (200, True)
    assert Enrolment.objects.get(pk=ana.pk).state == "invited"
    answer = colleague.post(link)
    assert (answer.status_code, answer["Location"]) == (303, one.course())
    assert colleague.get(one.course())["Location"] == f"{one.course()}about-me/"
    told = {"name": "Ana Silva", "department": "Planning", "language": "en"}
    assert colleague.post(f"{one.course()}about-me/", told)["Location"] == one.course()
    teamwork.begin(one.cohort)
    course = colleague.get(one.course())
    assert (course.status_code, "Unit 1.1" in course.content.decode()) == (200, True)

    unit, reading = one.unit(), one.reading()
    assert colleague.get(reading).status_code == 200
    assert colleague.post(reading)["Location"] == one.course()
    progress = UnitProgress.objects.get()
    assert (progress.enrolment, progress.unit, progress.language) == (ana, unit, "en")
    assert progress.completed_at is not None
    assert progress.revision_id == UnitPage.objects.get(translation_key=unit.translation_key).live_revision_id

    seen = teamwork.client_of(one.coordinator).get(one.dashboard()).content.decode()
    assert [word in seen for word in ("Ana Silva", "Planning", "1 of 2", "Takes part", "Invited")] == [True] * 5
