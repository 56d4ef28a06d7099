-- The last day on which a host saw traffic by a rule; at first the day from which on that is looked for.
alter table network_rule add column used_on timestamptz not null default date_trunc('day', now());
-- How often its owner was warned that it ends.
alter table network_rule add column warned int not null default 0;
-- When it was proposed to take it away, because nobody uses it.
alter table network_rule add column proposed_at timestamptz;
-- It is taken back on trial; then it stands again by itself.
alter table network_rule add column paused_until timestamptz;
