"""What staff do with one cohort, each with who would be told: calling it off, restoring it, and what was just saved."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.log_actions import log

from accounts.visitors import signed_in
from core import clock
from core.admin.acts import ActView
from learning import cohort_words
from learning.admin.cohort_parts import parts_of, planned_parts
from learning.admin.plans import of_ending, of_opening
from learning.audiences import CalledOff, Told
from learning.cohort_form import DAYS
from learning.errors import LearningError
from learning.models import Cohort
from learning.samples import SAMPLES
from learning.services import call_off_cohort, knowing, restore_cohort
from learning.services.foreseeing import ToBeTold, as_restored, foresee_news, foresee_planned, foresee_restoring
from mail import undo
from mail.admin.dry_run import Part, SampleView, rehearsed

# What the screen is called that names whom a cohort tells, and each button that leads there.
WHO = _("Who will be told")


def tells_somebody(cohort: Cohort) -> bool:
    """Whether a cohort will tell people of what staff did and can still take back, now or at a moment of its own."""
    news = foresee_news(cohort)
    return bool(news and not news.tells_nobody) or not foresee_planned(cohort, news).tells_nobody


def may_tell_somebody(cohort: Cohort) -> bool:
    """Whether it is worth looking, told without a statement of a cohort that brings `somebody_waits` along."""
    if cohort.is_called_off:
        return False
    # Once it is over nobody is told that there is no seat.
    may_end = not cohort.is_over(cohort.seats_given_until) or not cohort.gives_seats()
    return (cohort.somebody_waits and may_end) or cohort.holds_seats_back or knowing.is_just_restored(cohort)


def news_url(cohort: Cohort) -> str:
    """Return the screen that names them."""
    return reverse("cohorts:news", args=[cohort.pk])


class CohortAct(PermissionCheckedMixin, ActView):
    """Does something with one cohort."""

    # Wagtail finds the policy by the model; without one it would let everybody in.
    model = Cohort
    permission_required = "change"
    refusals = (LearningError,)

    @cached_property
    def cohort(self) -> Cohort:
        """The cohort that is acted on."""
        return get_object_or_404(Cohort, pk=self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        """Return the name."""
        return self.cohort.name

    def get_back_url(self) -> str:
        """Return the form of the cohort."""
        return reverse("cohorts:edit", args=[self.cohort.pk])

    def get_trail(self) -> list[dict[str, Any]]:
        """Lead back to the list and to the cohort."""
        own = {"url": self.get_back_url(), "label": self.cohort.name}
        return [{"url": reverse("cohorts:index"), "label": _("Cohorts")}, own]


class CallOffView(CohortAct):
    """Calls a cohort off."""

    template_name = "mail/admin/rehearsed_act.html"
    page_title = button = _("Cancel this cohort")
    done = _("The cohort is cancelled.")

    def get_sentence(self) -> str:
        """Return what will happen, with how many are told and when."""
        known = knowing.who_know(self.cohort).count() if knowing.is_just_restored(self.cohort) else 0
        return " ".join(_of_calling_off(self.audience.people().count(), known))

    @cached_property
    def audience(self) -> CalledOff:
        """Who would be told."""
        return CalledOff(self.cohort)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rehearsal of what people would be told."""
        part = Part(
            self.audience,
            undo.leaves_at(),
            lambda language: reverse("cohorts:call_off_sample", args=[self.cohort.pk, language]),
        )
        return super().get_context_data(**kwargs, **rehearsed(part))

    def act(self, said: dict[str, Any]) -> None:
        """Call it off in the name of staff."""
        call_off_cohort(cohort_id=self.cohort.pk)


def _of_calling_off(told: int, known: int) -> Iterator[str]:
    """Yield what calling a cohort off does, how many it tells, and how many it does not tell since they know."""
    if told:
        yield gettext(
            "Nobody can join or read its units any more. In %(minutes)s a mail will go to %(people)s. Restored before "
            "that, nobody is told."
        ) % {"minutes": undo.window_in_words(), "people": cohort_words.to_people(told)}
    else:
        yield gettext("Nobody can join or read its units any more.")
    if known:
        yield ngettext(
            "%(number)s person was told when it was cancelled before, has not heard since that it takes place after "
            "all, and gets no second mail.",
            "%(number)s people were told when it was cancelled before, have not heard since that it takes place after "
            "all, and get no second mail.",
            known,
        ) % {"number": known}
    elif not told:
        yield gettext("There is nobody to tell, so nobody gets a mail.")


class CallOffSampleView(PermissionCheckedMixin, SampleView):
    """The HTML in one language of the mail that calls a cohort off."""

    model = Cohort
    permission_required = "change"

    def get_audience(self) -> CalledOff:
        """Return who would be told."""
        return CalledOff(get_object_or_404(Cohort, pk=self.kwargs["pk"]))


