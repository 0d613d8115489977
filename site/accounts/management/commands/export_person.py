"""Write everything that is kept about a person into a file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import override

from accounts import services
from accounts.enums import Channel
from accounts.errors import AccountsError


class Command(BaseCommand):
    help = (
        "Writes a ZIP file with all that is kept about an e-mail address and the account behind it (GDPR Article 15)."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("email", help="The person's address.")
        parser.add_argument("--output", default="gkec-data.zip", help="The file to write (gkec-data.zip).")
        parser.add_argument("--language", default="", help="Language of the labels; the account's, or English.")

    def handle(self, *args, **options) -> None:
        path = Path(options["output"])
        if path.exists():
            raise CommandError(f"{path} exists already: name another file with --output.")
        subject, person = services.subject_for(email=options["email"])
        with override(options["language"] or (person.language if person else "en")):
            try:
                content = services.export(subject=subject, channel=Channel.COMMAND)
            except AccountsError as refusal:
                raise CommandError(str(refusal)) from refusal
        # Nobody but who runs the command may read it.
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(content)
        self.stdout.write(f"{path} holds {len(content)} bytes.")
