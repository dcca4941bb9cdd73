-- Loans leave to customers: the books have an account for them.
ALTER TABLE books_days_g1 ADD COLUMN cash_drawn bigint;
