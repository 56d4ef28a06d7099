-- From this step on it is not cancelled any more, because what it did cannot be taken back; null: it is not cancelled at all.
alter table operations_operation add column final_step integer;
-- Who asked to cancel it.
alter table operations_operation add column cancelled_by text;
