import { setTimeout as pause } from 'node:timers/promises'
import { HOST } from '#platform/guard/test-attack.ts'
import type { GuardedField } from './test-guard.ts'

/** Somebody who asks for another port every 15 seconds. */
export interface SlowScanner {
  readonly does: string
  readonly address: string
  readonly more: readonly string[]
  /** By when he is to be held and told of. */
  readonly limitMs: number
}

/** nmap by itself asks questions again, which tells it nothing new and does not count: it takes twice as long. */
export const SLOW_SCANNERS: readonly SlowScanner[] = [
  {
    does: 'one probe every 15 s, none asked again (nmap --scan-delay 15s --max-retries 0)',
    ...{ address: '198.18.1.7', more: ['--max-retries', '0'], limitMs: 120_000 },
  },
  {
    does: 'one probe every 15 s, each asked again (nmap --scan-delay 15s)',
    ...{ address: '198.18.2.7', more: [], limitMs: 240_000 },
  },
]

const LOOK_MS = 50
/** For so long after the limit it is seen when he is caught after all. */
export const LONGER_MS = 60_000

/** Scans the host, and tells after how many milliseconds the scanner was held and told of; undefined: not a minute after the limit either. */
export async function scanSlowly(
  { field, report }: GuardedField,
  { address, more, limitMs }: SlowScanner,
  signal?: AbortSignal,
): Promise<number | undefined> {
  await field.attacker.ip('address', 'add', `${address}/32`, 'dev', 'eth0')
  const slow = ['nmap', '-sS', '-n', '-Pn', '-e', 'eth0', '--scan-delay', '15s', '-p', '21001-21200']
  const began = performance.now()
  field.attacker.start([...slow, ...more, '-S', address, HOST.attacked])
  const isTold = async () =>
    (await report()).events.some(({ kind, src_endpoint }) => kind === 'scan' && src_endpoint.ip === address)
  for (;;) {
    if ((await isTold()) && (await field.members('held4')).includes(address)) return performance.now() - began
    if (performance.now() - began > limitMs + LONGER_MS) return undefined
    await pause(LOOK_MS, undefined, { ...(signal && { signal }) })
  }
}
