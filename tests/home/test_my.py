"""My GKEC: what one person has signed up to, learns and represents, in a number of statements that does not grow."""

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import events, learning, municipalities
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = pytest.mark.django_db

MY = "/en/my/"


def busy(person: User, number: int) -> list[str]:
    """Give a person so many of everything that the page lists; return the headings and names that it then holds."""
    shown = []
    for step in range(number):
        event = events.event(title=f"Webinar {step}", capacity=step % 2)
        events.registered(event, "Ana Silva", email=person.email, person=person)
        mine, asked, guided = (learning.public_cohort(name=f"{word} {step}") for word in ("Mine", "Asked", "Guided"))
        learning.learner(mine, "Ana Silva")
        learning.invited(asked, "Ana Silva")
        guided.moderators.add(person)
        own = municipalities.coordinator(person=person)
        learning.invited(mine, f"Colleague {step}", coordinator=own)
        shown += [event.title, mine.name, asked.name, guided.name, own.local_government.name]
    return shown


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_of_each_and_for_three(client: Client, django_assert_num_queries, number):
    person = PersonFactory(email="ana.silva@example.org", display_name="Ana Silva")
    shown = busy(person, number)
    sign_in(client, person, factor=False).get(MY)
    with django_assert_num_queries(12):
        html = client.get(MY).content.decode()
    assert [name for name in shown if name not in html] == []
