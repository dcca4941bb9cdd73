-- A month that has ended may be told anew, when something is learnt late. What was learnt late before now restates its
-- months too: the view is folded again, from the start of the topic.
TRUNCATE credit_report_g1, credit_report_months_g1;
DELETE FROM view_positions WHERE view = 'credit_report';
-- The worst code up to a month follows from the codes of all months, which the row keeps.
ALTER TABLE credit_report_months_g1 DROP COLUMN worst;
ALTER TABLE credit_report_g1 DROP COLUMN worst, ADD COLUMN history text NOT NULL, ADD COLUMN charged_off_on date;
GRANT UPDATE ON credit_report_months_g1 TO credit_views;
