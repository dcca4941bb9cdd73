-- The credit report in both dialects, with what months are told by although it happens seldom: limits, closures, losses,
-- debt that was given up, disputes of the report and their outcome. The view is folded again, from the start of the topic.
TRUNCATE credit_report_g1, credit_report_months_g1;
DELETE FROM view_positions WHERE view = 'credit_report';

ALTER TABLE credit_report_g1
    DROP COLUMN frozen_since, DROP COLUMN freeze_reasons, DROP COLUMN access, DROP COLUMN status,
    DROP COLUMN settled_on, DROP COLUMN closed_on, DROP COLUMN close_kind, DROP COLUMN charged_off_on, DROP COLUMN limit_fen,
    DROP COLUMN last_payment_on, DROP COLUMN last_payment_fen,
    ADD COLUMN billed_on date,
    ADD COLUMN morning_dpd integer NOT NULL CHECK (morning_dpd >= 0),
    ADD COLUMN paid_off_on date,
    ADD COLUMN paid_off_dpd integer NOT NULL CHECK (paid_off_dpd >= 0),
    ADD COLUMN payments jsonb NOT NULL,
    ADD COLUMN turns jsonb NOT NULL,
    ADD COLUMN disputes jsonb NOT NULL,
    ADD COLUMN corrections jsonb NOT NULL,
    ADD COLUMN grades text NOT NULL;

-- Of a month that was taken over from elsewhere only its codes are known. The codes are those that follow from the
-- facts; where a dispute was upheld, the account's row says what is told instead.
ALTER TABLE credit_report_months_g1
    DROP CONSTRAINT credit_report_months_g1_code_check,
    ALTER COLUMN days_past_due DROP NOT NULL,
    ALTER COLUMN past_due_fen DROP NOT NULL,
    ALTER COLUMN missed_minima DROP NOT NULL,
    ALTER COLUMN balance_fen DROP NOT NULL,
    ADD COLUMN oldest_missed_due date,
    ADD COLUMN last_payment_on date,
    ADD COLUMN last_payment_fen bigint,
    ADD COLUMN account_status text
        CHECK (account_status IN ('11', '71', '78', '80', '82', '83', '84', '97', '64', '13')),
    ADD COLUMN payment_rating text CHECK (payment_rating IN ('0', '1', '2', '3', '4', '5', '6', 'L')),
    ADD COLUMN thirty_days_late_fen bigint CHECK (thirty_days_late_fen >= 0),
    ADD COLUMN first_delinquency date,
    ADD CONSTRAINT credit_report_months_g1_code_check CHECK (
        code IN ('#', 'A', '*', 'N', 'M', '1', '2', '3', '4', '5', '6', '7', 'B', 'C', 'G')
    );
-- No account keeps more than 60 closed months.
GRANT DELETE ON credit_report_months_g1 TO credit_views;
