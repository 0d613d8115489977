"""The staff's form of a cohort: days and times as clocks of its own zone show them, moderators by their addresses.

Days that end somebody's wait are saved once staff have read how many that concerns, and say yes.
"""

import copy
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from accounts.models import User
from core import languages, timezones
from core.emailkeys import one_spelling
from core.years import validate_year
from events.models.webinar_form import WallClockField
from events.schedule import NoSuchTime, TimeHappensTwice, moment, wall_clock
from learning import cohort_words
from learning.enums import EnrolmentState
from learning.errors import CohortChanged
from learning.models import Cohort, Enrolment
from learning.rules import may_change_enrolments
from learning.services import save_cohort
from learning.services.expiring import InVain, foresee_in_vain, told_in_vain
from learning.services.opening import as_read
from mail import undo
from mail.isolates import isolate

WALL_CLOCKS = ("opens_at", "closes_at")
DAYS = ("starts_on", "ends_on")
# What decides until when seats are given.
UNTIL = (*DAYS, "timezone", "closes_at")
CLOSES_FIRST = _("Enrolment must close after it opens.")


def _timezones() -> list[tuple[str, str]]:
    return list(timezones.choices(languages.current()))


def _in_words(field: forms.BoundField) -> str:
    """Return what a field says as people read it."""
    value = field.value()
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    labels = {str(key): str(label) for key, label in getattr(field.field, "choices", ())}
    if labels and value:
        return gettext(", ").join(
            labels.get(str(one), str(one)) for one in (value if isinstance(value, list) else [value])
        )
    return gettext(", ").join(str(field.field.widget.format_value(value) or "–").splitlines())


def _of_waits(found: InVain, *, is_over: bool) -> str:
    """Return whose waits end and who is told, were the form saved as it is."""
    sentence = gettext(
        "Saved like this, the cohort gives no more seats: the waits and applications of %(ended)s end for good. In "
        "%(minutes)s a mail that they have no seat goes to %(told)s. Changed back before that, nobody is told."
    )
    if not found.told:
        sentence = gettext(
            "Saved like this, the cohort gives no more seats: the waits and applications of %(ended)s end for good in "
            "%(minutes)s, and nobody is told. Changed back before that, all stay."
        )
    if is_over:
        sentence = gettext(
            "Saved like this, the cohort is over: the waits, applications and invitations of %(ended)s end for good in "
            "%(minutes)s, and nobody is told. Changed back before that, all stay."
        )
    ended, told = cohort_words.to_people(found.ended), cohort_words.to_people(found.told)
    return sentence % {"ended": ended, "told": told, "minutes": undo.window_in_words()}


