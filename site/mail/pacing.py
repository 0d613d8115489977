"""How what one act tells many leaves on the road of mail to one: a few at once, more by and by and behind it."""

from datetime import datetime, timedelta

from mail import rates
from mail.enums import Stream
from mail.services.ledger import MOST_GIVING_WAY

# So many fall due in one second at most, though each gives way to mail to one: so they are not all in workers' hands.
DUE_PER_SECOND = 20
# More than these from one act are news to many: behind so many, and not more, a sign-in code may have to wait.
A_FEW = MOST_GIVING_WAY


def is_news(number: int) -> bool:
    """Whether so many mails from one act are news to many, which give way, or a few that leave at once."""
    return number > A_FEW


def due_at(place: int, *, since: datetime) -> datetime:
    """Return when the mail with this place among the news falls due, the first of which, 0, does so at `since`."""
    return since + timedelta(seconds=place // rates.at_most(Stream.TRANSACTIONAL, DUE_PER_SECOND))
