-- What one attacker did, from its beginning until he was quiet.
create table network_incident (
  id text primary key,
  state text not null,
  who text not null,
  opened_at timestamptz not null,
  last_at timestamptz not null,
  incident jsonb not null
);
create index network_incident_open on network_incident (who) where state = 'open';
create index network_incident_by_time on network_incident (last_at desc);

-- What an incident consists of: its own copy of what hosts noticed, each in one incident.
create table network_incident_entry (
  host text not null,
  uid text not null,
  incident text not null references network_incident on delete cascade,
  started_at timestamptz not null,
  entry jsonb not null,
  primary key (host, uid)
);
create index network_incident_entry_by_time on network_incident_entry (incident, started_at desc);
