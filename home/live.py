"""What the home page shows of events, courses and cities at this moment, as plain values for components."""

from django.http import HttpRequest

from events.coming import coming
from events.listing import EventRow
from learning.course_cards import CourseCard, course_cards
from learning.models import CoursePage
from municipalities.display import city_map

__all__ = ["city_map", "coming_events", "courses"]


def coming_events(language: str, count: int, request: HttpRequest | None = None) -> list[EventRow]:
    """Return the next events, each once, in `language` or else in the best language there is."""
    return coming(count, language=language, request=request)


def courses(language: str, count: int, request: HttpRequest | None = None) -> list[CourseCard]:
    """Return the newest courses, each once, in `language` or else in their source language."""
    public = CoursePage.objects.public()
    return course_cards(public, language=language, request=request, limit=count, newest_first=True)
