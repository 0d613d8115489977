"""My GKEC and the pages made from the site texts."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import languages
from events.models import Registration
from home.models import SiteText
from learning import own
from municipalities.models import Membership

TITLES = {
    "privacy": _("Privacy notice"),
    "accessibility": _("Accessibility statement"),
    "contact": _("Contact"),
}


@require_safe
def site_text(request: HttpRequest, field: str) -> HttpResponse:
    """Show one of the site texts in the reader's language, or else in the first fallback that has it."""
    texts = SiteText.objects.for_reader(languages.current())
    if texts is None:
        raise Http404
    return render(
        request,
        "home/site_text.html",
        {"page_title": TITLES[field], "text": getattr(texts, field), "texts": texts},
    )


@never_cache
@require_safe
@login_required
def my(request: HttpRequest) -> HttpResponse:
    """Show a person what they have signed up to, what they learn, and whom they represent."""
    context = {
        "page_title": _("My GKEC"),
        "registrations": Registration.objects.of_person(request.user).for_display(),
        "learning": own.courses(request),
        "memberships": Membership.objects.of_person(request.user).open().for_display(),
    }
    return render(request, "home/my.html", context)
