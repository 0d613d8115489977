"""Leading readers from an address without a language to the same one with it."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware


class LanguagePrefixMiddleware(LocaleMiddleware):
    """Django's LocaleMiddleware, which adds a missing prefix only where no view answered.

    Django turns every 404 without a prefix into a redirect, also that of a view which found nothing at its own
    address: a forged signed link would be sent on to `/en/…` instead of being refused.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Let a view's own 404 stand; everything else is Django's."""
        if response.status_code == 404 and getattr(request, "resolver_match", None) is not None:
            return response
        return super().process_response(request, response)
