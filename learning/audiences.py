"""Who would be told that a cohort does not take place, and how it would read: what the rehearsal asks for."""

from collections.abc import Iterable, Iterator

from django.db.models import Count
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from learning import mails
from learning.enums import EnrolmentState
from learning.models import Cohort, Enrolment
from mail.enums import Stream
from mail.kinds import Rendering
from mail.rehearsal import NOT_KNOWN


class CalledOff:
    """Those who would be told, were a cohort called off now: one for each address that has heard of an enrolment."""

    stream: str = Stream.TRANSACTIONAL

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort

    def people(self):
        """Return their enrolments."""
        once = Enrolment.objects.filter(cohort=self.cohort).told().once_each()
        return Enrolment.objects.filter(pk__in=once.values("pk"))

    def tally(self) -> Iterable[tuple[str, str, str, int]]:
        """Count them by language, zone and state, in one statement."""
        counted = self.people().order_by().values_list("language", "person__timezone", "state")
        for language, zone, state, number in counted.annotate(number=Count("pk")):
            yield language, zone or str(NOT_KNOWN), str(EnrolmentState(state).label), number

    def addresses(self) -> Iterator[str]:
        """Yield their addresses: the account's where there is one."""
        reached = self.people().order_by("pk").values_list(Coalesce("person__email", "email"), flat=True)
        return reached.iterator(chunk_size=1000)

    def sample(self, language: str) -> Rendering:
        """Write the mail for nobody."""
        enrolment = Enrolment(
            cohort=self.cohort, name=_("Sample Person"), email="sample@example.org", language=language
        )
        return mails.write_called_off(enrolment, language)
