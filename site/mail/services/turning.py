"""The one statement of a turn: it closes what was answered and starts the next messages, in one durable commit."""

from functools import cache

# What was not begun is 'queued' again, or 'leased' still where it shall be put off with the rest: no attempt was made.
_CLOSE = """
    answer AS (
        SELECT * FROM jsonb_to_recordset(%(answers)s) AS answer (
            id bigint, state text, reason text, code smallint, reply text, due_at timestamptz,
            finished_at timestamptz, repeats int
        )
    ), closed AS (
        UPDATE mail_message SET
            state = answer.state, reason = answer.reason, last_reply = answer.reply,
            due_at = COALESCE(answer.due_at, mail_message.due_at), finished_at = answer.finished_at,
            lease_id = CASE WHEN answer.state = 'leased' THEN mail_message.lease_id END,
            leased_until = CASE WHEN answer.state = 'leased' THEN mail_message.leased_until END,
            repeats = mail_message.repeats + answer.repeats,
            attempts = mail_message.attempts - (answer.state IN ('queued', 'leased'))::int
        FROM answer
        WHERE mail_message.id = ANY (%(closing)s) AND mail_message.id = answer.id
            AND mail_message.state = 'started' AND mail_message.lease_id = %(lease)s
        RETURNING
            mail_message.id, mail_message.attempts, mail_message.started_at,
            answer.state, answer.code, answer.reply
    ), noted AS (
        INSERT INTO mail_attempt (message_id, number, started_at, answered_at, code, reply)
        SELECT id, attempts, started_at, CASE WHEN code IS NOT NULL THEN %(now)s END, code, reply
        FROM closed WHERE state NOT IN ('queued', 'leased')
    )
"""
_START = """
    state = 'started', started_at = %(now)s, leased_until = %(until)s, attempts = mail_message.attempts + 1,
    reason = '', first_tried_at = COALESCE(mail_message.first_tried_at, %(now)s)
"""
# A mailing that was paused or taken back since its messages were taken begins no more, nor does what has expired
# meanwhile; they go back with the lease, and the sweep ends what its time has passed for.
_HELD = """
    mail_message.state = 'leased' AND mail_message.lease_id = %(lease)s
    AND (mail_message.expires_at IS NULL OR mail_message.expires_at > %(now)s)
    AND NOT EXISTS (
        SELECT FROM mail_mailing WHERE mail_mailing.id = mail_message.mailing_id
            AND (mail_mailing.paused_at IS NOT NULL OR mail_mailing.withdrawn_at IS NOT NULL)
    )
"""
# The words of a prepared message stand in its row already.
_OPEN_PREPARED = f"""
    opened_prepared AS (
        UPDATE mail_message SET {_START}
        WHERE mail_message.id = ANY (%(prepared)s) AND {_HELD}
        RETURNING mail_message.id
    )
"""  # noqa: S608  (no value is put in)
_OPEN_WRITTEN = f"""
    content AS (
        SELECT * FROM jsonb_to_recordset(%(contents)s) AS content (
            id bigint, subject text, text text, html text, attachments jsonb, reply_to text
        )
    ), opened_written AS (
        UPDATE mail_message SET {_START}, subject = content.subject, text = content.text, html = content.html,
            attachments = content.attachments, reply_to = content.reply_to
        FROM content
        WHERE mail_message.id = ANY (%(written)s) AND mail_message.id = content.id AND {_HELD}
        RETURNING mail_message.id
    )
"""  # noqa: S608  (likewise)
_OPEN_FILLED = f"""
    filling AS (
        SELECT * FROM jsonb_to_recordset(%(fillings)s) AS filling (id bigint, subject text, variant bigint)
    ), opened_filled AS (
        UPDATE mail_message SET {_START}, subject = filling.subject, variant_id = filling.variant
        FROM filling
        WHERE mail_message.id = ANY (%(filled)s) AND mail_message.id = filling.id AND {_HELD}
        RETURNING mail_message.id
    )
"""  # noqa: S608  (likewise)


@cache
def statement(is_closing: bool, has_prepared: bool, has_written: bool, has_filled: bool) -> str:
    """Return the steps of a turn that are needed as one statement; PostgreSQL plans each time what it is given."""
    steps = [
        (is_closing, _CLOSE, "SELECT 'closed', id FROM closed"),
        (has_prepared, _OPEN_PREPARED, "SELECT 'opened', id FROM opened_prepared"),
        (has_written, _OPEN_WRITTEN, "SELECT 'opened', id FROM opened_written"),
        (has_filled, _OPEN_FILLED, "SELECT 'opened', id FROM opened_filled"),
    ]
    wanted = [(step, result) for is_wanted, step, result in steps if is_wanted]
    return f"WITH {','.join(step for step, _ in wanted)} {' UNION ALL '.join(result for _, result in wanted)}"
