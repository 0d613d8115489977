"""Addresses of the caught mails, under /dev/inbox/."""

from django.urls import path

from demo.inbox import views

urlpatterns = [
    path("", views.index, name="inbox"),
    path("<str:key>/", views.message, name="inbox_message"),
    path("<str:key>/html/", views.html, name="inbox_html"),
    path("<str:key>/raw/", views.raw, name="inbox_raw"),
    path("<str:key>/part/<int:number>/", views.part, name="inbox_part"),
]
