"""Enrolling a team in four steps, one address: the city, the cohort, the people, and one more look at them.

The steps are told by what is in the address or was sent, so that each works without scripts and can be gone back to.
Nothing is kept before the last.
"""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View
from django.views.decorators.cache import never_cache

from accounts.visitors import signed_in
from core import languages, limits
from learning import access, cohort_words, fitting, team_rehearsal
from learning.bad_lines import gathered
from learning.errors import EnrolmentRefused, LearningError, TooManyAtOnce
from learning.forms import PeopleForm
from learning.models import Cohort, TeamRequest
from learning.rules import cities_to_enrol
from learning.services import Invitee, Preview, Prospect, TeamOutcome, enrol_team, foresee_team, preview_team
from learning.services.reading_lines import MOST_AT_ONCE, lines_of
from learning.team_rehearsal import Part
from learning.views.left import told_of_the_end
from mail import undo
from mail.isolates import isolate
from municipalities.models import LocalGovernment
from municipalities.rules import is_coordinator

# So many are shown with what was written; the others by their numbers.
MOST_PROBLEMS = 100
LISTS = limits.Limit("team-lists-person", settings.TEAM_LISTS_PER_PERSON_PER_HOUR, 3600)
ENROLMENTS = limits.Limit("team-enrolments-person", settings.TEAM_ENROLMENTS_PER_PERSON_PER_HOUR, 3600)


