import { stripVTControlCharacters } from 'node:util'
import { type SlowClientEnd, slowClient } from '#runtime/drivers/slow-client.ts'
import type { DrillPlace } from '../drill.ts'
import { NothingProven } from '../not-measured.ts'
import type { Outsider } from './other-network.ts'

/** What an attacker wants to hold, how fast he opens it, and for how long. */
export const SLOW = { wants: 1500, aSecond: 500, seconds: 10 } as const

/** A way to hold connections: a mode of slowhttptest, or the client that comes again. */
export interface SlowWay {
  readonly what: string
  /** Arguments of slowhttptest; none: the other client. */
  readonly mode?: readonly string[]
}

const EACH_SECOND = ['-i', '1', '-x', '24', '-f', 'text/plain'] as const

export const SLOW_WAYS: readonly SlowWay[] = [
  { what: 'slow headers', mode: ['-H', ...EACH_SECOND] },
  { what: 'slow bodies', mode: ['-B', ...EACH_SECOND] },
  { what: 'slow reading', mode: ['-X', '-w', '1', '-y', '64', '-n', '3', '-z', '8', '-k', '3'] },
  { what: 'slow headers that come again' },
]

/** Carries one out against an app over TLS; gives what the attacker had. */
export async function holdConnections(
  { installation }: Pick<DrillPlace, 'installation'>,
  attacker: Outsider,
  app: string,
  { mode }: SlowWay,
): Promise<SlowClientEnd> {
  const name = `${app}.${installation.domain}`
  const port = installation.ports.https
  const { wants, aSecond, seconds } = SLOW
  if (mode === undefined) {
    const client = slowClient({ host: attacker.host, port, name, wants, seconds })
    const { stdout, stderr } = await attacker.run(client)
    if (stdout === '') throw new NothingProven(`the slow client said nothing: ${stderr.trim().slice(-300)}`)
    return JSON.parse(stdout) as SlowClientEnd
  }
  const amount = ['-c', String(wants), '-r', String(aSecond), '-l', String(seconds)]
  const url = ['-u', `https://${name}:${port}/`, '-p', '3']
  const there = await attacker.knowing(name)
  const { stdout, stderr } = await there.run(['slowhttptest', ...mode, ...amount, ...url])
  return { most: mostConnected(`${stdout}${stderr}`), again: 0 }
}

/** The most connections that slowhttptest said to have had at the same time. */
function mostConnected(said: string): number {
  const counts = [...stripVTControlCharacters(said).matchAll(/connected:\s+(\d+)/g)]
  if (counts.length === 0) throw new NothingProven(`slowhttptest said nothing: ${said.trim().slice(-300)}`)
  return Math.max(...counts.map(([, count]) => Number(count)))
}
