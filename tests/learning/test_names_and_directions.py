"""Names of cohorts and courses keep their own direction on a page that runs the other way."""

import pytest
from django.test import Client

from tests.learning import teamwork

pytestmark = pytest.mark.django_db


@pytest.fixture
def spring():
    return teamwork.a_team(name="Spring (2027)")


def test_an_arabic_page_about_a_cohort_keeps_the_direction_of_its_name_and_course(spring):
    html = Client().get(f"/ar/learning/cohorts/{spring.cohort.slug}/").content.decode()
    assert "<h1><bdi>Spring (2027)</bdi></h1>" in html
    assert f'<p class="eyebrow"><bdi lang="en" dir="ltr">{spring.cohort.course.title}</bdi></p>' in html


def test_so_does_the_choice_of_a_cohort_for_a_team(spring):
    page = teamwork.client_of(spring.coordinator).get(f"{spring.team('ar')}?city={spring.city.slug}")
    assert f'<bdi lang="en" dir="ltr">{spring.cohort.course.title}</bdi> <span' in page.content.decode()
