"""Occasions that a browser test needs besides the demo's; run inside an instance (`Site.run`)."""

from datetime import timedelta

from wagtail.models import Locale, Page
from wagtail_localize.models import Translation
from wagtail_localize.operations import translate_object

from core import clock
from core.models import Term
from events.models import WebinarPage
from events.services import set_join_link
from learning.models import CoursePage


def small_webinar(slug: str, *, seats: int = 2, starts_in: timedelta = timedelta(days=10)) -> str:
    """Publish a webinar with few seats, in ten days or sooner, and return its slug."""
    parent = Page.objects.get(slug="events", depth=3, locale__language_code="en")
    starts_at = clock.now() + starts_in
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


def webinar_about_to_start(slug: str, *, link: str) -> str:
    """Publish a webinar that starts in ten minutes and meets at `link`; return its slug."""
    small_webinar(slug, starts_in=timedelta(minutes=10))
    set_join_link(translation_key=WebinarPage.objects.get(slug=slug).translation_key, url=link)
    return slug


def translate_lessons(language: str) -> str:
    """Publish the first course, module and unit and the past webinar in a further language; return the addresses."""
    locale = Locale.objects.get(language_code=language)
    course = CoursePage.objects.filter(locale__language_code="en").order_by("path").first()
    module = course.get_children().first()
    past = WebinarPage.objects.filter(locale__language_code="en", ends_at__lt=clock.now()).order_by("ends_at").first()
    pages = [course, module.specific, module.get_children().first().specific, past]
    for page in pages:
        if not page.has_translation(locale):
            translate_object(page, [locale])
            Translation.objects.get(source__object_id=page.translation_key, target_locale=locale).save_target()
    return "\n".join(page.get_translation(locale).url for page in pages)
