"""The teams that a coordinator answers for, as their page shows them, and what was refused there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django import forms

from core import clock
from municipalities import rules
from municipalities.member_forms import LastDayForm, ReasonForm
from municipalities.models import LocalGovernment, Membership
from municipalities.running import RunningTeam, teams_of

if TYPE_CHECKING:
    from accounts.models import User

# What is asked for before something is done about a membership; other actions ask nothing.
FORMS: dict[str, type[forms.Form]] = {"decline": ReasonForm, "end": LastDayForm}


@dataclass
class Team:
    """One local government with those who ask to represent it and those who do."""

    local_government: LocalGovernment
    own: Membership
    running: list[RunningTeam] = field(default_factory=list)
    asking: list[Membership] = field(default_factory=list)
    members: list[Membership] = field(default_factory=list)

    @property
    def has_another_coordinator(self) -> bool:
        """Whether somebody would coordinate it after today without the reader."""
        return not rules.coordinates_alone(self.own, self.members)

    @property
    def must_keep(self) -> str:
        """Why the reader cannot leave today, as the service would say it; empty for who may."""
        return str(rules.refusal_to_end(self.own, [*self.asking, *self.members], self.running) or "")


@dataclass(frozen=True)
class Refused:
    """An action on a membership that was not done, and its form as it was sent, with the sentences that say why."""

    action: str
    membership_id: int
    form: forms.Form

    def is_about(self, action: str, membership: Membership) -> bool:
        """Whether it was this action on this membership."""
        return (self.action, self.membership_id) == (action, membership.pk)


def action_form(action: str, membership_id: int, data: Any = None) -> forms.Form:
    """Return the form of an action, bound if data is given; its ids end in the membership's number."""
    return FORMS.get(action, forms.Form)(data, auto_id=f"%s-{membership_id}")


def coordinated_by(person: "User", own: Iterable[Membership]) -> list[Team]:
    """Return the teams that a person coordinates today, given their own memberships; two statements, or none."""
    today = clock.now().date()
    teams = {
        one.local_government_id: Team(one.local_government, one)
        for one in own
        if one.is_of_coordinator and one.holds_on(today)
    }
    if not teams:
        return []
    colleagues = Membership.objects.open().filter(local_government__in=teams).exclude(person=person)
    for one in colleagues.select_related("person", "held_decision").order_by("asked_at", "pk"):
        team = teams[one.local_government_id]
        one.local_government = team.local_government
        (team.asking if one.is_asked else team.members).append(one)
    for key, found in teams_of(list(teams)).items():
        teams[key].running = found
    return list(teams.values())


def left_alone() -> list[tuple[LocalGovernment, list[RunningTeam]]]:
    """Return the local governments, by name, whose teams are under way while nobody coordinates them, with those teams.

    Two statements, whatever their number, and one where there is none.
    """
    teams = teams_of(LocalGovernment.objects.uncoordinated().values_list("pk", flat=True))
    cities = LocalGovernment.objects.filter(pk__in=teams) if teams else []
    return sorted(((city, teams[city.pk]) for city in cities), key=lambda found: found[0].display_name)


def said_about(refused: Refused, own: Iterable[Membership], teams: Iterable[Team]) -> dict[str, Any]:
    """Return what the page says of a refusal: its sentences, each with the id of what it is about, if that is there.

    What was typed into a form that the page no longer holds, since somebody else was faster, is `typed`.
    """
    teams = list(teams)
    asking = [one for team in teams for one in team.asking]
    standing = [*own, *(one for team in teams for one in team.members)]
    undecided = [one for one in asking if getattr(one, "held_decision", None) is None]
    holding = {"decline": undecided, "end": [one for one in standing if one.is_open and not one.is_asked]}
    form, key = refused.form, refused.membership_id
    has_form = key in {one.pk for one in holding.get(refused.action, ())}
    row = f"membership-{key}" if key in {one.pk for one in [*asking, *standing]} else ""
    errors = [
        {"id": form[name].auto_id if has_form and name in form.fields else row, "text": text}
        for name, texts in form.errors.items()
        for text in texts
    ]
    typed = [] if has_form else [{"label": field.label, "value": field.value()} for field in form if field.value()]
    return {"refused": refused, "refusals": errors, "typed": typed}
