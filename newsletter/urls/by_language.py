"""Addresses of the newsletter below a language prefix."""

from django.urls import path

from newsletter.views import feed, own, subscribing

urlpatterns = [
    path("feed/", feed.issues, name="newsletter_feed"),
    path("subscribe/", subscribing.SubscribeView.as_view(), name="newsletter_subscribe"),
    path("subscribe/asked/", subscribing.asked, name="newsletter_asked"),
    path("confirm/<str:token>/", own.confirm, name="newsletter_confirm"),
    path("unwanted/<str:token>/", own.unwanted, name="newsletter_unwanted"),
    path("preferences/<str:token>/", own.preferences, name="newsletter_preferences"),
]
