"""The staff's directory of local governments: listing, filters, search, export, form."""

import csv
import io
import re
from datetime import date
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import roles
from municipalities.admin.local_governments import LocalGovernmentViewSet
from municipalities.models import LocalGovernment
from municipalities.services import approve_membership
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, editor, sign_in

pytestmark = pytest.mark.django_db

INDEX = "local_governments:index"
RESULTS = "local_governments:index_results"
FORM = LocalGovernmentViewSet().edit_handler.bind_to_model(LocalGovernment).get_form_class()


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, PersonFactory(admin=True))


def rows(client: Client, **query: str) -> list[list[str]]:
    """Return the words of each row's cells."""
    html = client.get(reverse(RESULTS), query).content.decode()
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]
    return [[re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", cell))).strip() for cell in row] for row in cells]


def several() -> None:
    make.local_government(name="Örebro", names={"ar": "أوربرو"}, population=156000, population_source="SCB")
    make.local_government(
        name="Aarhus", country="DK", is_mission_city=True, label_date=date(2025, 5, 1), label_precision="month"
    )
    make.local_government(name="Rio", country="BR", is_up2030_pilot=True, standing="retired")


def test_the_list_shows_what_is_known(staff: Client) -> None:
    several()
    found = {row[0].split(" ")[0]: row[1:] for row in rows(staff)}
    assert found["Örebro"][:4] == ["Sweden", "154", "Municipality", "156000"]
    assert found["Aarhus"][5] == "2025-05"
    assert found["Rio"][-1] == "No longer listed"


def test_the_list_is_narrowed_and_searched_without_accents(staff: Client) -> None:
    several()
    for query, left in (
        ({"country": "SE"}, {"Örebro"}),
        ({"standing": "retired"}, {"Rio"}),
        ({"is_mission_city": "true"}, {"Aarhus"}),
        ({"label": "true"}, {"Aarhus"}),
        ({"label": "false"}, {"Örebro", "Rio"}),
        ({"is_up2030_pilot": "true"}, {"Rio"}),
        ({"q": "orebro"}, {"Örebro"}),
        ({"q": "اوربرو"}, {"Örebro"}),
        ({"q": "nothing"}, set()),
    ):
        assert (query, {row[0].split(" ")[0] for row in rows(staff, **query)}) == (query, left)


def test_the_spreadsheet_equals_the_screen_and_runs_no_formula(staff: Client) -> None:
    make.local_government(name="=1+1", population=10, population_source="SCB")
    response = staff.get(reverse(INDEX), {"export": "csv"})
    table = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert table == [
        [
            "Name",
            "Country",
            "World region",
            "Kind",
            "Population",
            "EU Mission City",
            "EU Mission Label",
            "Climate City Contract",
            "UP2030 pilot",
            "Climate neutral by",
            "Standing",
        ],
        ["'=1+1", "Sweden", "154", "Municipality", "10", "No", "", "", "No", "", "Listed"],
    ]
    assert staff.get(reverse(INDEX), {"export": "xlsx"}).status_code == 200


def form(**changes: str) -> dict[str, str]:
    return {
        "name": "Ghent",
        "name_en": "Ghent",
        "name_fr": "Gand",
        "name_es": "Gante",
        "name_pt": "",
        "name_ar": "غنت",
        "slug": "ghent",
        "kind": str(make.term("local-government-kind", "municipality").pk),
        "standing": "active",
        "country": "BE",
        "subregion": str(make.term("world-subregion", "155").pk),
        "latitude": "51.05",
        "longitude": "3.71667",
        "timezone": "Europe/Brussels",
        **changes,
    }


def test_staff_add_a_local_government_with_its_names(staff: Client) -> None:
    assert staff.get(reverse("local_governments:add")).status_code == 200
    response = staff.post(reverse("local_governments:add"), form())
    assert response.status_code == 302
    ghent = LocalGovernment.objects.get(slug="ghent")
    assert ghent.names == {"fr": "Gand", "es": "Gante", "ar": "غنت"}
    assert ghent.name_in("pt") == "Ghent"
    assert list(LocalGovernment.objects.named_like("gante")) == [ghent]
    html = staff.get(reverse("local_governments:edit", args=[ghent.pk])).content.decode()
    assert re.search(r'name="name_fr" value="Gand"', html)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"country": "XX"}, "Select a valid choice. XX is not one of the available choices."),
        (
            {"timezone": "Europe/Atlantis"},
            "Select a valid choice. Europe/Atlantis is not one of the available choices.",
        ),
        ({"timezone": ""}, "A listed local government needs its kind, world region and time zone."),
        ({"latitude": "95"}, "Ensure this value is less than or equal to 90."),
        ({"longitude": ""}, "Give both latitude and longitude, or neither."),
        ({"population": "5000"}, "Say where the population comes from."),
        ({"population_source": "SCB"}, "Give the population, or remove its year and source."),
        (
            {"label_date": "2025-05-07", "label_precision": "month", "is_mission_city": "on"},
            "Where only the month is known, give its first day.",
        ),
        (
            {"label_date": "2025-05-07", "label_precision": "day"},
            "Only an EU Mission City can hold the EU Mission Label.",
        ),
        ({"target_year": "1999"}, "Ensure this value is greater than or equal to 2020."),
    ],
)
def test_a_wrong_entry_gets_a_sentence(wrong: dict, sentence: str) -> None:
    found = FORM(QueryDict(urlencode(form(**wrong))), instance=LocalGovernment(), for_user=PersonFactory.build())
    assert (found.is_valid(), sentence in [one for errors in found.errors.values() for one in errors]) == (False, True)


