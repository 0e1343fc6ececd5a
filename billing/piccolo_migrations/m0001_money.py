from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from kernel.db.migrate import sql_migration

ID = "0001_money"
VERSION = "1.38.0"
DESCRIPTION = "Lines, drawdowns, receipts and the ledger; written by billing.commit alone"

LINES = """
CREATE TABLE billing.line (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    product_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('revolving')),
    currency text NOT NULL CHECK (length(currency) = 3),
    limit_minor bigint NOT NULL CHECK (limit_minor >= 0),
    held_minor bigint NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
    outstanding_minor bigint NOT NULL DEFAULT 0 CHECK (outstanding_minor >= 0),
    status text NOT NULL CHECK (status IN ('active', 'frozen', 'closed')),
    over_limit boolean NOT NULL DEFAULT false,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT line_within_limit CHECK (held_minor + outstanding_minor <= limit_minor OR over_limit),
    CONSTRAINT line_buyer FOREIGN KEY (tenant_id, buyer_id) REFERENCES tenants.buyer (tenant_id, id),
    CONSTRAINT line_product FOREIGN KEY (tenant_id, product_id) REFERENCES products.product (tenant_id, id)
) WITH (fillfactor = 60);
CREATE UNIQUE INDEX line_one_open ON billing.line (tenant_id, buyer_id, product_id, kind) WHERE status <> 'closed';
SELECT kernel.tenant_table('billing.line', app => 'SELECT',
    money => 'SELECT, INSERT, UPDATE (limit_minor, held_minor, outstanding_minor, status, over_limit, version)');

CREATE TABLE billing.buyer_balance (
    tenant_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    currency text NOT NULL CHECK (length(currency) = 3),
    credit_minor bigint NOT NULL CHECK (credit_minor >= 0),
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (tenant_id, buyer_id, currency),
    CONSTRAINT buyer_balance_buyer FOREIGN KEY (tenant_id, buyer_id) REFERENCES tenants.buyer (tenant_id, id)
) WITH (fillfactor = 70);
SELECT kernel.tenant_table('billing.buyer_balance', app => 'SELECT',
    money => 'SELECT, INSERT, UPDATE (credit_minor, version)');

CREATE TABLE billing.limit_decision (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    line_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('grant', 'raise', 'cut', 'freeze', 'unfreeze', 'close')),
    limit_before_minor bigint NOT NULL,
    limit_after_minor bigint NOT NULL,
    status_before text,
    status_after text NOT NULL,
    reason text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    effective_on date NOT NULL,
    booked_on date NOT NULL,
    created_at timestamptz NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT limit_decision_line FOREIGN KEY (tenant_id, line_id) REFERENCES billing.line (tenant_id, id)
);
CREATE INDEX limit_decision_of_line ON billing.limit_decision (tenant_id, line_id, id);
SELECT kernel.tenant_table('billing.limit_decision', app => 'SELECT', money => 'SELECT, INSERT');
SELECT kernel.append_only('billing.limit_decision');
"""

