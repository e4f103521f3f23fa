//! Jobs and their parts.

statements! { "job":
    /// `$1`: job.
    READ = "SELECT kind, question FROM job WHERE job_id = $1";

    /// `$1`: job.
    LIST_PARTS = "SELECT part, after_code, last_code, done, refused, is_finished, fence
        FROM job_part WHERE job_id = $1 ORDER BY part";

    /// A known job stays. `$1`: job, `$2`: kind, `$3`: question, `$4`: instant.
    ADD = "INSERT INTO job (job_id, kind, question, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (job_id) DO NOTHING";

    /// `$1`: job, `$2`: parts, `$3`: codes after which they begin, `$4`: their last codes.
    ADD_PARTS = "INSERT INTO job_part (job_id, part, after_code, last_code, done, refused,
            is_finished, fence, held_until)
        SELECT $1, added.part, added.after_code, added.last_code, 0, 0, 0, 0, 0
        FROM unnest($2::bigint[], $3::text[], $4::text[]) AS added (part, after_code, last_code)";

    /// The first part that nobody has; whoever else asks in this moment gets the next one.
    /// `$1`: job, `$2`: now, `$3`: until when it is held.
    TAKE = "UPDATE job_part SET fence = fence + 1, held_until = $3
        WHERE job_id = $1 AND part = (
            SELECT free.part FROM job_part AS free
            WHERE free.job_id = $1 AND free.is_finished = 0 AND free.held_until < $2
            ORDER BY free.part LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING part, after_code, last_code, done, refused, is_finished, fence";

    /// `$1`: job, `$2`: part, `$3`: fence, `$4`: after, `$5`: done, `$6`: refused, `$7`: 1 where it
    /// is finished, `$8`: until when it is held.
    ADVANCE = "UPDATE job_part SET after_code = $4, done = $5, refused = $6, is_finished = $7,
            held_until = $8
        WHERE job_id = $1 AND part = $2 AND fence = $3 AND is_finished = 0";
}
