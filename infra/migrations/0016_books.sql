-- The books: a fourth view. Per account the buckets as its postings lead to them, what was posted on its latest business
-- date, and the first event that does not add up.
ALTER TABLE view_generations DROP CONSTRAINT view_generations_view_check;
ALTER TABLE view_generations ADD CONSTRAINT view_generations_view_check
    CHECK (view IN ('balance', 'credit_report', 'audit', 'books'));

CREATE TABLE books_g1 (
    account_id uuid PRIMARY KEY,
    version bigint NOT NULL CHECK (version >= 1),
    currency text NOT NULL,
    business_date date NOT NULL,
    principal_billed bigint NOT NULL,
    principal_unbilled bigint NOT NULL,
    principal_planned bigint NOT NULL,
    principal_disputed bigint NOT NULL,
    interest_billed bigint NOT NULL,
    interest_unbilled bigint NOT NULL,
    interest_planned bigint NOT NULL,
    fees_billed bigint NOT NULL,
    fees_unbilled bigint NOT NULL,
    fees_planned bigint NOT NULL,
    credit bigint NOT NULL,
    today jsonb NOT NULL,
    differs_in_version bigint,
    differs_on date,
    differs_in_bucket text,
    differs_posted_fen bigint,
    differs_said_fen bigint
) WITH (fillfactor = 70);
CREATE INDEX books_g1_differs_on ON books_g1 (differs_on) WHERE differs_on IS NOT NULL;

-- What was posted on one business date of one account, by account of the chart: debits positive, credits negative, null
-- where nothing was. A trial balance is the sum of the days up to its own.
CREATE TABLE books_days_g1 (
    account_id uuid NOT NULL,
    business_date date NOT NULL,
    principal_billed bigint,
    principal_unbilled bigint,
    principal_planned bigint,
    principal_disputed bigint,
    interest_billed bigint,
    interest_unbilled bigint,
    interest_planned bigint,
    fees_billed bigint,
    fees_unbilled bigint,
    fees_planned bigint,
    charged_off bigint,
    merchant_refunds bigint,
    merchant_chargebacks bigint,
    cash_transfer bigint,
    cash_auto_debit bigint,
    cash_counter bigint,
    cash_adjustment bigint,
    cash_payout bigint,
    takeover bigint,
    restatement bigint,
    officer_correction bigint,
    customer_credit bigint,
    merchant_payable bigint,
    interest_income bigint,
    late_fee_income bigint,
    plan_fee_income bigint,
    charges_waived bigint,
    recoveries bigint,
    write_off_loss bigint,
    principal_waived bigint,
    PRIMARY KEY (account_id, business_date)
);

INSERT INTO view_generations (view, generation, state) VALUES ('books', 1, 'serving');

GRANT SELECT ON books_g1, books_days_g1 TO credit_views, credit_reader;
-- A day is written again with each further batch of it.
GRANT INSERT, UPDATE ON books_g1, books_days_g1 TO credit_views;