DRAWDOWNS = """
CREATE TABLE billing.terms (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
COMMENT ON COLUMN billing.terms.document IS 'canonical JSON; text, because its hash is the id and jsonb would rewrite it';
SELECT kernel.tenant_table('billing.terms', app => 'SELECT, INSERT', money => 'SELECT');
SELECT kernel.append_only('billing.terms');

CREATE TABLE billing.drawdown (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    programme_id uuid NOT NULL,
    product_id uuid NOT NULL,
    buyer_id uuid NOT NULL,
    merchant_id uuid NOT NULL,
    terms_id uuid NOT NULL,
    currency text NOT NULL CHECK (length(currency) = 3),
    order_ref text,
    external_ref text,
    authorised_on date NOT NULL,
    created_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('authorised', 'captured', 'closed', 'voided', 'expired')),
    authorised_minor bigint NOT NULL CHECK (authorised_minor > 0),
    captured_minor bigint NOT NULL CHECK (captured_minor >= 0),
    voided_minor bigint NOT NULL CHECK (voided_minor >= 0),
    refunded_minor bigint NOT NULL CHECK (refunded_minor >= 0),
    principal_due_minor bigint NOT NULL CHECK (principal_due_minor >= 0),
    interest_due_minor bigint NOT NULL CHECK (interest_due_minor >= 0),
    fee_due_minor bigint NOT NULL CHECK (fee_due_minor >= 0),
    penalty_due_minor bigint NOT NULL CHECK (penalty_due_minor >= 0),
    oldest_unpaid_due_on date,
    expires_on date,
    next_event_on date,
    engine_version integer NOT NULL,
    version integer NOT NULL DEFAULT 1,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 70);
CREATE INDEX drawdown_of_buyer ON billing.drawdown (tenant_id, buyer_id, id);
CREATE INDEX drawdown_next_event ON billing.drawdown (tenant_id, next_event_on, id) WHERE next_event_on IS NOT NULL;
CREATE UNIQUE INDEX drawdown_external_ref ON billing.drawdown (tenant_id, external_ref) WHERE external_ref IS NOT NULL;
SELECT kernel.tenant_table('billing.drawdown', app => 'SELECT',
    money => 'SELECT, INSERT, UPDATE (status, authorised_minor, captured_minor, voided_minor, refunded_minor,
        principal_due_minor, interest_due_minor, fee_due_minor, penalty_due_minor, oldest_unpaid_due_on, expires_on,
        next_event_on, engine_version, version, state)');

CREATE TABLE billing.drawdown_use (
    tenant_id uuid NOT NULL,
    drawdown_id uuid NOT NULL,
    line_id uuid NOT NULL,
    held_minor bigint NOT NULL CHECK (held_minor >= 0),
    outstanding_minor bigint NOT NULL CHECK (outstanding_minor >= 0),
    PRIMARY KEY (tenant_id, drawdown_id, line_id),
    CONSTRAINT drawdown_use_drawdown FOREIGN KEY (tenant_id, drawdown_id) REFERENCES billing.drawdown (tenant_id, id),
    CONSTRAINT drawdown_use_line FOREIGN KEY (tenant_id, line_id) REFERENCES billing.line (tenant_id, id)
) WITH (fillfactor = 80);
CREATE INDEX drawdown_use_of_line ON billing.drawdown_use (tenant_id, line_id, drawdown_id);
SELECT kernel.tenant_table('billing.drawdown_use', app => 'SELECT',
    money => 'SELECT, INSERT, UPDATE (held_minor, outstanding_minor)');

CREATE TABLE billing.drawdown_event (
    tenant_id uuid NOT NULL,
    drawdown_id uuid NOT NULL,
    seq integer NOT NULL CHECK (seq > 0),
    kind text NOT NULL,
    effective_on date NOT NULL,
    booked_on date NOT NULL CHECK (effective_on <= booked_on),
    recorded_at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    data jsonb NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, drawdown_id, seq),
    CONSTRAINT drawdown_event_drawdown FOREIGN KEY (tenant_id, drawdown_id) REFERENCES billing.drawdown (tenant_id, id)
);
CREATE INDEX drawdown_event_since ON billing.drawdown_event (tenant_id, xid);
SELECT kernel.tenant_table('billing.drawdown_event', app => 'SELECT', money => 'SELECT, INSERT');
SELECT kernel.append_only('billing.drawdown_event');

CREATE TABLE billing.instalment (
    tenant_id uuid NOT NULL,
    drawdown_id uuid NOT NULL,
    no integer NOT NULL CHECK (no > 0),
    capture_no integer NOT NULL,
    start_on date NOT NULL,
    nominal_on date NOT NULL,
    due_on date NOT NULL,
    past_due_on date NOT NULL,
    principal_minor bigint NOT NULL CHECK (principal_minor >= 0),
    interest_minor bigint NOT NULL CHECK (interest_minor >= 0),
    fee_minor bigint NOT NULL CHECK (fee_minor >= 0),
    penalty_minor bigint NOT NULL CHECK (penalty_minor >= 0),
    principal_paid_minor bigint NOT NULL CHECK (principal_paid_minor BETWEEN 0 AND principal_minor),
    interest_paid_minor bigint NOT NULL CHECK (interest_paid_minor BETWEEN 0 AND interest_minor),
    fee_paid_minor bigint NOT NULL CHECK (fee_paid_minor BETWEEN 0 AND fee_minor),
    penalty_paid_minor bigint NOT NULL CHECK (penalty_paid_minor BETWEEN 0 AND penalty_minor),
    settled_on date,
    PRIMARY KEY (tenant_id, drawdown_id, no),
    CONSTRAINT instalment_drawdown FOREIGN KEY (tenant_id, drawdown_id) REFERENCES billing.drawdown (tenant_id, id)
) WITH (fillfactor = 80);
SELECT kernel.tenant_table('billing.instalment', app => 'SELECT',
    money => 'SELECT, INSERT, UPDATE (start_on, nominal_on, due_on, past_due_on, principal_minor, interest_minor, fee_minor,
        penalty_minor, principal_paid_minor, interest_paid_minor, fee_paid_minor, penalty_paid_minor, settled_on)');

CREATE TABLE billing.refund (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    drawdown_id uuid NOT NULL,
    capture_no integer NOT NULL,
    external_ref text,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    method text NOT NULL CHECK (method IN ('from_capture', 'from_refund')),
    effective_on date NOT NULL,
    booked_on date NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT refund_drawdown FOREIGN KEY (tenant_id, drawdown_id) REFERENCES billing.drawdown (tenant_id, id)
);
CREATE INDEX refund_of_drawdown ON billing.refund (tenant_id, drawdown_id, id);
CREATE UNIQUE INDEX refund_external_ref ON billing.refund (tenant_id, external_ref) WHERE external_ref IS NOT NULL;
SELECT kernel.tenant_table('billing.refund', app => 'SELECT', money => 'SELECT, INSERT');
SELECT kernel.append_only('billing.refund');
"""

