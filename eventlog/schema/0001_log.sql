-- The log, the keys of its people, the idempotency keys of its writers, and how far the relay has published.
create schema if not exists eventlog;

-- As the eventsourcing package lays it out (schema eventlog, table stored_events).
create table eventlog.stored_events (
    originator_id      uuid   not null,
    originator_version bigint not null,
    topic              text,
    state              bytea,
    notification_id    bigserial,
    primary key (originator_id, originator_version)
) with (autovacuum_enabled = true, autovacuum_vacuum_threshold = 100000000, autovacuum_vacuum_scale_factor = 0.5,
        autovacuum_analyze_threshold = 1000, autovacuum_analyze_scale_factor = 0.01);
create unique index stored_events_notification_id_idx on eventlog.stored_events (notification_id asc);
create type eventlog.stored_event_uuid as (originator_id uuid, originator_version bigint, topic text, state bytea);

-- One row: who this log is, and into how many partitions its keys are spread, fixed for ever.
create table eventlog.log (
    only_row   bool primary key default true check (only_row),
    id         uuid not null default gen_random_uuid(),
    partitions int  not null,
    created_at timestamptz not null default now()
);
insert into eventlog.log (partitions) values (8);

create table eventlog.person_keys (
    key_id    uuid  primary key,
    person_id uuid  not null unique,
    wrapped   bytea not null,
    master_id text  not null,
    made_at   timestamptz not null default now()
);
-- A destroyed key stays destroyed, also when a backup brings its row back.
create table eventlog.destroyed_keys (
    key_id       uuid primary key,
    person_id    uuid not null,
    destroyed_at timestamptz not null default now(),
    position     bigint,
    erased_at    timestamptz
);

create table eventlog.idempotency (
    caller    text  not null,
    route     text  not null,
    key       text  not null,
    body_hash bytea not null,
    ids       jsonb not null,
    position  bigint not null,
    made_at   timestamptz not null default now(),
    primary key (caller, route, key)
);
create index on eventlog.idempotency (made_at);

create table eventlog.relay (
    partition int    primary key,
    head      bigint not null,
    position  bigint not null
);
insert into eventlog.relay select n, 0, 0 from generate_series(0, 7) n;
