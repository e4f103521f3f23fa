-- A row's position is its place in the table here, and no index.
SELECT 1;