def test_a_refused_form_shows_the_sentence_and_writes_nothing(staff: Client) -> None:
    response = staff.post(reverse("local_governments:add"), form(label_date="2025-05-07", label_precision="day"))
    assert response.status_code == 200
    assert "Only an EU Mission City can hold the EU Mission Label." in unescape(response.content.decode())
    assert not LocalGovernment.objects.exists()


def test_an_editor_can_correct_a_local_government_but_not_delete_it(client: Client) -> None:
    city = make.local_government(name="Örebro")
    sign_in(client, editor())
    assert client.get(reverse(INDEX)).status_code == 200
    address = reverse("local_governments:edit", args=[city.pk])
    assert client.post(address, form(name="Corrected", opened="active")).status_code == 302
    city.refresh_from_db()
    assert city.name == "Corrected"
    answer = client.post(reverse("local_governments:delete", args=[city.pk]))
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert LocalGovernment.objects.filter(pk=city.pk).exists()


def test_nobody_deletes_a_city_in_use(staff: Client) -> None:
    city = make.coordinator().local_government
    door = reverse("local_governments:delete", args=[city.pk])
    assert door not in staff.get(reverse("local_governments:edit", args=[city.pk])).content.decode()
    assert door not in staff.get(reverse(INDEX)).content.decode()
    answer = staff.post(door)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert LocalGovernment.objects.filter(pk=city.pk).exists()


CHANGED = (
    "Somebody else has changed the standing of this city since you opened it. What you wrote is still here: look it "
    "over and save again."
)


@pytest.mark.parametrize(
    ("chosen", "opened", "shown"),
    [
        # Nobody touched the field, so it follows what was decided.
        ("pending", "pending", "active"),
        ("retired", "pending", "retired"),
        # A page that did not send back what it was opened with.
        ("pending", "", "pending"),
    ],
)
def test_a_form_opened_before_a_proposal_was_approved_takes_nothing_back(staff, chosen, opened, shown) -> None:
    city = make.local_government(name="Ghent", standing="pending")
    asked = make.coordinator(state="asked", local_government=city)
    address = reverse("local_governments:edit", args=[city.pk])
    hidden = re.findall(r'<input[^>]* name="opened"[^>]*>', staff.get(address).content.decode())
    assert [('type="hidden"' in one, 'value="pending"' in one) for one in hidden] == [(True, True)]
    approve_membership(membership_id=asked.pk, by=PersonFactory(admin=True))
    refused = staff.post(address, form(name="Corrected", standing=chosen, opened=opened))
    found = refused.context["form"]
    assert (refused.status_code, CHANGED in unescape(refused.content.decode())) == (409, True)
    assert found.errors == {"__all__": [CHANGED], "standing": ["Somebody else wrote: \u2068Listed\u2069"]}
    assert [found[name].value() for name in ("name", "standing", "opened")] == ["Corrected", shown, "active"]
    city.refresh_from_db()
    assert (city.name, city.standing) == ("Ghent", "active")
    again = form(name="Corrected", standing="active", opened="active")
    assert staff.post(address, again).status_code == 302
    city.refresh_from_db()
    assert (city.name, city.standing) == ("Corrected", "active")


@pytest.mark.parametrize("who", ["visitor", "person", roles.MODERATORS, roles.EVENT_MANAGERS])
def test_who_has_no_right_to_the_directory_neither_reads_nor_changes_it(client: Client, who: str) -> None:
    city = make.local_government(name="Örebro")
    if who != "visitor":
        sign_in(client, PersonFactory(groups=[who], is_staff=who in roles.ROLES))
    for address in (
        reverse(INDEX),
        reverse(RESULTS),
        reverse(INDEX) + "?export=csv",
        reverse("local_governments:add"),
        reverse("local_governments:edit", args=[city.pk]),
        reverse("local_governments:delete", args=[city.pk]),
    ):
        away = "/admin/" if who in roles.ROLES else f"/_/sign-in/?next={quote(address)}"
        for answer in (client.get(address), client.post(address, form())):
            assert (answer.status_code, answer["Location"]) == (302, away)
            assert "Örebro" not in answer.getvalue().decode()
    assert list(LocalGovernment.objects.values_list("name", flat=True)) == ["Örebro"]


def test_the_list_costs_the_same_however_many_there_are(staff: Client) -> None:
    def statements() -> int:
        # The first look after a change fetches anew what processes keep.
        staff.get(reverse(INDEX))
        with CaptureQueriesContext(connection) as queries:
            staff.get(reverse(INDEX))
        return len(queries)

    make.local_government()
    one = statements()
    make.local_government()
    make.local_government()
    assert (one, statements()) == (12, 12)
