import { sql } from 'kysely'

/** A value as jsonb. Foreign text goes through storableJson first: PostgreSQL refuses some of what it may have in it. */
export const jsonb = <T>(value: T) => sql<T>`${JSON.stringify(value)}::jsonb`
