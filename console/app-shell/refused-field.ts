import { MaruError } from '#contract/errors.ts'

/** The field of a form that an error is about, such as `email`; undefined when it is about no field. */
export function refusedField(error: unknown): string | undefined {
  if (!(error instanceof MaruError)) return undefined
  if (error.code === 'accounts.password_weak') return 'password'
  return error.code === 'invalid' ? String(error.params.field) : undefined
}
