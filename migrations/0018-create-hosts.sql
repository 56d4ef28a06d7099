-- The machines of this installation. Removed ones stay: their certificates may still be good when they come back.
create table fleet_host (
  id bigint generated always as identity primary key,
  name text not null,
  data_centre text not null,
  -- Where its agent listens for the control plane; the first host's is reached by a socket.
  address text not null,
  role text not null check (role in ('full', 'witness')),
  is_first boolean not null default false,
  draining boolean not null default false,
  joined_at timestamptz not null,
  removed_at timestamptz,
  -- When it was told of its removal, and dropped what it ran.
  told_at timestamptz,
  -- SHA-256 of its public key (hex): a certificate of another key is not this host's, however good it is.
  key_hash text,
  certificate_expires_at timestamptz,
  -- What it said of itself last. Hosts' clocks are not compared with ours: the time is when it arrived here.
  version text,
  generation int,
  reported_at timestamptz
);
-- A name is free again when its host was removed.
create unique index fleet_host_by_name on fleet_host (name) where removed_at is null;
create unique index fleet_host_first on fleet_host (is_first) where is_first;

-- One-time links for new hosts; only the hash of their secret is kept.
create table fleet_invitation (
  secret_hash bytea primary key,
  name text not null,
  data_centre text not null,
  role text not null check (role in ('full', 'witness')),
  expires_at timestamptz not null,
  -- The key that took it: a host whose answer was lost asks again with the same key.
  taken_by text
);
create unique index fleet_invitation_by_name on fleet_invitation (name);
