"""Addresses of cohorts below a language prefix and the section of learning."""

from django.urls import path

from learning.views import cohorts, moderating, team

urlpatterns = [
    path("cohorts/", cohorts.listing, name="cohorts"),
    path("cohorts/<slug:slug>/", cohorts.detail, name="cohort"),
    path("cohorts/<slug:slug>/apply/", cohorts.apply, name="cohort_apply"),
    path("cohorts/<slug:slug>/team/", team.TeamView.as_view(), name="cohort_team"),
    path("cohorts/<slug:slug>/moderate/", moderating.ModerateView.as_view(), name="cohort_moderate"),
    path("cohorts/<slug:slug>/moderate/<uuid:enrolment_key>/admit/", moderating.admitting, name="cohort_admit"),
    path("cohorts/<slug:slug>/moderate/<uuid:enrolment_key>/decline/", moderating.declining, name="cohort_decline"),
    path("cohorts/<slug:slug>/moderate/<uuid:enrolment_key>/withdraw/", moderating.withdrawing, name="cohort_withdraw"),
]
