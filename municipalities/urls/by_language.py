"""Addresses below a language prefix: representing a city, and one's own cities."""

from django.urls import path

from municipalities.views import representing, teams

urlpatterns = [
    path("cities/represent/", representing.choose, name="represent"),
    path("cities/represent/new/", representing.propose, name="represent_new"),
    path("cities/represent/<slug:slug>/", representing.ask, name="represent_city"),
    path("my/cities/", teams.my_cities, name="my_cities"),
    path("my/cities/<int:pk>/approve/", teams.approve, name="membership_approve"),
    path("my/cities/<int:pk>/take-back/", teams.take_back, name="membership_take_back"),
    path("my/cities/<int:pk>/decline/", teams.decline, name="membership_decline"),
    path("my/cities/<int:pk>/change/", representing.change, name="membership_change"),
    path("my/cities/<int:pk>/end/", teams.end, name="membership_end"),
    path("my/cities/<int:pk>/coordinator/", teams.appoint, name="membership_appoint"),
]
