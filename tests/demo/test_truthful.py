"""The demo promises what it holds."""

import pytest

from demo import content


@pytest.mark.parametrize("cohort", content.read("cohorts")["cohorts"], ids=lambda one: one["slug"])
def test_a_cohort_offers_the_languages_in_which_its_units_can_be_read(cohort):
    [course] = [one for one in content.read("courses") if one["slug"] == cohort["course"]]
    units = [unit for module in course["modules"] for unit in module["units"]]
    assert {code for unit in units for code in cohort["languages"] if code not in unit["languages"]} == set()
