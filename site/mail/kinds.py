"""The kinds of mail that the site can send; each app registers its own from `mails.py` in `AppConfig.ready`.

A kind knows how to write its message from ids at the last moment, so that the mail says what is true when it leaves:

    def render(message):
        registration = Registration.objects.filter(pk=message.params["registration"]).first()
        if registration is None:
            raise NoLongerMakesSense("The registration is gone.")
        return Rendering(subject=_("You are registered"), template="mail/event-confirmation", context={…})

    kinds.register(MailKind("event-confirmation", render, label=_("Confirmation of a registration")))
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mail.enums import Stream

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from mail.models import Message


class NoLongerMakesSense(Exception):
    """Raised by a kind whose message would say something untrue by now; the message is cancelled with these words."""


# By message: what fills its slots, or why nothing does.
Fillings = Mapping[int, Mapping[str, str] | NoLongerMakesSense]


@dataclass(frozen=True)
class Attachment:
    """A file that goes out with a message.

    `content_type` may carry parameters (`text/calendar; method=REQUEST; charset=utf-8`). With `as_alternative` the
    part stands beside the text and the HTML too, which is what makes mail programs offer a calendar invitation.
    """

    filename: str
    content: bytes
    content_type: str
    as_alternative: bool = False


@dataclass(frozen=True)
class Rendering:
    """What a kind answers: the words, still as templates.

    `template` names the pair `<template>.mjml` and `<template>.txt`; both are rendered with `context` in the
    language of the message. `context["reason"]`, a sentence, tells in the footer why the person gets this mail.
    """

    subject: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] | list[Attachment] = ()
    reply_to: str = ""


@dataclass(frozen=True)
class MailKind:
    """One kind of mail. `render` is called with the language of the message active, outside any transaction.

    A kind without `render` is known by its label only: its messages are asked for with `enqueue_prepared`.

    A kind of mail to many offers `render_variant(params, language)` instead: it is written once for all messages of a
    batch that agree in language and in the parameters named in `variant_params`, which are all it is given. In its
    templates `to_name`, `unsubscribe_url`, `preferences_url` and `own_url` stand for what each recipient gets there;
    filters would break them, and who has no name gets a variant in which `to_name` is empty. `fill(messages)` answers
    the addresses of a group, {message id: {slot: value}}; a message that it leaves out, or answers with
    NoLongerMakesSense, makes no sense any more.

    `why_not_again(message)` says, for staff, why a message should not be sent once more; empty where it may be.
    It is asked in the transaction that asks for the copy, and may lock what it looks at.

    `expires(messages)` says anew, {message id: moment}, until when messages written from records make sense: an event
    may have been moved since they were asked for. What it leaves out keeps the moment of its row.

    A kind that tells all people of something at once, but each as surely as a mail to one, `gives_way`: what is asked
    for meanwhile by one person leaves before it.
    """

    name: str
    render: "Callable[[Message], Rendering] | None"
    label: "str | Promise"
    stream: str = Stream.TRANSACTIONAL
    render_variant: "Callable[[Mapping[str, Any], str], Rendering] | None" = None
    variant_params: tuple[str, ...] = ()
    fill: "Callable[[Sequence[Message]], Fillings] | None" = None
    why_not_again: "Callable[[Message], str] | None" = None
    expires: "Callable[[Sequence[Message]], Mapping[int, datetime]] | None" = None
    gives_way: bool = False

    @property
    def is_prepared(self) -> bool:
        """Whether its messages come with their words."""
        return self.render is None and self.render_variant is None

    def shared_params(self, message: "Message") -> dict[str, Any]:
        """Return the parameters that a variant is written from."""
        return {name: message.params.get(name) for name in self.variant_params}

    def fillings(self, messages: "Sequence[Message]") -> "Fillings":
        """Return what is each recipient's own, by message; one that is missing or refused makes no sense any more."""
        return self.fill(messages) if self.fill else {message.pk: {} for message in messages}


_registered: dict[str, MailKind] = {}


def register(kind: MailKind) -> MailKind:
    """Make a kind known; a second one of the same name is a mistake in the program."""
    if _registered.setdefault(kind.name, kind) != kind:
        raise ValueError(f"A mail kind called {kind.name!r} is registered already.")
    return kind


def get(name: str) -> MailKind:
    """Return the kind of this name, or raise LookupError."""
    try:
        return _registered[name]
    except KeyError:
        raise LookupError(f"No mail kind is called {name!r}: is its app installed?") from None


def render(message: "Message") -> Rendering:
    """Let the message's kind write it; raises LookupError when no app can."""
    kind = get(message.kind)
    if kind.render is None:
        raise LookupError(f"Mail of the kind {kind.name!r} comes prepared.")
    return kind.render(message)


def why_not_again(message: "Message") -> str:
    """Return why the message's kind would not have it sent once more, for staff; empty where it says nothing."""
    kind = _registered.get(message.kind)
    return kind.why_not_again(message) if kind is not None and kind.why_not_again is not None else ""


def expiries(messages: "Iterable[Message]") -> "dict[int, datetime | None]":
    """Return until when each message makes sense by what the records say now; by its own row where they say nothing."""
    messages = list(messages)
    found = {message.pk: message.expires_at for message in messages}
    # A mail whose addressee has been erased has no parameters any more.
    written = [message for message in messages if not message.is_prepared and message.params]
    for name in {message.kind for message in written} & _registered.keys():
        if (expires := _registered[name].expires) is not None:
            found.update(expires([message for message in written if message.kind == name]))
    return found


def has_variants(name: str) -> bool:
    """Whether messages of this kind are written once for many."""
    return name in _registered and _registered[name].render_variant is not None


def label(name: str) -> str:
    """Return the kind's label in the active language, or its bare name if no app claims it any more."""
    return str(_registered[name].label) if name in _registered else name


def names() -> list[str]:
    """Return the names of all kinds, in the order of the alphabet."""
    return sorted(_registered)
