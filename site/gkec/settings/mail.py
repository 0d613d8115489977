"""How mail leaves: every message is a row of the outbox first."""

from urllib.parse import urlsplit

from gkec import environment as env

EMAIL_BACKEND = "mail.backend.OutboxBackend"
MAIL_SERVER = env.mail_server("EMAIL_URL")
# Where it names a backend of django-anymail, such as anymail.backends.brevo.EmailBackend, mail leaves through that
# provider instead, and every ANYMAIL_… of the environment is a setting of it.
MAIL_PROVIDER = env.text("MAIL_PROVIDER", default=" ").strip()
ANYMAIL = env.prefixed("ANYMAIL_")
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", default="GKEC <no-reply@gkec.example>")
MAIL_MESSAGE_ID_DOMAIN = env.text(
    "MAIL_MESSAGE_ID_DOMAIN",
    default=urlsplit(env.address("BASE_URL", schemes={"http", "https"})).hostname or "localhost",
)
MAIL_REPLY_TO = env.text("MAIL_REPLY_TO", default=" ").strip()
# Mail to many may have a sender of its own, so that complaints about it do not harm the name that sign-in mail has.
MAIL_SENDERS = {"bulk": env.text("MAIL_BULK_FROM", default=" ").strip()}
MAIL_REPLY_TOS = {"bulk": env.text("MAIL_BULK_REPLY_TO", default=" ").strip()}
# Messages a second, held across all workers; 0 holds nobody back.
MAIL_RATES = {"transactional": env.number("MAIL_RATE", default=0), "bulk": env.number("MAIL_BULK_RATE", default=0)}
# A worker holds what it takes for so long; a killed worker's messages move on when this has passed.
MAIL_LEASE_SECONDS = env.number("MAIL_LEASE_SECONDS", default=120, minimum=1)
# The longest that connecting may take, and then one group on the wire: shorter than the lease, so that a slow worker is
# never taken for dead.
MAIL_HANDOVER_SECONDS = env.number("MAIL_HANDOVER_SECONDS", default=60, minimum=1)
# What goes to many, or tells many of a change, can be taken back for so long before anything leaves.
MAIL_UNDO_SECONDS = env.number("MAIL_UNDO_SECONDS", default=120)
# Messages a worker takes at once; bulk mail is started and answered in groups, which bounds what a kill leaves unknown.
MAIL_BATCH_SIZES = {"transactional": env.number("MAIL_BATCH_SIZE", default=20, minimum=1), "bulk": 200}
MAIL_GROUP_SIZES = {"transactional": 1, "bulk": env.number("MAIL_GROUP_SIZE", default=20, minimum=1)}
# A message is tried again after as long as it has waited already, scattered, within the bounds (first, longest) of the
# class of the server's reply; the two settings, where given, replace the first and cut off the longest of every class.
MAIL_RETRY_FIRST_SECONDS = env.number("MAIL_RETRY_FIRST_SECONDS", default=0)
MAIL_RETRY_LONGEST_SECONDS = env.number("MAIL_RETRY_LONGEST_SECONDS", default=4 * 3600, minimum=1)
MAIL_RETRIES = {
    "connection": (60, 1800),
    "greylisted": (300, 3600),
    "local": (120, 7200),
    "full": (1800, 4 * 3600),
    "security": (600, 4 * 3600),
    "other": (60, 4 * 3600),
}
MAIL_GIVE_UP_SECONDS = env.number("MAIL_GIVE_UP_SECONDS", default=3 * 24 * 3600, minimum=1)
# How long an address that does not exist is left alone; mailboxes come back, and addresses are given out anew.
MAIL_BOUNCE_KEEP_SECONDS = 24 * 3600 * env.number("MAIL_BOUNCE_KEEP_DAYS", default=180, minimum=1)
# How long the words of a sign-in mail are kept once it has ended.
MAIL_SECRET_KEEP_SECONDS = env.number("MAIL_SECRET_KEEP_SECONDS", default=3600)
