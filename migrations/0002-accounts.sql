-- Tables of better-auth (user, session, account, verification) with our names.
create table accounts_user (
  id text primary key,
  name text not null,
  email text not null unique,
  email_verified boolean not null default false,
  image text,
  operator boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table accounts_session (
  id text primary key,
  expires_at timestamptz not null,
  token text not null unique,
  ip_address text,
  user_agent text,
  user_id text not null references accounts_user (id) on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index accounts_session_user_id on accounts_session (user_id);

create table accounts_account (
  id text primary key,
  account_id text not null,
  provider_id text not null,
  user_id text not null references accounts_user (id) on delete cascade,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  password text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index accounts_account_user_id on accounts_account (user_id);

create table accounts_verification (
  id text primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index accounts_verification_identifier on accounts_verification (identifier);

-- Teams own apps. The first one belongs to the installation: root and the first operator own it.
create table accounts_team (
  id text primary key,
  name text not null,
  created_at timestamptz not null default now()
);
insert into accounts_team (id, name) values ('team_home', 'Home');

create table accounts_membership (
  team_id text not null references accounts_team (id) on delete cascade,
  user_id text not null references accounts_user (id) on delete cascade,
  role text not null check (role in ('owner', 'developer', 'viewer')),
  created_at timestamptz not null default now(),
  primary key (team_id, user_id)
);
create index accounts_membership_user_id on accounts_membership (user_id);

-- One row at most: a new set-up link replaces the one before. Only hashes of secrets are kept.
create table accounts_setup_link (
  only_one boolean primary key default true check (only_one),
  secret_hash bytea not null,
  expires_at timestamptz not null
);

create table accounts_token (
  id text primary key,
  user_id text not null references accounts_user (id) on delete cascade,
  name text not null,
  secret_hash bytea not null unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  last_used_at timestamptz
);
create index accounts_token_user_id on accounts_token (user_id);

-- Failed sign-ins, counted for each address and each source; old rows are swept.
create table accounts_login_failure (
  id bigint generated always as identity primary key,
  email text not null,
  source text not null,
  failed_at timestamptz not null default now()
);
create index accounts_login_failure_email on accounts_login_failure (email, failed_at);
create index accounts_login_failure_source on accounts_login_failure (source, failed_at);
