"""What the foundation tells the apps above it."""

from django.dispatch import Signal

# Sent when the rows of a running site stand again, within the transaction that makes them safe to go on with.
# `made_at` is when the backup was made: whatever the lost site did after it is not in the rows.
database_restored = Signal()
# Sent after that, outside of any transaction, to repeat what must not come back with the rows. Each receiver returns a
# list of sentences for whoever restores. Unless `is_migrated`, the tables are still those of an earlier release.
site_restored = Signal()
