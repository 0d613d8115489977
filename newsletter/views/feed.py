"""The issues as a feed (RSS), one in each language."""

from datetime import UTC, datetime, time
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from core import clock, languages
from core.exports import NOT_IN_XML
from newsletter import archive
from newsletter.archive import IssueRow

MOST_ISSUES = 30


def _in_xml(words: str) -> str:
    """Return words without what XML cannot carry, such as the vertical tabs of word processors."""
    return NOT_IN_XML.sub("", words)


def _since(issue: IssueRow) -> datetime:
    """Return noon of an issue's day, or when it was published if that was earlier: readers hide what is to come."""
    return min(datetime.combine(issue.issued_on, time(12), tzinfo=UTC), issue.published_at or clock.now())


@require_safe
@cache_control(public=True, max_age=300)
def issues(request: HttpRequest) -> HttpResponse:
    """Send the newest issues, each once, in the language of the address or else in the best one there is."""
    language = languages.current()
    feed = Rss201rev2Feed(
        title=_("GKEC newsletter"),
        link=f"{settings.BASE_URL}/{language}/news/",
        description=_("What cities learn from each other on the way to climate neutrality."),
        language=language,
        feed_url=settings.BASE_URL + reverse("newsletter_feed"),
    )
    for issue in archive.latest(MOST_ISSUES, language=language, request=request):
        feed.add_item(
            title=_in_xml(issue.title),
            link=urljoin(settings.BASE_URL, issue.url),
            description=_in_xml(issue.summary),
            # An issue is the same in every language: a reader of two feeds meets it once.
            unique_id=f"urn:uuid:{issue.key}",
            unique_id_is_permalink=False,
            pubdate=_since(issue),
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)
