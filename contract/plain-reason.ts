import type { z } from 'zod'

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

const UNITS: Readonly<Record<string, string>> = {
  string: 'characters',
  array: 'entries',
  object: 'entries',
  record: 'entries',
}

function describeBound(origin: string, what: string, bound: unknown): string {
  const unit = UNITS[origin]
  return unit === undefined ? `must be ${what} ${bound}` : `must have ${what} ${bound} ${unit}`
}

/** Zod's own texts are for programmers; these are for people. Undefined: Zod's text has to do. */
export function plainReason(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'too_big':
      return describeBound(issue.origin, 'at most', issue.maximum)
    case 'too_small':
      return describeBound(issue.origin, 'at least', issue.minimum)
    case 'invalid_type':
      return issue.input === undefined ? 'is needed' : `must be ${TYPES[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}`
    case 'unrecognized_keys':
      return `has nothing called ${issue.keys.join(', ')}`
    case 'invalid_key':
      return issue.issues[0]?.message
    default:
      return undefined
  }
}
