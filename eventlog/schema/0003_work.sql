-- How far the reactions are, and what is to happen at a time: the outbox of everything that acts.
create table eventlog.reactions (
    only_row bool   primary key default true check (only_row),
    position bigint not null
);
insert into eventlog.reactions (position) values (0);

create table eventlog.timers (
    kind   text        not null,
    about  uuid        not null,
    due_at timestamptz not null,
    primary key (kind, about)
);
create index on eventlog.timers (due_at);
