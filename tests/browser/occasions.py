"""Occasions that a browser test needs besides the demo's; run inside an instance (`Site.run`)."""

from datetime import timedelta

from wagtail.models import Page

from core import clock
from core.models import Term
from events.models import WebinarPage


def small_webinar(slug: str, *, seats: int = 2) -> str:
    """Publish a webinar with few seats in ten days and return its slug."""
    parent = Page.objects.get(slug="events", depth=3, locale__language_code="en")
    starts_at = clock.now() + timedelta(days=10)
    page = parent.add_child(
        instance=WebinarPage(
            title=slug,
            slug=slug,
            locale=parent.locale,
            format=Term.objects.get(vocabulary="event-format", slug="webinar"),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            timezone="Europe/Brussels",
            capacity=seats,
            live=False,
        )
    )
    page.save_revision().publish()
    return slug


def translate_learning(language: str) -> str:
    """Publish the first course, module and unit in a further language; return the addresses."""
    from wagtail.models import Locale

    from learning.models import CoursePage

    locale = Locale.objects.get(language_code=language)
    course = CoursePage.objects.filter(locale__language_code="en").order_by("path").first()
    pages = [course, course.get_children().first().specific]
    pages.append(pages[1].get_children().first().specific)
    for page in pages:
        if not page.has_translation(locale):
            page.copy_for_translation(locale).specific.save_revision().publish()
    return "\n".join(page.get_translation(locale).url for page in pages)