LEDGER = """
CREATE TABLE billing.journal (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    reference text NOT NULL,
    kind text NOT NULL,
    effective_on date NOT NULL,
    booked_on date NOT NULL CHECK (effective_on <= booked_on),
    recorded_at timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT journal_reference UNIQUE (tenant_id, reference)
);
CREATE INDEX journal_since ON billing.journal (tenant_id, xid);
SELECT kernel.tenant_table('billing.journal', app => 'SELECT', money => 'SELECT, INSERT');
SELECT kernel.append_only('billing.journal');

CREATE TABLE billing.entry (
    tenant_id uuid NOT NULL,
    journal_id uuid NOT NULL,
    no integer NOT NULL CHECK (no > 0),
    book uuid NOT NULL,
    debit_account text NOT NULL,
    debit_party uuid,
    credit_account text NOT NULL,
    credit_party uuid,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL CHECK (length(currency) = 3),
    drawdown_id uuid,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (tenant_id, journal_id, no),
    CONSTRAINT entry_journal FOREIGN KEY (tenant_id, journal_id) REFERENCES billing.journal (tenant_id, id)
);
CREATE INDEX entry_debit ON billing.entry (tenant_id, debit_party, debit_account);
CREATE INDEX entry_credit ON billing.entry (tenant_id, credit_party, credit_account);
SELECT kernel.tenant_table('billing.entry', app => 'SELECT', money => 'SELECT, INSERT');
SELECT kernel.append_only('billing.entry');

CREATE TABLE billing.charge (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    drawdown_id uuid NOT NULL,
    instalment_no integer NOT NULL,
    journal_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('interest', 'penalty', 'fee')),
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    effective_on date NOT NULL,
    booked_on date NOT NULL,
    derivation jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT charge_drawdown FOREIGN KEY (tenant_id, drawdown_id) REFERENCES billing.drawdown (tenant_id, id),
    CONSTRAINT charge_journal FOREIGN KEY (tenant_id, journal_id) REFERENCES billing.journal (tenant_id, id)
);
CREATE INDEX charge_of_drawdown ON billing.charge (tenant_id, drawdown_id, id);
SELECT kernel.tenant_table('billing.charge', app => 'SELECT', money => 'SELECT, INSERT');
SELECT kernel.append_only('billing.charge');
"""

