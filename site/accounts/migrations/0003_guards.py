"""Rules of people that only the database can keep, whatever statement reaches it."""

from django.db import migrations

# The one change allowed is to forget the person, which is what erasing them does (ON DELETE SET NULL): the
# rest of the row, the keyed hash of the address included, stays as it was written.
CONSENT_IS_APPEND_ONLY = """
CREATE FUNCTION accounts_consent_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.person_id IS NULL
        AND to_jsonb(NEW) - 'person_id' = to_jsonb(OLD) - 'person_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The consent log is append-only: record a new decision instead.'
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER accounts_consent_append_only BEFORE UPDATE OR DELETE ON accounts_consentrecord
    FOR EACH ROW EXECUTE FUNCTION accounts_consent_append_only();
"""
CONSENT_REVERSE = """
DROP TRIGGER accounts_consent_append_only ON accounts_consentrecord;
DROP FUNCTION accounts_consent_append_only();
"""

# Bulk updates send no signal and never load the row, so the count of generations is kept here. It never goes
# back either: a stale copy of the person, saved whole, would otherwise wake sessions that had been ended.
SESSIONS_END_WITH_THE_ACCOUNT = """
CREATE FUNCTION accounts_user_end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.session_generation := GREATEST(NEW.session_generation, OLD.session_generation);
    IF OLD.is_active AND NOT NEW.is_active THEN
        NEW.session_generation := GREATEST(NEW.session_generation, OLD.session_generation + 1);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER accounts_user_end_sessions BEFORE UPDATE OF is_active, session_generation ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION accounts_user_end_sessions();
"""
SESSIONS_REVERSE = """
DROP TRIGGER accounts_user_end_sessions ON accounts_user;
DROP FUNCTION accounts_user_end_sessions();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_initial")]

    operations = [
        migrations.RunSQL(CONSENT_IS_APPEND_ONLY, CONSENT_REVERSE),
        migrations.RunSQL(SESSIONS_END_WITH_THE_ACCOUNT, SESSIONS_REVERSE),
    ]
