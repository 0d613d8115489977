"""Links to a panel of a form in the admin lead there whatever language its first reader spoke."""

import pytest
from django.utils import translation

from events.models import WebinarPage
from learning.admin.cohorts import Cohorts
from learning.models import Cohort


@pytest.mark.parametrize("language", ["en", "pt-pt", "ar"])
def test_panels_are_named_in_english_whoever_opens_the_form_first(language):
    form = Cohorts().edit_handler.bind_to_model(Cohort)
    with translation.override(language):
        assert form.child_identifiers == ["cohort", "when", "seats", "moderators"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_tabs_of_a_page_are_named_in_english_and_read_in_the_readers_language(language):
    form = WebinarPage.edit_handler.bind_to_model(WebinarPage)
    with translation.override(language):
        words = [str(one.heading) for one in form.children]
        assert form.child_identifiers == [
            "what",
            "when_and_where",
            "registration",
            "programme",
            "search_and_sharing",
            "settings",
        ]
    assert words[0] == {"en": "What", "fr": "Quoi"}[language]