class RestoreView(CohortAct):
    """Lets a cohort that was called off take place after all."""

    template_name = "mail/admin/rehearsed_act.html"
    page_title = _("Restore a cohort")
    button = _("Restore")
    done = _("The cohort takes place after all.")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, unless there is nothing to restore: it takes place as it is, or is over."""
        if not self.cohort.is_called_off or self.cohort.is_over():
            return HttpResponseRedirect(self.get_back_url())
        return super().get(request, *args, **kwargs)

    def get_sentence(self) -> str:
        """Return what will happen, whether anybody has been told of the calling off, and how many are written to."""
        since = self.cohort.called_off_at
        is_untold = since is not None and clock.now() < undo.leaves_at(since=since)
        # Called off once more just after it had been restored, it has told some of them the first time.
        is_untold = is_untold and not knowing.who_know(self.cohort).exists()
        if not (self.found.tells_nobody and self.planned.tells_nobody):
            return " ".join(_of_restoring(self.found, self.planned, is_untold=is_untold))
        if is_untold:
            return gettext("Its people can join and read again. The mails have not left yet: nobody is told anything.")
        return gettext("Its people can join and read again. Nobody is written to: tell them yourself.")

    @cached_property
    def found(self) -> ToBeTold:
        """Whom it would write to."""
        return foresee_restoring(self.cohort)

    @cached_property
    def planned(self) -> ToBeTold:
        """Whom it would write to later, at the moments that it names."""
        return foresee_planned(as_restored(self.cohort), self.found)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rehearsal of all that people would be told."""
        found = [*parts_of(self.cohort, self.found), *planned_parts(self.cohort, self.planned)]
        return super().get_context_data(**kwargs, **_shown(found))

    def act(self, said: dict[str, Any]) -> Cohort:
        """Restore it in the name of staff; its history says so, which gives time to cancel it again."""
        with transaction.atomic():
            restored = restore_cohort(cohort_id=self.cohort.pk)
            log(instance=restored, action="wagtail.edit", user=signed_in(self.request))
        return restored

    def get_done_buttons(self, acted: Cohort) -> list[Any]:
        """Lead on to whom it writes to, as the form does."""
        return [messages.button(news_url(acted), WHO)] if tells_somebody(acted) else []


def _shown(parts: list[Part]) -> dict[str, Any]:
    """Return the rehearsal of these parts, of which there may be none."""
    return rehearsed(*parts) if parts else {"parts": []}


def _of_restoring(found: ToBeTold, planned: ToBeTold, *, is_untold: bool) -> Iterator[str]:
    """Yield what restoring a cohort does, and to how many it writes, be it later."""
    yield gettext("Its people can join and read again.")
    if is_untold:
        yield gettext("The mails that it is cancelled have not left yet: nobody gets one.")
    else:
        yield gettext("Nobody is told that it takes place after all: tell them yourself.")
    minutes = undo.window_in_words()
    if found.again:
        yield ngettext(
            "%(number)s mail that could not leave meanwhile, such as an invitation, leaves in %(minutes)s.",
            "%(number)s mails that could not leave meanwhile, such as invitations, leave in %(minutes)s.",
            found.again,
        ) % {"number": found.again, "minutes": minutes}
    if found.promoted:
        yield ngettext(
            "%(number)s person who waits will get a seat in %(minutes)s and be told.",
            "%(number)s people who wait will get a seat in %(minutes)s and be told.",
            found.promoted,
        ) % {"number": found.promoted, "minutes": minutes}
    if found.in_vain:
        yield gettext("It gives no more seats: in %(minutes)s a mail that says so goes to %(people)s.") % {
            "minutes": minutes,
            "people": cohort_words.to_people(found.in_vain),
        }
    yield from of_opening(planned)
    yield from of_ending(planned)
    yield gettext("Cancelled again before that, nobody gets any of this.")


class NewsView(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """Who will be told of what staff have just saved or planned, as long as it can be taken back."""

    # Wagtail finds the policy by the model; without one it would let everybody in.
    model = Cohort
    permission_required = "change"
    template_name = "learning/admin/cohort_news.html"
    page_title = WHO

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rehearsal; nothing of it where all was taken back or has happened."""
        cohort = get_object_or_404(Cohort, pk=self.kwargs["pk"])
        found = foresee_news(cohort)
        planned = planned_parts(cohort, foresee_planned(cohort, found))
        return super().get_context_data(
            **kwargs,
            cohort=cohort,
            back_url=reverse("cohorts:edit", args=[cohort.pk]),
            planned=_shown(planned)["parts"],
            **_shown([] if found is None else parts_of(cohort, found)),
        )

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the list and to the cohort."""
        cohort = get_object_or_404(Cohort, pk=self.kwargs["pk"])
        own = {"url": reverse("cohorts:edit", args=[cohort.pk]), "label": cohort.name}
        listing = {"url": reverse("cohorts:index"), "label": _("Cohorts")}
        return [*self.breadcrumbs_items, listing, own, {"url": "", "label": self.page_title}]


class NewsSampleView(PermissionCheckedMixin, SampleView):
    """The HTML in one language of one of the mails that a cohort sends to many, on the days that the address names."""

    model = Cohort
    permission_required = "change"

    def get_audience(self) -> Told:
        """Return an audience of nobody, who would get that mail."""
        if self.kwargs["mail"] not in SAMPLES:
            raise Http404
        cohort = get_object_or_404(Cohort, pk=self.kwargs["pk"])
        for name in DAYS:
            with suppress(ValueError):
                setattr(cohort, name, date.fromisoformat(self.request.GET.get(name, "")))
        return Told(cohort, self.kwargs["mail"])
