"""For how many days personal data are kept: the privacy notice promises these, and a test compares the two."""

from datetime import timedelta

from gkec import environment as env

# From the end of the event; then name, address and answers go and the figures stay.
RETENTION_REGISTRATION_DAYS = env.number("RETENTION_REGISTRATION_DAYS", default=5 * 365, minimum=1)
# From the last day of the cohort; then name, address and department go and the figures stay.
RETENTION_ENROLMENT_DAYS = env.number("RETENTION_ENROLMENT_DAYS", default=5 * 365, minimum=1)
# From its end, or from the day it was declined or asked: who represented which city, and in which department.
RETENTION_MEMBERSHIP_DAYS = env.number("RETENTION_MEMBERSHIP_DAYS", default=2 * 365, minimum=1)
# From the end of sending: first the words of a mail go, later the note that it was sent.
RETENTION_MAIL_WORDS_DAYS = env.number("RETENTION_MAIL_WORDS_DAYS", default=90, minimum=1)
RETENTION_MAIL_DAYS = env.number("RETENTION_MAIL_DAYS", default=2 * 365, minimum=1)
# From the day a consent was taken back: as long as somebody may ask us to prove it.
RETENTION_CONSENT_DAYS = env.number("RETENTION_CONSENT_DAYS", default=5 * 365, minimum=1)
# A request for the newsletter that nobody confirmed, and a subscription that has ended.
RETENTION_SUBSCRIPTION_ASKED_DAYS = env.number("RETENTION_SUBSCRIPTION_ASKED_DAYS", default=30, minimum=8)
RETENTION_SUBSCRIPTION_LEFT_DAYS = env.number("RETENTION_SUBSCRIPTION_LEFT_DAYS", default=90, minimum=1)
# What staff changed in the admin, and which requests about personal data were met.
RETENTION_HISTORY_DAYS = env.number("RETENTION_HISTORY_DAYS", default=5 * 365, minimum=1)
# For how long whoever runs the servers keeps a backup; notes of erasures are kept as long, to repeat them after one is
# restored.
RETENTION_BACKUP_DAYS = env.number("RETENTION_BACKUP_DAYS", default=30, minimum=1)
# How long the link in the mail that asks "erase my data?" works.
ERASURE_LINK_LASTS = timedelta(days=1)
