"""The signed address that carries no language, since it stands in the headers of mails for ever."""

from django.urls import path

from newsletter.views import own

urlpatterns = [path("news/unsubscribe/<str:token>/", own.unsubscribe, name="newsletter_unsubscribe")]
