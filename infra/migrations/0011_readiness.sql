-- Whoever answers questions may see whether the tables are those of its program.
GRANT SELECT ON migrations TO credit_reader, credit_views;
