"""From the admin to public pages: its own languages are not those of the addresses."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from wagtail.users.models import UserProfile

from accounts.models import User
from mail import purposes
from mail.models import Message
from tests.factories import learning as make
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = pytest.mark.django_db


def test_staff_who_read_the_admin_in_portuguese_come_to_the_people_of_a_cohort(client: Client):
    cohort = make.cohort(name="Spring")
    staff = sign_in(client, PersonFactory(admin=True))
    UserProfile.objects.update_or_create(
        user=User.objects.get(is_superuser=True), defaults={"preferred_language": "pt-pt"}
    )
    html = staff.get(reverse("cohorts:index")).content.decode()
    assert '<html lang="pt-pt"' in html
    found = re.findall(r'href="([^"]*/moderate/)"', html)
    assert found == [f"/pt/learning/cohorts/{cohort.slug}/moderate/"]
    page = staff.get(found[0])
    assert (page.status_code, "Spring" in page.content.decode()) == (200, True)


@pytest.mark.parametrize(("spoken", "address"), [("pt-pt", "pt"), ("fr", "fr"), ("de", "en")])
def test_the_outbox_leads_there_in_a_language_of_the_site(spoken, address):
    cohort = make.cohort()
    make.team(cohort, "Ana")
    message = Message.objects.get(kind="team-invitation")
    with translation.override(spoken):
        assert purposes.of([message])[message.pk].url == f"/{address}/learning/cohorts/{cohort.slug}/moderate/"
