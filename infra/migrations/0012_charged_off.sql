-- A month may end charged off and owing: the code `B`.
ALTER TABLE credit_report_months_g1 DROP CONSTRAINT credit_report_months_g1_code_check;
ALTER TABLE credit_report_months_g1 ADD CONSTRAINT credit_report_months_g1_code_check
    CHECK (code IN ('*', 'N', 'M', '1', '2', '3', '4', '5', '6', '7', 'B', 'C'));
