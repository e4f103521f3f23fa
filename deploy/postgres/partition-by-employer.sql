-- Divides the ledger: entries, heads and years by hash of the employer. For a migrated database, as
-- the schema's owner, while no service runs on it; rows that are there already move along. The
-- service notices nothing: statements, keys and guards are the same.
--
--     psql --single-transaction -v ON_ERROR_STOP=1 -f partition-by-employer.sql mamagang
--
-- A unique key of a divided table holds the column that divides it. All keys do but that of
-- `feed_position`, which is unique by its sequence and is written by the database alone.

SET LOCAL lock_timeout = '10s';

-- So many partitions of each table. Taking one more later means to move rows again.
CREATE FUNCTION pg_temp.divide(divided text, by_column text, keys text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    partitions CONSTANT integer := 8;
    whole text := divided || '_whole';
    guard record;
    grantee record;
    storage text := (SELECT format(' WITH (%s)', array_to_string(reloptions, ', '))
        FROM pg_class WHERE oid = divided::regclass AND reloptions IS NOT NULL);
BEGIN
    EXECUTE format('ALTER TABLE %I RENAME TO %I', divided, whole);
    EXECUTE format(
        'CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY, %s)
            PARTITION BY HASH (%I)', divided, whole, keys, by_column);
    FOR part IN 0 .. partitions - 1 LOOP
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s)%s',
            divided || '_' || part, divided, partitions, part, coalesce(storage, ''));
    END LOOP;
    -- Before the guards, which have asked for these rows already.
    EXECUTE format('INSERT INTO %I OVERRIDING SYSTEM VALUE SELECT * FROM %I', divided, whole);
    FOR guard IN
        SELECT pg_get_triggerdef(oid) AS definition FROM pg_trigger
        WHERE tgrelid = whole::regclass AND NOT tgisinternal
    LOOP
        EXECUTE replace(guard.definition, ' ON public.' || whole || ' ', ' ON public.' || divided || ' ');
    END LOOP;
    FOR grantee IN
        SELECT grants.grantee, string_agg(grants.privilege_type, ', ') AS privileges
        FROM information_schema.role_table_grants AS grants
        WHERE grants.table_schema = 'public' AND grants.table_name = whole
            AND grants.grantee <> current_user
        GROUP BY grants.grantee
    LOOP
        EXECUTE format('GRANT %s ON %I TO %I', grantee.privileges, divided, grantee.grantee);
    END LOOP;
    IF EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = divided::regclass AND attname = 'feed_position'
    ) THEN
        EXECUTE format(
            'SELECT setval(pg_get_serial_sequence(%L, ''feed_position''),
                coalesce((SELECT max(feed_position) FROM %I), 0) + 1, false)', divided, divided);
    END IF;
    EXECUTE format('DROP TABLE %I', whole);
END
$$;

SELECT pg_temp.divide('ledger_entry', 'employer_code',
    'PRIMARY KEY (feed_position, employer_code), UNIQUE (employer_code, sequence)');
SELECT pg_temp.divide('ledger_head', 'employer_code', 'PRIMARY KEY (employer_code)');
SELECT pg_temp.divide('employer_year', 'employer_code', 'PRIMARY KEY (employer_code, tax_year)');
