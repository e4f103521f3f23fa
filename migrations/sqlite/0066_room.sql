-- SQLite changes rows within their page and keeps no room: there is nothing to do here. PostgreSQL's
-- migration of this number leaves room on pages.
SELECT 1;
