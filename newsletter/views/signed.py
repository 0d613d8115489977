"""Pages behind the signed address of a subscriber."""

from collections.abc import Callable
from functools import partial, wraps
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from core.views.signed import View, behind_token
from newsletter import tokens
from newsletter.models import Subscriber


def by_token(purpose: tokens.Purpose) -> Callable[[View], View]:
    """Find the subscriber of a signed address: None where the address is ours and nobody stands behind it any more.

    A forged token and one that is too old get the same 404.
    """
    door = behind_token(
        find=partial(tokens.read, purpose=purpose),
        unknown="newsletter/link_unknown.html",
        context={"may_be_old": purpose in tokens.LASTS},
    )

    def decorate(view: View) -> View:
        @wraps(view)
        def with_subscriber(request: HttpRequest, token: str, identifier: UUID) -> HttpResponse:
            return view(request, token, Subscriber.objects.filter(uuid=identifier).first())

        return door(with_subscriber)

    return decorate
