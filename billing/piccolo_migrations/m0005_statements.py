"""Statements and their numbers; a line's next cut stands in a table of its own, for orders never touch it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0005_statements"
VERSION = "1.38.0"
DESCRIPTION = "Billing cycles, statements, their lines and numbers"

CYCLES = """
CREATE TABLE billing.line_cycle (
    tenant_id uuid NOT NULL,
    line_id uuid NOT NULL,
    product_id uuid NOT NULL,
    next_cut_on date,
    since uuid,
    PRIMARY KEY (tenant_id, line_id),
    CONSTRAINT line_cycle_line FOREIGN KEY (tenant_id, line_id) REFERENCES billing.line (tenant_id, id)
) WITH (fillfactor = 80);
COMMENT ON COLUMN billing.line_cycle.since IS 'no journal with a lower id is missing on the statements so far';
CREATE INDEX line_cycle_next_cut ON billing.line_cycle (tenant_id, next_cut_on, line_id)
    WHERE next_cut_on IS NOT NULL;
CREATE INDEX line_cycle_without ON billing.line_cycle (tenant_id, product_id, line_id)
    WHERE next_cut_on IS NULL;
ALTER TABLE billing.line NO FORCE ROW LEVEL SECURITY;
INSERT INTO billing.line_cycle (tenant_id, line_id, product_id) SELECT tenant_id, id, product_id FROM billing.line;
ALTER TABLE billing.line FORCE ROW LEVEL SECURITY;
SELECT kernel.tenant_table('billing.line_cycle', app => 'SELECT',
    money => 'SELECT, INSERT, UPDATE (next_cut_on, since)');
"""

STATEMENTS = """
CREATE TABLE billing.statement_number (
    tenant_id uuid NOT NULL,
    book uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('statement')),
    year integer NOT NULL,
    last_no integer NOT NULL CHECK (last_no > 0),
    PRIMARY KEY (tenant_id, book, kind, year)
) WITH (fillfactor = 50);
SELECT kernel.tenant_table('billing.statement_number', app => 'SELECT',
    money => 'SELECT, INSERT, UPDATE (last_no)');

CREATE TABLE billing.statement (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    line_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    product_id uuid NOT NULL,
    book uuid NOT NULL,
    year integer NOT NULL,
    no integer NOT NULL CHECK (no > 0),
    number text NOT NULL,
    currency text NOT NULL CHECK (length(currency) = 3),
    from_on date,
    cut_on date NOT NULL,
    next_cut_on date NOT NULL,
    opening_minor bigint NOT NULL,
    captured_minor bigint NOT NULL,
    converted_minor bigint NOT NULL,
    interest_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    penalty_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    waived_minor bigint NOT NULL,
    corrections_minor bigint NOT NULL,
    closing_minor bigint NOT NULL,
    overdue_minor bigint NOT NULL CHECK (overdue_minor >= 0),
    due_minor bigint NOT NULL CHECK (due_minor >= 0),
    not_yet_due_minor bigint NOT NULL CHECK (not_yet_due_minor >= 0),
    disputed_minor bigint NOT NULL CHECK (disputed_minor >= 0),
    credit_minor bigint NOT NULL CHECK (credit_minor >= 0),
    due_dates jsonb NOT NULL,
    booked_on date NOT NULL,
    created_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT statement_cut_once UNIQUE (tenant_id, line_id, cut_on),
    CONSTRAINT statement_number_unique UNIQUE (tenant_id, book, year, no),
    CONSTRAINT statement_days CHECK (from_on < cut_on AND cut_on < next_cut_on AND cut_on <= booked_on),
    CONSTRAINT statement_adds_up CHECK (
        closing_minor = opening_minor + captured_minor + converted_minor + interest_minor + fee_minor + penalty_minor
            - paid_minor - refunded_minor - waived_minor + corrections_minor
        AND closing_minor = overdue_minor + due_minor + not_yet_due_minor + disputed_minor
    ),
    CONSTRAINT statement_line_of FOREIGN KEY (tenant_id, line_id) REFERENCES billing.line (tenant_id, id)
);
CREATE INDEX statement_of_buyer ON billing.statement (tenant_id, buyer_id, id);
SELECT kernel.tenant_table('billing.statement', app => 'SELECT', money => 'SELECT, INSERT');
SELECT kernel.append_only('billing.statement');

CREATE TABLE billing.statement_line (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    statement_id uuid NOT NULL,
    no integer NOT NULL CHECK (no > 0),
    kind text NOT NULL CHECK (
        kind IN ('captured', 'converted', 'interest', 'fee', 'penalty', 'paid', 'refunded', 'waived')
    ),
    effective_on date NOT NULL,
    booked_on date NOT NULL,
    drawdown_id uuid NOT NULL,
    journal_id uuid NOT NULL,
    charge_id uuid,
    instalment_no integer,
    order_ref text,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    late_for uuid,
    late_number text,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT statement_line_no UNIQUE (tenant_id, statement_id, no),
    CONSTRAINT statement_line_late CHECK ((late_for IS NULL) = (late_number IS NULL)),
    CONSTRAINT statement_line_charge CHECK ((kind IN ('interest', 'fee', 'penalty')) = (charge_id IS NOT NULL)),
    CONSTRAINT statement_line_statement FOREIGN KEY (tenant_id, statement_id)
        REFERENCES billing.statement (tenant_id, id),
    CONSTRAINT statement_line_journal FOREIGN KEY (tenant_id, journal_id) REFERENCES billing.journal (tenant_id, id)
);
CREATE INDEX statement_line_of_journal ON billing.statement_line (tenant_id, journal_id);
SELECT kernel.tenant_table('billing.statement_line', app => 'SELECT', money => 'SELECT, INSERT');
SELECT kernel.append_only('billing.statement_line');
"""

ENTRIES = """
CREATE INDEX entry_since_of_drawdown ON billing.entry (tenant_id, drawdown_id, journal_id)
    WHERE drawdown_id IS NOT NULL;
DROP INDEX billing.entry_of_drawdown;
ALTER TABLE billing.day_end ADD COLUMN statements bigint NOT NULL DEFAULT 0;
GRANT UPDATE (statements) ON billing.day_end TO tradeline_app;
"""

FORWARDS = CYCLES + STATEMENTS + ENTRIES

BACKWARDS = """
ALTER TABLE billing.day_end DROP COLUMN statements;
CREATE INDEX entry_of_drawdown ON billing.entry (tenant_id, drawdown_id) WHERE drawdown_id IS NOT NULL;
DROP INDEX billing.entry_since_of_drawdown;
DROP TABLE billing.statement_line, billing.statement, billing.statement_number, billing.line_cycle;
"""


async def forwards() -> MigrationManager:
    return sql_migration("billing", ID, DESCRIPTION, FORWARDS, BACKWARDS)
