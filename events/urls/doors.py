"""Signed addresses that carry no language: self-service and joining."""

from django.urls import path

from events.views import erasing, joining, self_service

urlpatterns = [
    path("join/<str:token>/", joining.show, name="event_join"),
    path("join/<str:token>/calendar.ics", joining.calendar, name="event_join_calendar"),
    path("registration/<str:token>/", self_service.show, name="event_registration"),
    path("registration/<str:token>/cancel/", self_service.cancelling, name="event_registration_cancel"),
    path("registration/<str:token>/calendar.ics", self_service.calendar, name="event_registration_calendar"),
    path("registration/<str:token>/links/", self_service.renewing, name="event_registration_links"),
    path("registration/<str:token>/erase/", erasing.ask, name="event_registration_erase"),
    path("erase/<str:token>/", erasing.confirm, name="event_erase"),
]
