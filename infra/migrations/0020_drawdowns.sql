-- The bureau is told of each loan of an account by itself: its rows lie beside those of the account (plan_id ''). What is
-- known of the loans lies with the account, as JSON in the order in which they were drawn. The view is folded again, from the
-- start of the topic.
TRUNCATE credit_report_g1, credit_report_months_g1;
DELETE FROM view_positions WHERE view = 'credit_report';
ALTER TABLE credit_report_g1 ADD COLUMN loans text NOT NULL;
ALTER TABLE credit_report_months_g1
    ADD COLUMN plan_id text NOT NULL DEFAULT '',
    DROP CONSTRAINT credit_report_months_g1_pkey,
    ADD PRIMARY KEY (account_id, plan_id, month);
