-- A guard is asked row by row here, and finds the row before in the page that it has just written.
SELECT 1;
