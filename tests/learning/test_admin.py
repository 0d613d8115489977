"""The staff's list of courses: one row for each course, equal to its spreadsheet, for staff only."""

import csv
import io
import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from wagtail_localize.models import Translation, TranslationSource

from core.models import Term
from learning.models import CourseIndexPage, CoursePage, ModulePage, UnitPage
from tests.factories import core
from tests.factories import learning as make
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = pytest.mark.django_db

INDEX = "courses:index"
RESULTS = "courses:index_results"


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, PersonFactory(admin=True))


def rows(client: Client, **query: str) -> list[list[str]]:
    """Return the words of each row's cells, the check box aside."""
    html = client.get(reverse(RESULTS), query).content.decode()
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]
    return [[re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", cell))).strip() for cell in row[1:]] for row in cells]


def test_the_list_has_one_row_for_each_course_whatever_its_languages(staff: Client) -> None:
    page = make.whole_course(title="Climate budgeting", units=2, minutes=40)
    french = make.translated(page, "fr", title="Le budget climat")
    source, _created = TranslationSource.get_or_create_from_instance(page)
    Translation.objects.create(source=source, target_locale=french.locale)
    make.course_page(title="Draft", publish=False)
    found = rows(staff, ordering="title")
    assert [row[0].split(" ")[0] for row in found] == ["Climate", "Draft"]
    assert [row[1:5] for row in found] == [["en, fr", "2", "4", "2 h 40 min"], ["", "", "", ""]]


def test_the_list_narrows_by_audience_and_is_searched(staff: Client) -> None:
    mayor = Term.objects.create(vocabulary="audience", slug="mayor", labels={"en": "Mayor"})
    page = make.course_page(title="For mayors")
    page.audience = [mayor]
    make.publish_now(page)
    make.course_page(title="For everybody")
    assert [row[0].split(" ")[1] for row in rows(staff, audience=str(mayor.pk))] == ["mayors"]
    assert [row[0].split(" ")[1] for row in rows(staff, q="everybody")] == ["everybody"]


def test_the_spreadsheet_equals_the_screen_and_runs_no_formula(staff: Client) -> None:
    make.whole_course(title='=HYPERLINK("http://x")', modules=1, units=1, minutes=15)
    response = staff.get(reverse(INDEX), {"export": "csv"})
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(content)))
    assert table[0] == ["Title", "Languages", "Modules", "Units", "Reading time", "Updated", "Status"]
    assert [*table[1][:5], table[1][6]] == ['\'=HYPERLINK("http://x")', "en", "1", "1", "15 min", "live"]
    assert len(table) == 2


@pytest.mark.parametrize("who", ["visitor", "person"])
def test_a_person_who_is_not_staff_cannot_read_the_list(client: Client, who: str) -> None:
    make.course_page(title="Draft", publish=False)
    if who == "person":
        sign_in(client, PersonFactory())
    response = client.get(reverse(INDEX))
    assert response.status_code in {302, 403}
    assert b"Draft" not in response.content


@pytest.mark.parametrize("size", [1, 3])
def test_the_list_costs_the_same_statements_for_each_course(
    staff: Client, size: int, django_assert_num_queries
) -> None:
    for _ in range(size):
        page = make.whole_course(modules=1, units=1)
        source, _created = TranslationSource.get_or_create_from_instance(page)
        Translation.objects.create(source=source, target_locale=core.locale("fr"))
    staff.get(reverse(INDEX))
    with django_assert_num_queries(21):
        answer = staff.get(reverse(INDEX))
    html = answer.content.decode()
    assert [html.count(words) for words in ("Translate this page", "Sync translated pages")] == [size, size]


def test_staff_write_in_the_form_of_each_page_type_what_only_it_has(staff: Client) -> None:
    page = make.whole_course(modules=1, units=1)
    own = {
        CourseIndexPage: {"empty_text"},
        CoursePage: {"takes_home", "effort", "how_it_runs", "audience", "body"},
        ModulePage: {"goals", "product"},
        UnitPage: {"kind", "minutes", "body"},
    }
    every = set().union(*own.values())
    for target in (page.get_parent(), page, *page.get_descendants()):
        html = staff.get(reverse("wagtailadmin_pages:edit", args=[target.pk])).content.decode()
        # What is in a stream a script draws, into the element of that name.
        found = set(re.findall(r' (?:name|id)="([^"]+)"', html))
        assert every & found == own[target.specific_class], target
