-- Which attempt holds the key: an attempt that is not sure whether its claim was stored can claim again.
alter table server_idempotency add column claim text;
