-- Who did what, when, to what, and what came of it. Rows are added, get their end once, and are forgotten when they are old:
-- everything else is refused by the database itself.
create table audit_act (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  kind text not null check (kind in ('user', 'root', 'anonymous', 'maru')),
  who_id text not null,
  who text not null,
  -- Address that it came from; `local` for the host's own socket.
  source text not null,
  request_id text not null,
  -- Route, such as `network.allow`.
  action text not null,
  -- What it was done to: parameters of the path.
  goals jsonb not null,
  -- What of the request is kept: only fields that the route names, never secrets.
  told jsonb not null,
  ended_at timestamptz,
  -- Null: under way, or the control plane ended before it could say.
  result text check (result in ('done', 'refused', 'failed')),
  code text,
  answer jsonb
);
create index audit_act_by_time on audit_act (at);
create index audit_act_by_action on audit_act (action, id desc);

create function audit_keep() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.result is null and new.result is not null
    and to_jsonb(new) - '{ended_at,result,code,answer}'::text[] = to_jsonb(old) - '{ended_at,result,code,answer}'::text[]
  then return new; end if;
  if tg_op = 'DELETE' and old.at < clock_timestamp() - interval '400 days' then return old; end if;
  raise exception 'the audit log is only added to';
end $$;
create trigger audit_keep before update or delete on audit_act for each row execute function audit_keep();
create trigger audit_keep_all before truncate on audit_act for each statement execute function audit_keep();
