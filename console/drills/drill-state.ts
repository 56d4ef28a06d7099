import type { DrillMeasure } from '#contract/drill-result.ts'
import type { DrillEntry, DrillPermission, DrillRun } from '#contract/drills.ts'

/** The state of a drill in a word or two, as its badge shows it. */
export function stateOf({ last, validUntil }: Pick<DrillEntry, 'last' | 'validUntil'>, now: Date): string {
  if (last === null) return 'never run'
  if (!last.passed) return 'not passed'
  return validUntil !== null && Date.parse(validUntil) < now.getTime() ? 'too old' : 'passed'
}

export const outcomeOf = ({ passed }: Pick<DrillRun, 'passed'>): string => (passed ? 'passed' : 'not passed')

const OF_A_LAB =
  'it is run on the machine that carries a lab of several hosts; from here only while that listens (`maru lab up` starts it).'
const WHERE: Readonly<Record<DrillPermission, string>> = {
  yes: 'May run here: this is a lab.',
  'on-request': 'Harmless: may run here when somebody on the host says so.',
  no: 'Runs in a lab only: it breaks things.',
  outside: `Takes hosts and lines away: ${OF_A_LAB}`,
  elsewhere: `Does something to members of the database, and one is on another host: ${OF_A_LAB}`,
  unknown: 'The host does not answer, so nobody knows whether it may run here.',
}

/** Whether a drill may run here, for people. */
export function whereText({ here, needs, carriedOutBy }: Where): string {
  if (here === 'yes' && carriedOutBy === 'lab')
    return 'May run here: the machine that carries this lab carries it out.'
  return here === 'outside' && needs === 'machine'
    ? 'Enters networks with programs of the machine: in a lab, by the command line of the host, not from here.'
    : WHERE[here]
}
type Where = Pick<DrillEntry, 'here' | 'needs' | 'carriedOutBy'>

/** From where a drill can be started, in a word or two. */
export function startedFrom({ here, needs, harmless }: Pick<DrillEntry, 'here' | 'needs' | 'harmless'>) {
  if (here === 'yes') return 'here'
  if (here === 'elsewhere' || needs === 'hosts') return 'lab of hosts'
  if (here === 'on-request') return 'command line'
  if (here === 'unknown') return harmless ? 'anywhere' : 'lab only'
  return here === 'no' ? 'lab only' : 'command line of a lab'
}

/** `1.31 s of 5 s`, `0 of 0 writes`, `not measured, limit 5 s`. */
export function figureText({ value, limit, unit }: Pick<DrillMeasure, 'value' | 'limit' | 'unit'>): string {
  if (value === null) return `not measured, limit ${limit} ${unit}`
  return `${Number(value.toFixed(2))} of ${limit} ${unit}`
}
