"""The site's addresses with Wagtail's own routing in place of ours, to compare with."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
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

WANTED = "x-stock-routing"


def stock_routing(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer with these addresses who asks for them: changing the root would build each address of the admin anew."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if WANTED in request.headers:
            request.urlconf = __name__
        return get_response(request)

    return answer
