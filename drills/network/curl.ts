import { join } from 'node:path'
import { HOME } from '#contract/installation.ts'
import type { DrillPlace } from '../drill.ts'
import type { Outsider } from './other-network.ts'

/** curl at a place outside, which asks one name of the platform over TLS and trusts its authority only. */
export interface Curl {
  /** What the name is asked under; a path goes behind it. */
  readonly url: string
  ask(...args: readonly string[]): Promise<{ readonly status: number; readonly body: string }>
}

const STATUS = /\n(\d{3})$/

export function curlAt(
  { installation, home }: Pick<DrillPlace, 'installation' | 'home'>,
  from: Outsider,
  name: string,
): Curl {
  const { https } = installation.ports
  const usual = ['-sS', '-m', '10', '-w', '\\n%{http_code}']
  const way = ['--resolve', `${name}:${https}:${from.host}`, '--cacert', join(home, HOME.pki, 'root.crt')]
  return {
    url: `https://${name}:${https}`,
    ask: async (...args) => {
      const { stdout, stderr } = await from.run(['curl', ...usual, ...way, ...args])
      const status = Number(STATUS.exec(stdout)?.[1] ?? 0)
      if (status === 0) throw new Error(`curl got no answer: ${stderr.trim()}`)
      return { status, body: stdout.replace(STATUS, '') }
    },
  }
}
