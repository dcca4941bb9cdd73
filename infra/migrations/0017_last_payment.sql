-- The last payment is the last that was not returned, so those that may still be returned are kept. The balance view is
-- folded again, from the start of the topic.
TRUNCATE balance_g1;
DELETE FROM view_positions WHERE view = 'balance';
ALTER TABLE balance_g1 DROP COLUMN last_payment_on, DROP COLUMN last_payment_fen, ADD COLUMN payments jsonb NOT NULL;
