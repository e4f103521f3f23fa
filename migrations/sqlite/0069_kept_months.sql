-- What PostgreSQL's migration of this number saves is not paid here: one writer, and rows that it has
-- in its hands anyway.
SELECT 1;
