-- Room for changed rows. A row that finds room on its page stays there and its index entries stay
-- as they are; one that does not is written whole to another page, with a new entry in each index.
-- A posting changes the rows of all of an employer's workers at once, and those stand side by side:
-- as much room as rows is what they need.
--
-- Migration 0065 meant to do so and reached only tables that were divided:
-- `pg_partition_tree` knows no others.
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN
        SELECT coalesce(tree.relid, whole.name::regclass)
        FROM (VALUES ('worker'), ('employer_year'), ('ledger_head')) AS whole (name)
        LEFT JOIN LATERAL pg_partition_tree(whole.name::regclass) AS tree ON true
        WHERE tree.isleaf IS NOT FALSE
    LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 50)', part);
    END LOOP;
END
$$;
