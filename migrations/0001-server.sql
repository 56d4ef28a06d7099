-- Keys of the secret box, one for each owner, each wrapped by the installation's master key.
create table server_secret_key (
  owner text primary key,
  wrapped bytea not null,
  created_at timestamptz not null default now()
);

-- Answers kept for a day, so that a request sent again gets the same answer and has no second effect.
create table server_idempotency (
  principal text not null,
  route text not null,
  key text not null,
  body_hash bytea not null,
  -- Null while the first request is still being worked on.
  status integer,
  answer text,
  started_at timestamptz not null default now(),
  primary key (principal, route, key)
);
create index server_idempotency_started_at on server_idempotency (started_at);