class CohortForm(WagtailAdminModelForm):
    """Refuses what the record would refuse, each with a sentence, and leaves writing to the service."""

    timezone = forms.ChoiceField(label=_("Time zone"), choices=_timezones)
    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        choices=languages.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Of its moderators."),
    )
    opens_at = WallClockField(label=_("Enrolment opens"), required=False, help_text=_("Empty: at once."))
    closes_at = WallClockField(
        label=_("Enrolment closes"), required=False, help_text=_("Empty: when the first day begins.")
    )
    addresses = forms.CharField(
        label=_("Moderators"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "ltr", "spellcheck": "false"}),
        help_text=_("Their e-mail addresses, one a line. Each needs an account."),
    )

    # Asked only where saving would end somebody's wait: otherwise `clean` takes it away, and its panel with it.
    agreed = forms.BooleanField(required=False)

    # Who is told that they have no seat, where the form asks: `agreed` is shown beneath them.
    in_vain: Sequence[Enrolment] = ()

    # Whether no more seats are given from an earlier moment on than before, by what was typed.
    ends_nearer = False

    # Which numbers the box was read beside: where they are others by now, its tick says nothing.
    asked_about = forms.CharField(required=False, widget=forms.HiddenInput)

    # What was posted; a copy of it once the form has asked, or has taken in what somebody else wrote.
    data: Any

    # What the record said when the form was opened: where it says something else by now, nothing is saved unread.
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in DAYS:
            self.fields[name].validators.append(validate_year)
        # Moderators see all learners of a cohort: whoever may not see them cannot make themselves one.
        self.fields["addresses"].disabled = self.for_user is None or not may_change_enrolments(self.for_user)
        if not self.is_bound:
            del self.fields["agreed"]
        cohort = self.instance
        if cohort._state.adding:
            self.initial.setdefault("languages", ["en"])
            return
        for name in WALL_CLOCKS:
            if at := getattr(cohort, name):
                self.initial[name] = wall_clock(at, cohort.timezone)
        self.initial["addresses"] = "\n".join(cohort.moderators.order_by("email").values_list("email", flat=True))
        self.initial["opened"] = json.dumps(as_read(cohort))
        # What people have read hangs from the course's units.
        self.fields["course"].disabled = cohort.enrolments.exists()
        self._say_who_waits(cohort)

    def _say_who_waits(self, cohort: Cohort) -> None:
        """Say at the seats how many wait, and that a larger number gives them seats unless it is taken back in time."""
        window_ends = undo.leaves_at()
        opens_later = cohort.opens_at is not None and cohort.opens_at > window_ends
        gives_seats = cohort.gives_seats(cohort.opens_at if opens_later else window_ends)
        waiting = cohort.enrolments.filter(state=EnrolmentState.WAITLISTED).count() if gives_seats else 0
        if not waiting:
            return
        sentence = ngettext(
            "%(number)s person waits. A larger number, or none, gives them a seat %(minutes)s after it is saved, "
            "unless the former number is saved before that.",
            "%(number)s people wait. A larger number, or none, gives them seats %(minutes)s after it is saved, "
            "unless the former number is saved before that.",
            waiting,
        )
        if opens_later:
            sentence = ngettext(
                "%(number)s person waits. A larger number, or none, gives them a seat when enrolment opens, unless the "
                "former number is saved before that.",
                "%(number)s people wait. A larger number, or none, gives them seats when enrolment opens, unless the "
                "former number is saved before that.",
                waiting,
            )
        said = sentence % {"number": waiting, "minutes": undo.window_in_words()}
        field = self.fields["seats"]
        field.help_text = f"{field.help_text} {said}"

    def clean_addresses(self) -> list[User]:
        """Return the people, or refuse the first address without an open account."""
        if self.fields["addresses"].disabled:
            return []
        wanted = [one_spelling(address) for address in self.cleaned_data["addresses"].split()]
        found = {one.email: one for one in User.objects.filter(email__in=wanted, is_active=True)}
        for address in wanted:
            if address not in found:
                raise ValidationError(
                    _("Nobody has an account with the address %(address)s."), params={"address": address}
                )
        return [found[address] for address in dict.fromkeys(wanted)]

    def clean(self) -> dict[str, Any]:
        """Join the typed times to the zone and check the order of days and times."""
        cleaned = super().clean() or self.cleaned_data
        for name in WALL_CLOCKS:
            if cleaned.get(name) is not None:
                cleaned[name] = self._moment(name, cleaned)
        self._check_order(cleaned, "starts_on", "ends_on", _("The last day cannot come before the first."))
        self._check_order(cleaned, "opens_at", "closes_at", CLOSES_FIRST)
        self._check_opening(cleaned)
        self._ask_about_waits(cleaned)
        return cleaned

    def _moment(self, name: str, cleaned: dict[str, Any]) -> datetime | None:
        # Without a zone the form is refused anyway; any zone will do to check the order.
        zone, wall = cleaned.get("timezone") or "UTC", cleaned[name]
        words = {"time": f"{wall:%Y-%m-%d %H:%M}", "zone": timezones.city(zone, languages.current())}
        try:
            return moment(wall, zone)
        except NoSuchTime:
            sentence = _("In %(zone)s the clocks jump over %(time)s. Choose an earlier or a later time.")
        except TimeHappensTwice:
            sentence = _("In %(zone)s the clocks show %(time)s twice. Choose an earlier or a later time.")
        self.add_error(name, sentence % words)
        return None

    def _check_order(self, cleaned: dict[str, Any], first: str, second: str, sentence: str | Promise) -> None:
        early, late = cleaned.get(first), cleaned.get(second)
        is_moment = first in WALL_CLOCKS
        if early and late and (late < early or (is_moment and late == early)):
            self.add_error(second, sentence)

    def _check_opening(self, cleaned: dict[str, Any]) -> None:
        """Refuse a cohort that could never take anybody, since its own days end enrolment before it opens."""
        names = ("starts_on", "ends_on", "timezone")
        if not all(cleaned.get(name) for name in ("opens_at", *names)):
            return
        cohort = Cohort(**{name: cleaned[name] for name in names})
        if cohort.is_over(cleaned["opens_at"]):
            self.add_error("opens_at", _("Enrolment must open before the cohort is over."))
        elif cohort.has_started(cleaned["opens_at"]) and not (cleaned.get("closes_at") or self.has_error("closes_at")):
            self.add_error("closes_at", CLOSES_FIRST)

    def _ask_about_waits(self, cleaned: dict[str, Any]) -> None:
        """Save nothing that ends people's waits for good before staff have read how many those are, and agreed."""
        found = InVain()
        if not self.errors and not self.instance._state.adding:
            said = copy.copy(self.instance)
            for name in UNTIL:
                setattr(said, name, cleaned[name])
            found = foresee_in_vain(said, instead_of=self.instance)
            self.ends_nearer = said.seats_given_until < self.instance.seats_given_until
        if not found.ended:
            del self.fields["agreed"]
            return
        about = json.dumps([found.ended, found.told, said.is_over()])
        if cleaned["agreed"] and cleaned["asked_about"] == about:
            return
        self["agreed"].label = gettext("Yes, tell them") if found.told else gettext("Yes, end them")
        self.data = self.data.copy()
        self._fill("asked_about", about)
        self._fill("agreed", None)
        self.in_vain = told_in_vain(said, instead_of=self.instance) if found.told else []
        self.add_error("agreed", _of_waits(found, is_over=said.is_over()))

    def save(self, commit: bool = True) -> Cohort:
        """Store the cohort through its service; raises CohortChanged where its form was opened before a change."""
        moderators = None if self.fields["addresses"].disabled else self.cleaned_data["addresses"]
        return save_cohort(cohort=self.instance, moderators=moderators, seen=self._opened())

    def take_in(self, refusal: CohortChanged) -> None:
        """Show what somebody else wrote: in the fields that nobody touched here, and beside those that keep what was
        typed. Saved again, the form says that both have been read.
        """
        typed, opened = self._typed(), self._opened()
        now = type(self)(instance=Cohort.objects.get(pk=self.instance.pk), for_user=self.for_user)
        # Who waits hangs from what is saved next, which asks again: a tick would stand there without its sentence.
        self.fields.pop("agreed", None)
        self.data = self.data.copy()
        for name in refusal.changed:
            if name in opened and opened[name] == typed[name]:
                self._fill(name, now[name].value())
            said = gettext("Somebody else wrote: %(value)s") % {"value": isolate(_in_words(now[name]))}
            self.add_error(name, said)
        self._fill("opened", now["opened"].value())
        self.add_error(None, str(refusal))

    def _typed(self) -> dict[str, Any]:
        addresses = sorted(one.email for one in self.cleaned_data["addresses"])
        return {**as_read(self.instance), "addresses": addresses}

    def _fill(self, name: str, value: Any) -> None:
        if value in (None, False):
            self.data.pop(self.add_prefix(name), None)
        else:
            self.data.setlist(self.add_prefix(name), value if isinstance(value, list) else [value])

    def _opened(self) -> dict[str, Any]:
        """Return what the record said when the form was opened; nothing where the page did not send that back."""
        try:
            said = json.loads(self.cleaned_data["opened"] or "{}")
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    class Media:
        css = {"all": ["css/admin/mail.css"]}

    class Meta:
        model = Cohort
        fields = [
            "course",
            "name",
            "slug",
            "starts_on",
            "ends_on",
            "timezone",
            "languages",
            "seats",
            "seats_per_local_government",
            "waiting_list",
            "admission",
            "opens_at",
            "closes_at",
        ]
