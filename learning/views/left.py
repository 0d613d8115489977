"""The page of whoever asks for a cohort in which they take part no more: a sentence, and the way to what they have."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from learning.access import HasLeft

NOT_FOUND = 404


def told_who_left(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Answer whoever has left with that sentence; strangers get the 404 of what does not exist.

    Whoever is to come back, or waits to, is led to the cohort's page, which says how they stand.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, slug: str, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, slug=slug, **kwargs)
        except HasLeft as gone:
            if gone.is_back:
                return HttpResponseRedirect(reverse("cohort", args=[slug]))
            return render(request, "learning/left.html", status=NOT_FOUND)

    return wrapped
