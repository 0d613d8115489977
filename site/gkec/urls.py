"""Every address of the site, in the order in which they are tried."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path
from wagtail import urls as wagtail_urls
from wagtail.admin import urls as wagtailadmin_urls
from wagtail.documents import urls as wagtaildocs_urls

from core.views import media

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("core.urls")),
    path("", include("accounts.doors")),
    path("admin/", include(wagtailadmin_urls)),
    path("documents/", include(wagtaildocs_urls)),
    path("", include("events.urls.doors")),
    path("", include("learning.urls.doors")),
    path("", include("newsletter.urls.doors")),
    path("", include("mail.urls")),
]

if getattr(settings, "DEMO", False):
    urlpatterns += [path("dev/", include("demo.urls")), path("media/<path:path>", media.picture)]

urlpatterns += i18n_patterns(
    path("", include("accounts.doors_by_language")),
    path("account/", include("accounts.urls")),
    path("account/", include("allauth.urls")),
    path("events/", include("events.urls.by_language")),
    path("learning/", include("learning.urls.by_language")),
    path("my/", include("learning.urls.own")),
    path("", include("municipalities.urls.by_language")),
    path("news/", include("newsletter.urls.by_language")),
    path("search/", include("search.urls")),
    path("", include("home.urls")),
    path("", include("core.routing.urls")),
    path("", include(wagtail_urls)),
)

handler404 = "core.views.errors.not_found"
handler500 = "core.views.errors.server_error"
