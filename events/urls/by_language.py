"""Addresses of events below a language prefix."""

from django.urls import path

from events.views import feed, leading, registering

urlpatterns = [
    path("calendar.ics", feed.calendar, name="event_feed"),
    path("<uuid:key>/", leading.to_page, name="event_page"),
    path("<str:slug>/register/", registering.RegisterView.as_view(), name="event_register"),
    path("<str:slug>/register/done/", registering.registered, name="event_registered"),
]
