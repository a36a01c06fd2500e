create schema if not exists stripe_sandbox;

-- kind is the prefix of the id; about is what objects of that kind are listed by: a refund's intent, an event's type.
-- Kind `spent` marks a payment method that was used without a customer or detached: it may not be used again.
create table if not exists stripe_sandbox.objects (
    kind  text not null,
    id    text not null,
    seq   bigint generated always as identity,
    about text,
    body  jsonb not null,
    primary key (kind, id)
);
create index if not exists objects_newest on stripe_sandbox.objects (kind, seq);
create index if not exists objects_about on stripe_sandbox.objects (kind, about, seq) where about is not null;

create table if not exists stripe_sandbox.answers (
    key         text primary key,
    fingerprint text not null,
    status      int not null,
    body        jsonb not null,
    at          timestamptz not null default now()
);

create index if not exists answers_oldest on stripe_sandbox.answers (at);

create table if not exists stripe_sandbox.deliveries (
    id          bigint generated always as identity primary key,
    event_id    text not null,
    endpoint_id text not null,
    attempts    int not null default 0,
    due         timestamptz not null
);
create index if not exists deliveries_due on stripe_sandbox.deliveries (due);

create table if not exists stripe_sandbox.faults (
    one  bool primary key default true check (one),
    body jsonb not null
);

-- how far the sandbox's clock is ahead of the real one
create table if not exists stripe_sandbox.clock (
    one              bool primary key default true check (one),
    advanced_seconds bigint not null
);
