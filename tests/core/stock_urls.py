"""The site's addresses with Wagtail's own routing in place of ours, to compare with."""

from django.urls import URLResolver
from django.urls.resolvers import LocalePrefixPattern

from core.routing import urls as own_routing
from gkec import urls as ours


def with_stock_routing(pattern):
    if isinstance(pattern.pattern, LocalePrefixPattern):
        kept = [one for one in pattern.url_patterns if getattr(one, "urlconf_module", None) is not own_routing]
        return URLResolver(pattern.pattern, kept)
    return pattern


urlpatterns = [with_stock_routing(pattern) for pattern in ours.urlpatterns]
handler404 = ours.handler404
handler500 = ours.handler500