RECEIPTS = """
CREATE TABLE billing.receipt (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    buyer_id uuid,
    drawdown_id uuid,
    external_ref text,
    channel text NOT NULL,
    currency text NOT NULL CHECK (length(currency) = 3),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    excess_minor bigint NOT NULL DEFAULT 0 CHECK (excess_minor BETWEEN 0 AND amount_minor),
    advance boolean NOT NULL DEFAULT false,
    status text NOT NULL CHECK (status IN ('suspense', 'posted', 'reversed')),
    reversal_reason text CHECK (reversal_reason IN ('bounced', 'our_mistake')),
    reversed_on date,
    effective_on date NOT NULL,
    booked_on date NOT NULL CHECK (effective_on <= booked_on),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT receipt_payer CHECK (status = 'suspense' OR buyer_id IS NOT NULL),
    CONSTRAINT receipt_reversal CHECK (
        (status = 'reversed') = (reversed_on IS NOT NULL) AND (status = 'reversed') = (reversal_reason IS NOT NULL)
    ),
    CONSTRAINT receipt_buyer FOREIGN KEY (tenant_id, buyer_id) REFERENCES tenants.buyer (tenant_id, id),
    CONSTRAINT receipt_drawdown FOREIGN KEY (tenant_id, drawdown_id) REFERENCES billing.drawdown (tenant_id, id)
) WITH (fillfactor = 90);
CREATE INDEX receipt_of_buyer ON billing.receipt (tenant_id, buyer_id, id);
CREATE INDEX receipt_in_suspense ON billing.receipt (tenant_id, id) WHERE status = 'suspense';
CREATE UNIQUE INDEX receipt_external_ref ON billing.receipt (tenant_id, external_ref) WHERE external_ref IS NOT NULL;
SELECT kernel.tenant_table('billing.receipt', app => 'SELECT',
    money => 'SELECT, INSERT, UPDATE (buyer_id, excess_minor, status, reversal_reason, reversed_on)');
CREATE TRIGGER receipt_is_kept BEFORE DELETE OR TRUNCATE ON billing.receipt
    FOR EACH STATEMENT EXECUTE FUNCTION kernel.refuse_change();
CREATE TRIGGER receipt_money_is_kept BEFORE UPDATE ON billing.receipt FOR EACH ROW WHEN (
    (OLD.tenant_id, OLD.id, OLD.external_ref, OLD.channel, OLD.currency, OLD.amount_minor, OLD.effective_on, OLD.booked_on)
    IS DISTINCT FROM
    (NEW.tenant_id, NEW.id, NEW.external_ref, NEW.channel, NEW.currency, NEW.amount_minor, NEW.effective_on, NEW.booked_on)
    OR OLD.buyer_id IS DISTINCT FROM NEW.buyer_id AND OLD.status <> 'suspense'
    OR OLD.status = 'reversed' AND NEW.status <> 'reversed'
) EXECUTE FUNCTION kernel.refuse_change();

CREATE TABLE billing.allocation (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    receipt_id uuid,
    drawdown_id uuid NOT NULL,
    instalment_no integer NOT NULL,
    component text NOT NULL CHECK (component IN ('penalty', 'fee', 'interest', 'principal')),
    journal_id uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    effective_on date NOT NULL,
    booked_on date NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT allocation_receipt FOREIGN KEY (tenant_id, receipt_id) REFERENCES billing.receipt (tenant_id, id),
    CONSTRAINT allocation_drawdown FOREIGN KEY (tenant_id, drawdown_id) REFERENCES billing.drawdown (tenant_id, id),
    CONSTRAINT allocation_journal FOREIGN KEY (tenant_id, journal_id) REFERENCES billing.journal (tenant_id, id)
);
CREATE INDEX allocation_of_receipt ON billing.allocation (tenant_id, receipt_id);
CREATE INDEX allocation_of_drawdown ON billing.allocation (tenant_id, drawdown_id, id);
SELECT kernel.tenant_table('billing.allocation', app => 'SELECT', money => 'SELECT, INSERT');
SELECT kernel.append_only('billing.allocation');
"""

PARENTS = """
-- billing.write_rows looks whether they are there; drawdowns have no foreign key to them.
GRANT SELECT (tenant_id, id) ON tenants.buyer, tenants.merchant TO tradeline_money;
GRANT SELECT (tenant_id, id, programme_id) ON products.product TO tradeline_money;
CREATE POLICY money ON tenants.buyer FOR SELECT TO tradeline_money USING (true);
CREATE POLICY money ON tenants.merchant FOR SELECT TO tradeline_money USING (true);
CREATE POLICY money ON products.product FOR SELECT TO tradeline_money USING (true);
"""

FORWARDS = LINES + DRAWDOWNS + LEDGER + RECEIPTS + PARENTS

BACKWARDS = """
DROP POLICY money ON products.product;
DROP POLICY money ON tenants.merchant;
DROP POLICY money ON tenants.buyer;
REVOKE SELECT (tenant_id, id, programme_id) ON products.product FROM tradeline_money;
REVOKE SELECT (tenant_id, id) ON tenants.buyer, tenants.merchant FROM tradeline_money;
DROP TABLE billing.allocation, billing.receipt;
DROP TABLE billing.charge, billing.entry, billing.journal;
DROP TABLE billing.refund, billing.instalment, billing.drawdown_event, billing.drawdown_use, billing.drawdown, billing.terms;
DROP TABLE billing.limit_decision, billing.buyer_balance, billing.line;
"""


async def forwards() -> MigrationManager:
    return sql_migration("billing", ID, DESCRIPTION, FORWARDS, BACKWARDS)