@method_decorator([never_cache, told_of_the_end], name="dispatch")
class TeamView(LoginRequiredMixin, View):
    """Shows the step that comes next, and enrols when the last one is sent."""

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        """Find the cohort, or answer 404; who is not signed in is asked to be first, whether there is one or not."""
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        self.cohort = access.cohort_for(request, slug)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show the first step that has no answer yet."""
        if self.city is None:
            return self._show("city", {"cities": self.cities})
        chosen = request.GET.get("cohort", "")
        why_shut = access.why_shut(self.cohort)
        if chosen == self.cohort.slug and not why_shut:
            return self._show_again(self.city) or self._show_people(
                PeopleForm(initial={"language": languages.current()})
            )
        if other := next((one for one in self._choices if one.slug == chosen), None):
            return HttpResponseRedirect(
                _address(other.slug, city=self.city.slug, cohort=other.slug), status=HTTPStatus.SEE_OTHER
            )
        cards = fitting.cards_for_city(self._choices, signed_in(request), self.city.pk)
        return self._show("cohort", {"cards": cards, "why_shut": why_shut})

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Look the people over, or enrol those who were looked over."""
        if self.city is None:
            raise PermissionDenied
        form = PeopleForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._show_people(form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        if limit := self._limit(request):
            return self._slow_down(form, limit)
        try:
            if "confirm" not in request.POST and (why_shut := access.why_shut(self.cohort)):
                raise EnrolmentRefused(why_shut)
            preview = preview_team(
                cohort_id=self.cohort.pk,
                local_government_id=self.city.pk,
                lines=form.cleaned_data["everybody"],
                coordinator=signed_in(request),
            )
            people = preview.people(form.cleaned_data["language"])
            if "confirm" not in request.POST or not people:
                return self._show_preview(form, preview, people, self.city)
            outcome = enrol_team(
                cohort_id=self.cohort.pk,
                local_government_id=self.city.pk,
                coordinator=signed_in(request),
                people=people,
                sends_at=undo.leaves_at() if undo.undo_window() else None,
            )
        except LearningError as refusal:
            form.add_error(None, str(refusal))
            return self._show_people(form, status=HTTPStatus.CONFLICT)
        if outcome.refused and not outcome.enrolled:
            form.add_error(None, cohort_words.of_outcome("refused", len(outcome.refused)))
            return self._show_people(form, status=HTTPStatus.CONFLICT)
        return self._done(outcome)

    @cached_property
    def cities(self) -> list[LocalGovernment]:
        """The local governments that the visitor coordinates or has asked to."""
        return sorted(cities_to_enrol(signed_in(self.request)), key=lambda city: city.display_name)

    @cached_property
    def city(self) -> LocalGovernment | None:
        """The one that was chosen, if it is the visitor's."""
        slug = self.request.POST.get("city") or self.request.GET.get("city")
        return next((city for city in self.cities if city.slug == slug), None)

    @cached_property
    def _choices(self) -> list[Cohort]:
        return access.met_by(self.request, Cohort.objects.open_for_enrolment())

    def _limit(self, request: HttpRequest) -> limits.Limit | None:
        person = str(request.user.pk)
        asked = [(LISTS, person), *([(ENROLMENTS, person)] if "confirm" in request.POST else [])]
        return limits.exceeded(asked)

    def _slow_down(self, form: PeopleForm, limit: limits.Limit) -> HttpResponse:
        # A browser sends a file only once: its lines come back as if they had been pasted.
        said = {"lines": form.cleaned_data["everybody"], "language": form.cleaned_data["language"]}
        again = PeopleForm(said)
        again.add_error(None, limits.TOO_OFTEN)
        return limits.slowed(self._show_people(again), limit)

    def _show_people(self, form: PeopleForm, *, status: int = 200) -> HttpResponse:
        return self._show("people", {"form": form}, status=status)

    def _show_again(self, city: LocalGovernment) -> HttpResponse | None:
        """Show the list that the visitor has just taken back, to be changed; None where they come for a new one."""
        taken_back = access.team_taken_back(self.request, self.cohort, city, self.request.GET.get("again", ""))
        if taken_back is None:
            return None
        people = [one for one in taken_back if not one.erased_at]
        # Who has no language of their own in the list is invited in the one that is chosen below it.
        spoken = max((one.language for one in people), key=[one.language for one in people].count, default="")
        lines = lines_of((one.email, one.name, "" if one.language == spoken else one.language) for one in people)
        form = PeopleForm(initial={"lines": lines, "language": spoken or languages.current()})
        return self._show("people", {"form": form, "is_taken_back": True})

    def _show_preview(
        self, form: PeopleForm, preview: Preview, people: list[Invitee], city: LocalGovernment
    ) -> HttpResponse:
        prospect = None
        if people and not self.cohort.by_approval:
            prospect = foresee_team(cohort_id=self.cohort.pk, local_government_id=city.pk, number=len(people))
        finds_nothing = prospect is not None and prospect.refused == len(people)
        again = PeopleForm(initial={"lines": form.cleaned_data["everybody"], "language": form.cleaned_data["language"]})
        context = {
            "people": people,
            "notes": self._notes(city, prospect),
            "may_confirm": not finds_nothing,
            "people_in_words": cohort_words.of_people(len(people)),
            "problems": preview.bad[:MOST_PROBLEMS],
            "more_problems": len(preview.bad[MOST_PROBLEMS:]),
            "gathered_problems": gathered(preview.bad[MOST_PROBLEMS:]),
            "left_over": _left_over(preview),
            "lines": preview.lines_again,
            "language": form.cleaned_data["language"],
            "has_own_languages": any(one.language != form.cleaned_data["language"] for one in people),
            "form": again,
            "parts": self._rehearsed(people, prospect, city),
            "window": undo.window_in_words() if prospect and self._can_be_taken_back(city) else "",
        }
        status = HTTPStatus.CONFLICT if finds_nothing else 200
        return self._show("confirm", context, status=status if people else HTTPStatus.UNPROCESSABLE_ENTITY)

    def _rehearsed(self, people: list[Invitee], prospect: Prospect | None, city: LocalGovernment) -> list[Part]:
        """Return who would be told what; nothing where moderators decide, since they tell nobody of the team yet."""
        if prospect is None:
            return []
        team = TeamRequest(cohort=self.cohort, local_government=city, coordinator=signed_in(self.request))
        return team_rehearsal.of_enrolling(team, people, prospect)

    def _can_be_taken_back(self, city: LocalGovernment) -> bool:
        return bool(undo.undo_window()) and is_coordinator(self.request.user, city.pk)

    def _notes(self, city: LocalGovernment, prospect: Prospect | None) -> list[str]:
        """Return why not everybody gets an invitation at once; empty where they do."""
        notes = []
        if not is_coordinator(self.request.user, city.pk):
            notes.append(_("Nobody is written to before you are approved as coordinator."))
        if self.cohort.by_approval:
            notes.append(_("The moderators read every application and answer by mail."))
        if prospect is not None and not prospect.seats_everybody:
            counts = {name: getattr(prospect, name) for name in ("seated", "waiting", "refused", "share")}
            notes += cohort_words.of_prospect(**counts)
        return notes

    def _done(self, outcome: TeamOutcome) -> HttpResponse:
        counts = {
            name: len(getattr(outcome, name))
            for name in ("invited", "waiting", "applied", "already", "refused")
            if getattr(outcome, name)
        }
        address = reverse("my_team", args=[self.cohort.slug, self.city.slug])
        return HttpResponseRedirect(
            f"{address}?{urlencode({'done': 'enrolled', **counts})}", status=HTTPStatus.SEE_OTHER
        )

    def _show(self, step: str, more: dict[str, Any], *, status: int = 200) -> HttpResponse:
        context = {
            **cohort_words.about(self.cohort, self.request),
            "steps": _steps(step),
            "city": self.city,
            "start_url": reverse("cohort_team", args=[self.cohort.slug]),
            **more,
        }
        return render(self.request, f"learning/team_{step}.html", context, status=status)


def _address(slug: str, **chosen: str) -> str:
    return f"{reverse('cohort_team', args=[slug])}?{urlencode(chosen)}"


def _left_over(preview: Preview) -> list[str]:
    """Return a sentence with the count for what was not looked at, and for whom one time has no room."""
    said = []
    if preview.unknown_heading:
        line = isolate(preview.unknown_heading)
        said.append(_("The first line has no address and was read as headings: %(line)s") % {"line": line})
    if preview.leaves_columns_out:
        said.append(_("Of the columns, only those with names, addresses and languages are read."))
    if preview.unread:
        words = ngettext(
            "That was too much at once: the last %(number)s line was not read.",
            "That was too much at once: the last %(number)s lines were not read.",
            preview.unread,
        )
        said.append(words % {"number": preview.unread})
    if preview.later:
        words = ngettext(
            "%(number)s more person is left for afterwards.",
            "%(number)s more people are left for afterwards.",
            preview.later,
        )
        said.append(f"{TooManyAtOnce(MOST_AT_ONCE)} {words % {'number': preview.later}}")
    return said


def _steps(now: str) -> list[dict[str, str]]:
    """Return the four steps, as the component shows them."""
    names = {"city": _("City"), "cohort": _("Cohort"), "people": _("People"), "confirm": _("Send")}
    order = list(names)
    reached = order.index(now)
    return [
        {"title": names[name], "state": "done" if number < reached else "now" if number == reached else ""}
        for number, name in enumerate(order)
    ]
