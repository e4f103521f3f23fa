//! Everything that a batch of postings writes.

statements! { "posting":
    /// One statement for the seven tables: a round trip costs more than the rows of a posting.
    /// Its parts see none of each other's rows, so months that are taken back are gone before.
    ///
    /// `$1` to `$7`: entries; `$8` to `$10`: heads; `$11` to `$13`: years; `$14` to `$19`: booked
    /// months; `$20` to `$25`: answers; `$26` to `$39`: audit rows; each as in the statement of
    /// its own.
    WRITE = "WITH entry AS (
            INSERT INTO ledger_entry
                (employer_code, sequence, tax_year, recorded_at, frozen, previous_hash, hash)
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[],
                $6::bytea[], $7::bytea[])
        ), head AS (
            INSERT INTO ledger_head (employer_code, sequence, hash)
            SELECT * FROM unnest($8::text[], $9::bigint[], $10::bytea[])
            ON CONFLICT (employer_code) DO UPDATE SET
                sequence = excluded.sequence, hash = excluded.hash
        ), year AS (
            INSERT INTO employer_year (employer_code, tax_year, state)
            SELECT * FROM unnest($11::text[], $12::bigint[], $13::bytea[])
            ON CONFLICT (employer_code, tax_year) DO UPDATE SET state = excluded.state
        ), month AS (
            INSERT INTO person_month
                (worker_id, month, employer_code, code_group, amount_fen, sequence)
            SELECT * FROM unnest($14::bytea[], $15::bigint[], $16::text[], $17::bigint[],
                    $18::bigint[], $19::bigint[])
                AS added (worker_id, month, employer_code, code_group, amount_fen, sequence)
            ORDER BY worker_id, month
        ), answer AS (
            INSERT INTO idempotency
                (organisation, method, request_id, content, response, recorded_at)
            SELECT organisation, method, request_id, content::json, response, recorded_at
            FROM unnest($20::text[], $21::text[], $22::bytea[], $23::text[], $24::bytea[],
                    $25::bigint[])
                AS added (organisation, method, request_id, content, response, recorded_at)
            ORDER BY request_id
        )
        INSERT INTO audit_event (audit_id, writer_id, position, recorded_at, method, caller,
            organisation, retention, outcome, worker_id, employer_code, frozen, previous_hash, hash)
        SELECT * FROM unnest($26::bytea[], $27::bytea[], $28::bigint[], $29::bigint[],
            $30::text[], $31::text[], $32::text[], $33::bigint[], $34::text[], $35::bytea[],
            $36::text[], $37::bytea[], $38::bytea[], $39::bytea[])";
}
