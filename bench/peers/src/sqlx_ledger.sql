CREATE TYPE debitorcredit AS ENUM ('debit', 'credit');
CREATE TYPE layer AS ENUM ('settled', 'pending', 'encumbered');
CREATE TYPE status AS ENUM ('active');

CREATE TABLE sqlx_ledger_accounts (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    code varchar NOT NULL,
    name varchar NOT NULL,
    normal_balance_type debitorcredit NOT NULL,
    description varchar,
    status status NOT NULL,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    modified_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, version),
    UNIQUE (code, version)
);

CREATE TABLE sqlx_ledger_journals (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    name varchar NOT NULL,
    description varchar,
    status status NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    modified_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, version)
);

CREATE TABLE sqlx_ledger_tx_templates (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    code varchar NOT NULL,
    params jsonb,
    tx_input jsonb NOT NULL,
    entries jsonb NOT NULL,
    description varchar,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    modified_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, version),
    UNIQUE (code, version)
);

CREATE TABLE sqlx_ledger_transactions (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    journal_id uuid NOT NULL,
    tx_template_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    effective date NOT NULL,
    external_id varchar NOT NULL,
    description varchar,
    metadata jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    modified_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, version),
    UNIQUE (external_id, version)
);

CREATE TABLE sqlx_ledger_entries (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    transaction_id uuid NOT NULL,
    account_id uuid NOT NULL,
    journal_id uuid NOT NULL,
    entry_type varchar NOT NULL,
    layer layer NOT NULL,
    units numeric NOT NULL,
    currency varchar NOT NULL,
    direction debitorcredit NOT NULL,
    sequence integer NOT NULL,
    description varchar,
    created_at timestamptz NOT NULL DEFAULT now(),
    modified_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, version)
);

CREATE TABLE sqlx_ledger_balances (
    journal_id uuid NOT NULL,
    account_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    currency varchar NOT NULL,
    settled_dr_balance numeric NOT NULL,
    settled_cr_balance numeric NOT NULL,
    settled_entry_id uuid NOT NULL,
    settled_modified_at timestamptz NOT NULL,
    pending_dr_balance numeric NOT NULL,
    pending_cr_balance numeric NOT NULL,
    pending_entry_id uuid NOT NULL,
    pending_modified_at timestamptz NOT NULL,
    encumbered_dr_balance numeric NOT NULL,
    encumbered_cr_balance numeric NOT NULL,
    encumbered_entry_id uuid NOT NULL,
    encumbered_modified_at timestamptz NOT NULL,
    version integer NOT NULL,
    modified_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (journal_id, account_id, currency, version)
);

CREATE TABLE sqlx_ledger_current_balances (
    journal_id uuid NOT NULL,
    account_id uuid NOT NULL,
    currency varchar NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY (journal_id, account_id, currency)
);
