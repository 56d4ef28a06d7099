/**
 * JSON that PostgreSQL's jsonb takes whatever is in the texts: it refuses zero bytes and halves of surrogate pairs,
 * and both are what is left where foreign text was cut.
 */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? part.replaceAll('\0', '').toWellFormed() : part,
  )
