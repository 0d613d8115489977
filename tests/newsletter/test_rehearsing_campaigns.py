"""The dry run of a campaign: its readers by language, state, time zone and country, and whom it passes over."""

import re

import pytest

from newsletter.rehearsing import CampaignAudience
from newsletter.services import start_campaign
from tests.factories import accounts
from tests.factories import newsletter as make
from tests.newsletter.campaigning import body, draft, url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time", "issue_made")]


def tables(answer) -> dict[str, list[list[str]]]:
    """Return the rows of each listing under its first column's name."""
    found = {}
    for table in re.findall(r'<table class="listing">(.*?)</table>', body(answer)):
        heading, *lines = re.findall(r"<tr>(.*?)</tr>", table)
        name = re.search(r"<th[^>]*>(.*?)</th>", heading).group(1)
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in lines]
        found[name] = [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells]
    return found


def test_it_counts_by_language_state_zone_and_country(editor, page, campaign):
    make.translated(page, "fr")
    kampala = accounts.PersonFactory(email="ana@city.example", timezone="Africa/Kampala")
    for number in range(2):
        make.subscriber(f"ug{number}@city.example", country="UG")
    make.subscriber("ana@city.example", country="UG", language="fr", person=kampala)
    make.subscriber("nowhere@city.example")
    answer = editor.get(url("start", campaign.pk))
    assert "4 people would get this." in body(answer)
    assert tables(answer) == {
        "Readers of": [["English", "English", "3"], ["français", "français", "1"]],
        "State": [["Confirmed", "4"]],
        "Time zone": [["Not known", "3"], ["Kampala (UTC+3)", "1"]],
        "Country": [["Uganda", "3"], ["Not known", "1"]],
    }
    assert "Who fits this audience and gets nothing" not in body(answer)


def test_it_counts_whom_the_audience_describes_and_who_would_get_nothing(editor, page, time):
    for number in range(2):
        make.subscriber(f"had{number}@city.example", language="fr")
    start_campaign(campaign_id=draft(page, languages=["fr"]).pk)
    make.subscriber("new@city.example", language="fr")
    for state in ("asked", "asked", "asked", "left", "blocked"):
        make.subscriber(language="fr", state=state)
    # Whom the audience does not describe is not passed over, either.
    make.subscriber(language="es", state="left")
    second = draft(page, languages=["fr"])
    answer = editor.get(url("start", second.pk))
    assert "1 person would get this." in body(answer)
    assert tables(answer)["Reason"] == [
        ["They have this issue from another campaign", "2"],
        ["Not confirmed yet", "3"],
        ["Unsubscribed", "1"],
        ["Blocked", "1"],
    ]


@pytest.mark.parametrize("readers", [1, 3])
def test_counting_asks_two_statements_however_many_there_are(page, readers, django_assert_num_queries):
    for number, (language, country) in zip(range(readers), [("en", "UG"), ("fr", "FR"), ("ar", "")], strict=False):
        make.subscriber(f"p{number}@city.example", language=language, country=country)
    audience = CampaignAudience(draft(page))
    with django_assert_num_queries(2):
        counted = list(audience.tally())
        found = (audience.readings(), audience.by_country(), audience.passed_over())
    assert [len(counted), *map(len, found)] == [readers, readers, readers, 0]
