-- Whose data a row of the trail concerns is gathered 4,096 rows at a time.
--
-- The index over all rows in order of person put each row into another page, which the journal then
-- held whole: more than half of what a check's row cost. Rows of one bucket are written in order of
-- person, once, when the bucket is full: bucket 1 has the feed positions 1 to 4,096, and so on. The
-- rows behind the last full bucket are gone through by whoever asks. Which buckets are full follows
-- from the last feed position, so a bucket that was emptied at the end of the trail is filled again.

DROP INDEX audit_event_by_worker;

CREATE TABLE audit_access (
    bucket            INTEGER NOT NULL CHECK (bucket > 0),
    worker_id         BLOB    NOT NULL CHECK (length(worker_id) = 16),
    feed_position     INTEGER NOT NULL CHECK (feed_position > 0),
    PRIMARY KEY (bucket, worker_id, feed_position)
) STRICT, WITHOUT ROWID;

INSERT INTO audit_access (bucket, worker_id, feed_position)
SELECT (feed_position + 4095) / 4096, worker_id, feed_position FROM audit_event
WHERE worker_id IS NOT NULL
    AND feed_position <= (SELECT max(feed_position) FROM audit_event) / 4096 * 4096
ORDER BY 1, 2, 3;

CREATE TRIGGER audit_event_fills_a_bucket AFTER INSERT ON audit_event
WHEN NEW.feed_position % 4096 = 0
BEGIN
    INSERT OR IGNORE INTO audit_access (bucket, worker_id, feed_position)
    SELECT NEW.feed_position / 4096, worker_id, feed_position FROM audit_event
    WHERE feed_position > NEW.feed_position - 4096 AND feed_position <= NEW.feed_position
        AND worker_id IS NOT NULL
    ORDER BY worker_id, feed_position;
END;

-- What is taken out of the trail leaves its bucket with it, and nothing else does.
CREATE TRIGGER audit_event_leaves_its_bucket AFTER DELETE ON audit_event
BEGIN
    DELETE FROM audit_access WHERE bucket = (OLD.feed_position + 4095) / 4096
        AND worker_id = OLD.worker_id AND feed_position = OLD.feed_position;
END;

CREATE TRIGGER audit_access_refuses_update BEFORE UPDATE ON audit_access
BEGIN
    SELECT RAISE(ABORT, 'audit_access: rows are never changed');
END;

CREATE TRIGGER audit_access_refuses_delete BEFORE DELETE ON audit_access
WHEN EXISTS (SELECT 1 FROM audit_event WHERE feed_position = OLD.feed_position)
BEGIN
    SELECT RAISE(ABORT, 'audit_access: rows are never removed');
END;
