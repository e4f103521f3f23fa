-- SQLite has one unit of work at a time, so that what it reads stays as it was read without a
-- lock: there is nothing to do here. PostgreSQL's migration of this number lets postings be planned
-- on what was read without locks.
SELECT 1;
