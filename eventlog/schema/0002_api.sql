-- What the API keeps beside the log: sessions and credentials are no history, counters and inbox rows may be cleaned up.
create schema api;

-- Token buckets. Unlogged: after a crash everybody starts with a full one.
create unlogged table api.rate_limits (
    bucket text primary key,
    tokens double precision not null,
    at     timestamptz not null
);

create table api.staff_credentials (
    id                  uuid primary key default gen_random_uuid(),
    email               text not null unique,
    password_hash       text not null,
    role                text not null default 'admin',
    is_active           bool not null default true,
    failures            int  not null default 0,
    locked_until        timestamptz,
    last_login_at       timestamptz,
    password_changed_at timestamptz not null default now(),
    made_at             timestamptz not null default now()
);

-- A session is known by a hash of its id: who reads this table cannot use what is in it.
create table api.staff_sessions (
    session_hash bytea primary key,
    staff_id     uuid not null references api.staff_credentials on delete cascade,
    made_at      timestamptz not null,
    expires_at   timestamptz not null
);
create index on api.staff_sessions (expires_at);

-- Every webhook is noted before it is acted on; done_at is set once its effect is durable.
create table api.webhook_inbox (
    source      text not null,
    event_id    text not null,
    type        text not null,
    received_at timestamptz not null default now(),
    done_at     timestamptz,
    primary key (source, event_id)
);
