import type { RunningServer } from './plan.ts'

/** Values of HAProxy's `show servers state` (management guide, section 9.3). */
const MAINTENANCE_BITS = 0x01 | 0x02 | 0x04 | 0x20
const CHECK_ENABLED_BIT = 0x04
const CHECK_FAILED = 2
const OPERATIONAL_RUNNING = 2
/** `srv_check_health` of a server that passed its last check, with the `rise 1 fall 2` of all; one without a check yet has 1. */
const PASSED = 2

/** Reads the answer to `show stat` (CSV): for each row a function from a column's name to its value. */
export function parseStatistics(text: string): Array<(column: string) => string> {
  const [head = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '')
  const columns = new Map(
    head
      .replace(/^# /, '')
      .split(',')
      .map((name, index) => [name, index]),
  )
  return lines.map((line) => {
    const values = line.split(',')
    return (column) => values[columns.get(column) ?? -1] ?? ''
  })
}

/** Requests under way in the answer to `show stat`: backend/server → number. */
export const parseOpenRequests = (text: string): ReadonlyMap<string, number> =>
  new Map(
    parseStatistics(text).map((value) => [`${value('pxname')}/${value('svname')}`, Number(value('scur'))]),
  )

/** Reads the answer to `show servers state` (format 1: a version, a `#` line with the names, then the values). */
export function parseServersState(text: string, open: ReadonlyMap<string, number>): RunningServer[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const head = lines.find((line) => line.startsWith('# '))
  if (head === undefined) return []
  const columns = head.slice(2).split(' ')
  return lines
    .filter((line) => !line.startsWith('#') && line.includes(' '))
    .map((line) => {
      const values = line.split(' ')
      return serverOf((name) => values[columns.indexOf(name)] ?? '', open)
    })
}

function serverOf(value: (name: string) => string, open: ReadonlyMap<string, number>): RunningServer {
  const number = (name: string) => Number(value(name))
  return {
    backend: value('be_name'),
    name: value('srv_name'),
    address: value('srv_addr'),
    port: number('srv_port'),
    weight: number('srv_uweight'),
    maintenance: (number('srv_admin_state') & MAINTENANCE_BITS) !== 0,
    checked: (number('srv_check_state') & CHECK_ENABLED_BIT) !== 0,
    openRequests: open.get(`${value('be_name')}/${value('srv_name')}`) ?? 0,
    health: healthOf(number),
  }
}

const BACKEND_COLUMN = 1

/**
 * What a process that takes over is told of its servers, from the answer to `show servers state`: nothing of a backend where nobody
 * can be asked. There all begin as new servers do, and get requests until a check of theirs fails.
 */
export function stateToHandOver(text: string): string {
  const asked = new Set(
    parseServersState(text, new Map())
      .filter(({ health, weight }) => health === 'up' && weight > 0)
      .map(({ backend }) => backend),
  )
  const isKept = (line: string) => {
    const backend = line.startsWith('#') ? undefined : line.split(' ')[BACKEND_COLUMN]
    return backend === undefined || asked.has(backend)
  }
  return text.split('\n').filter(isKept).join('\n')
}

/** Its last check, which the count tells: a result is unknown while a check is under way, and is that of before for one that rested. */
function healthOf(number: (name: string) => number): RunningServer['health'] {
  if (number('srv_op_state') !== OPERATIONAL_RUNNING) return 'down'
  if (number('srv_check_health') >= PASSED) return 'up'
  return number('srv_check_result') === CHECK_FAILED ? 'down' : 'unknown'
}
