-- SQLite's triggers lock nothing: there is nothing to do here. PostgreSQL's migration of this number
-- makes its guards of a worker's row cheaper.
SELECT 1;
