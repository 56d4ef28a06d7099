-- Sessions of the console; only the hash of what the cookie holds is kept.
create table accounts_browser_session (
  secret_hash bytea primary key,
  user_id text not null references accounts_user (id) on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index accounts_browser_session_user_id on accounts_browser_session (user_id);
