"""Addresses of a person's own learning and of the teams they coordinate, below a language prefix."""

from django.urls import path

from learning.views import my_learning, my_team, reading

urlpatterns = [
    path("learning/", my_learning.courses, name="my_learning"),
    path("learning/<slug:slug>/", my_learning.course, name="my_course"),
    path("learning/<slug:slug>/about-me/", my_learning.about_me, name="my_course_about_me"),
    path("learning/<slug:slug>/leave/", my_learning.leaving, name="my_course_leave"),
    path("learning/<slug:slug>/<uuid:unit_key>/", reading.UnitView.as_view(), name="my_unit"),
    path("teams/<slug:slug>/<slug:city>/", my_team.TeamView.as_view(), name="my_team"),
    path("teams/<slug:slug>/<slug:city>/withdraw/", my_team.withdrawing_team, name="my_team_withdraw"),
    path("teams/<slug:slug>/<slug:city>/keep/", my_team.keeping_team, name="my_team_keep"),
    path("teams/<slug:slug>/<slug:city>/take-back/<int:pk>/", my_team.taking_back, name="my_team_take_back"),
    path(
        "teams/<slug:slug>/<slug:city>/<uuid:member_key>/withdraw/", my_team.withdrawing, name="my_team_member_withdraw"
    ),
    path("teams/<slug:slug>/<slug:city>/<uuid:member_key>/replace/", my_team.replacing, name="my_team_member_replace"),
]
