"""Signed addresses that carry no language: a colleague's own door."""

from django.urls import path

from learning.views import door

urlpatterns = [
    path("learn/<str:token>/", door.show, name="learning_door"),
    path("learn/<str:token>/decline/", door.declining, name="learning_door_decline"),
]
