-- Lists of accounts are read in the order of their opening, from where the last page ended; what few accounts are
-- (frozen, closed, overdue, late for long) is found by an index of its own in the same order. Every generation gets
-- them; the one that comes after copies them (LIKE ... INCLUDING ALL).
DO $$
DECLARE
    of record;
    name text;
BEGIN
    FOR of IN SELECT generation FROM view_generations WHERE view = 'balance' AND state <> 'retired' LOOP
        name := format('balance_g%s', of.generation);
        EXECUTE format('CREATE INDEX %I ON %I (opened_on, account_id)', name || '_opened_on', name);
        EXECUTE format('CREATE INDEX %I ON %I (status, opened_on, account_id)'
                       ' WHERE status NOT IN (''activated'', ''billed'', ''paid'')', name || '_status', name);
        EXECUTE format('CREATE INDEX %I ON %I (access, opened_on, account_id) WHERE access <> ''open''',
                       name || '_access', name);
        EXECUTE format('CREATE INDEX %I ON %I (standing, opened_on, account_id)'
                       ' WHERE standing IN (''overdue'', ''charged_off'')', name || '_standing', name);
        EXECUTE format('CREATE INDEX %I ON %I USING gin (freeze_reasons) WHERE freeze_reasons <> ''{}''',
                       name || '_freeze_reasons', name);
        -- The due date of the oldest minimum that is not paid, as text: it sorts as the date does.
        EXECUTE format('CREATE INDEX %I ON %I ((unpaid_minima -> 0 ->> ''due_date'')) WHERE unpaid_minima <> ''[]''',
                       name || '_oldest_due', name);
    END LOOP;
    -- The journal is read by day.
    FOR of IN SELECT generation FROM view_generations WHERE view = 'books' AND state <> 'retired' LOOP
        name := format('books_days_g%s', of.generation);
        EXECUTE format('CREATE INDEX %I ON %I (business_date, account_id)', name || '_business_date', name);
    END LOOP;
END $$;
