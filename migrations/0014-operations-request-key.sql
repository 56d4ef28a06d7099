-- Which keyed request started the operation: written in the same transaction, so that the request sent again finds it
-- even where the first answer was never kept (a crash, or a COMMIT whose answer was lost).
alter table operations_operation add column request_key text;
