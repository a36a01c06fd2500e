-- Who may come in: accounts of customers and staff in one table, so that a mail address is the one or the other, never
-- both. No history: what happened to an account is in the streams of Customer and StaffMember.
drop table api.staff_sessions;
drop table api.staff_credentials;

create table api.accounts (
    id                  uuid primary key,
    kind                text not null check (kind in ('customer', 'staff')),
    mail                text not null unique,
    mail_id             uuid not null unique,
    password_hash       text not null,
    password_changed_at timestamptz not null,
    is_active           bool not null default true,
    is_verified         bool not null default false,
    role                text,
    flags               jsonb not null default '{}',
    last_login_at       timestamptz,
    last_login_ip       text,
    made_at             timestamptz not null
);

-- A session and a token are known by a hash: who reads these tables cannot use what is in them.
create table api.sessions (
    session_hash bytea primary key,
    account_id   uuid not null references api.accounts on delete cascade,
    made_at      timestamptz not null,
    expires_at   timestamptz not null
);
create index on api.sessions (expires_at);
create index on api.sessions (account_id);

-- The token of a row is made again from its id and the secret key, when its letter is sent again.
create table api.tokens (
    token_hash          bytea primary key,
    id                  uuid not null unique,
    purpose             text not null check (purpose in ('verify_mail', 'change_mail', 'reset_password')),
    account_id          uuid not null references api.accounts on delete cascade,
    mail                text not null,
    password_changed_at timestamptz,
    made_at             timestamptz not null,
    expires_at          timestamptz not null,
    used_at             timestamptz
);
create index on api.tokens (expires_at);
create index on api.tokens (account_id);

-- Counted for every address that is tried, whether there is an account or not.
create table api.login_failures (
    mail_id      uuid not null,
    kind         text not null,
    failures     int  not null,
    locked_until timestamptz,
    at           timestamptz not null,
    primary key (mail_id, kind)
);

-- The secret is sealed with the member's key.
create table api.second_factors (
    account_id uuid primary key references api.accounts on delete cascade,
    sealed     bytea not null,
    is_set     bool not null default false,
    last_step  bigint not null default 0
);

-- The hash chain over the events of the audit log, one row for each in the order of the log, each hash over the one
-- before. `stream` and `version` say which event it was, so that one that was moved is found again. Rows are only added;
-- its head is also written outside the database. (The schema `audit` is the read model's.)
create table eventlog.audit_chain (
    n        bigint primary key,
    position bigint not null unique,
    stream   uuid   not null,
    version  bigint not null,
    hash     bytea  not null
);

create index on eventlog.destroyed_keys (person_id, position);

-- A customer who leaves a mail address takes the key of its guest bookings along, under an id that nobody has: whoever
-- has the address next is another person. `left_at` is the position up to which the key sealed for `left_mail`.
alter table eventlog.person_keys add column left_by uuid, add column left_mail uuid, add column left_at bigint;
create index on eventlog.person_keys (left_by) where left_by is not null;
