"""Erase a person from every app."""

from django.core.management.base import BaseCommand, CommandError

from accounts import services
from accounts.enums import Channel, Ground
from accounts.errors import AccountsError


class Command(BaseCommand):
    help = (
        "Erases an e-mail address and the account behind it from every app (GDPR Article 17); nothing brings it back."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("email", help="The person's address.")
        parser.add_argument("--ground", default=Ground.ASKED.value, choices=Ground.values, help="Why (asked).")
        parser.add_argument("--yes", action="store_true", help="Do it; without this the command says what would go.")

    def handle(self, *args, **options) -> None:
        subject, _person = services.subject_for(email=options["email"])
        for kind, number in services.counts(subject):
            if number:
                self.stdout.write(f"{kind.name}: {number}")
        if not options["yes"]:
            self.stdout.write("Nothing is erased yet: add --yes to do it.")
            return
        try:
            services.erase(subject=subject, channel=Channel.COMMAND, ground=Ground(options["ground"]))
        except AccountsError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write("Erased.")
