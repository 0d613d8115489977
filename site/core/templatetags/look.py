"""Template tags of the look: addresses, languages, dates and the drawn parts of a page."""

from datetime import date, datetime
from urllib.parse import urljoin

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms import BaseForm, BoundField, CheckboxInput
from django.forms.widgets import ChoiceWidget
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import clock, covers, dates, kindhours, languages, numbers, worldmap

register = template.Library()

register.filter("clock", dates.clock)
register.filter("iso", dates.iso)
register.filter("iso_day", dates.iso_day)
register.filter("month", dates.month)
register.filter("day", dates.day)
register.filter("full_day", dates.full_day)
register.filter("duration", dates.duration)
register.filter("zone_city", dates.zone_city)
register.simple_tag(dates.clock_range, name="clock_range")
register.simple_tag(dates.clock_range_elsewhere, name="clock_range_elsewhere")
register.simple_tag(dates.day_range, name="day_range")
register.simple_tag(dates.whose_clocks, name="whose_clocks")


@register.filter
def absolute(address: str) -> str:
    """Return the address with the site's own scheme and host; an absolute one comes back unchanged."""
    return urljoin(settings.BASE_URL, address or "/")


@register.filter
def ltr(digits: str) -> str:
    """Keep the order of a date in digits: `{{ moment|date:"Y-m-d H:i"|ltr }}`."""
    return dates.left_to_right(digits)


@register.filter(is_safe=False)
def colon(label: object) -> str:
    """Put a colon after a label as the page's language sets it; a question needs none."""
    return languages.with_colon(label)


@register.filter
def start(code: str) -> str:
    """Return the side on which lines of a language begin, in words that every mail program knows."""
    return "right" if languages.direction(code) == "rtl" else "left"


@register.filter
def direction(code: str) -> str:
    """Return "rtl" or "ltr" for a language code, so that a passage can say how it runs."""
    return languages.direction(code)


@register.filter
def language_name(code: str) -> str:
    """Return the language's name in itself."""
    return languages.own_name(code)


@register.filter
def percent(value: int) -> str:
    """Return so many per cent as the page's language writes them."""
    return numbers.percent(value, languages.current())


@register.filter
def language_in_sentence(code: str) -> str:
    """Return the language's name in the page's language, as it stands within a sentence."""
    return languages.name_in_sentence(code)


@register.filter
def spoken(code: str | None) -> SafeString | str:
    """Return the `lang` and `dir` attributes of a passage in another language than the page's, else nothing."""
    if not code or code == languages.current():
        return ""
    return format_html(' lang="{}" dir="{}"', code, languages.direction(code))


@register.filter
def is_optional(field: BoundField) -> bool:
    """Tell whether a field may stay empty whatever the others of its form hold, which names those in `EITHER_OR`."""
    return not field.field.required and field.name not in getattr(field.form, "EITHER_OR", ())


@register.filter
def has_session(request) -> bool:
    """Tell whether the visitor has a session cookie, without opening the session.

    Opening it would make the page one person's own, which the page cache must never keep.
    """
    return bool(request) and settings.SESSION_COOKIE_NAME in request.COOKIES


@register.simple_tag
def in_zone(moment: date | datetime | None, zone: str | None = None) -> date | datetime | None:
    """Return the moment on the clocks of an IANA zone; nothing stays nothing."""
    return dates.in_zone(moment, zone) if moment else None


@register.simple_tag
def weekday(moment: date, size: str = "") -> str:
    """Return the day's name, short unless the tile is big."""
    return dates.weekday(moment, short=size != "big")


@register.simple_tag
def cover_url(topic: str, key: str) -> str:
    """Return the address of the drawing that belongs to a page of a topic."""
    return covers.address(topic, str(key))


@register.simple_tag
def night(moment: datetime | None = None) -> str:
    """Return the path of the night on the world map at a moment, or now."""
    return worldmap.night(moment or clock.now())


@register.simple_tag
def kind_hours(moment: datetime) -> list[dict]:
    """Return the rows that show where it is day at a moment."""
    return kindhours.rows(moment)


# Of three divisions the one that a state marks: seats free, few, none. One that says nothing of seats marks none.
_MARKED = {"open": ("free", 0, 33), "few": ("few", 33, 34), "waiting": ("waiting", 67, 33)}


@register.simple_tag
def seat_parts(
    state: str, taken: int | str = "", capacity: int | str = "", waiting: int | str = ""
) -> list[dict[str, str | int]]:
    """Return what is drawn in the seats bar, each part with its kind, where it begins and how wide it is, in per cent.

    With numbers it is a scale of seats taken and, beyond the last seat, of people waiting; what is free stays empty.
    Public pages know the state alone, so that they stay in the cache: they mark one division of three, and no share.
    """
    if not capacity or taken == "":
        parts = [_MARKED[state]] if state in _MARKED else []
    else:
        total = int(capacity) + int(waiting or 0)
        held, end = (round(100 * min(number, int(capacity)) / total) for number in (int(taken), int(capacity)))
        parts = [("taken", 0, held), ("waiting", end, 100 - end)]
    return [{"kind": kind, "start": start, "width": width} for kind, start, width in parts if width]


@register.simple_tag
def ring_parts(done: int, total: int) -> list[int]:
    """Return how full each of the mark's three arcs is, in per cent, when `done` of `total` is done."""
    share = 300 * int(done or 0) / int(total) if total else 0
    return [round(min(100, max(0, share - 100 * arc))) for arc in range(3)]


@register.simple_tag
def form_errors(form: BaseForm) -> list[dict]:
    """Return each error of a form with the id of the field it is about; the form's own errors have none."""
    found = [{"id": "", "text": text} for text in form.non_field_errors()]
    for field in form:
        found += [
            {"id": field.id_for_label or field.auto_id, "text": text, "label": field.label} for text in field.errors
        ]
    return found


@register.simple_tag(takes_context=True)
def page_links(context: template.Context, page: Page) -> list[dict]:
    """Return the links of a paginated list, keeping the other parameters of the address.

    Each has `number`, `url` and `is_current`; a gap has no number.
    """
    query = context["request"].GET.copy()
    links = []
    for number in page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1):
        if isinstance(number, int):
            query["page"] = str(number)
            links.append({"number": number, "url": f"?{query.urlencode()}", "is_current": number == page.number})
        else:
            links.append({"number": None})
    return links


@register.filter
def widget_kind(field: BoundField) -> str:
    """Return how a field is drawn: "hidden", "group" (several inputs), "choice" (one checkbox) or "single"."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, ChoiceWidget) and widget.use_fieldset:
        return "group"
    return "choice" if isinstance(widget, CheckboxInput) else "single"
