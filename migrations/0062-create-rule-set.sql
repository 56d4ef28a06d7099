-- There is a row while the detectors look for rules of others, too.
create table network_rule_set (
  "only" boolean primary key default true check ("only"),
  -- Null: Emerging Threats Open itself.
  url text,
  since timestamptz not null,
  by_name text not null
);
