"""The pages of whoever asks for what is not there any more: a sentence, and the way to what they have.

Of a cohort in which they take part no more, and of one that is over or called off.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from learning import cohort_words
from learning.access import HasEnded, HasLeft
from learning.models import Enrolment


def told_who_left(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Answer whoever has left with that sentence; strangers get the 404 of what does not exist.

    Whoever is to come back, or waits to, is led to the cohort's page, which says how they stand or what became of it.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, slug: str, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, slug=slug, **kwargs)
        except HasLeft as gone:
            if gone.is_back:
                return HttpResponseRedirect(reverse("cohort", args=[slug]))
            return render(request, "learning/left.html", status=HTTPStatus.NOT_FOUND)

    return wrapped


def told_of_the_end(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Answer that a cohort has ended, or does not take place, to whoever might have known of it.

    Whoever took part is led to their own record.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, slug: str, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, slug=slug, **kwargs)
        except HasEnded as ended:
            takes_part = (
                request.user.is_authenticated
                and Enrolment.objects.of_person(request.user).joined().filter(cohort=ended.cohort).exists()
            )
            context = {**cohort_words.about(ended.cohort, request), "takes_part": takes_part}
            return render(request, "learning/ended.html", context, status=HTTPStatus.GONE)

    return wrapped
