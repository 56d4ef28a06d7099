import { join } from 'node:path'
import { accountRoutes } from '#contract/accounts.ts'
import { ErrorBody } from '#contract/errors.ts'
import { HOME } from '#contract/installation.ts'
import { jsonOf } from '#runtime/kit/json.ts'
import type { DrillPlace } from '../drill.ts'
import type { Outsider } from './other-network.ts'

/** What came of an attempt to sign in. */
export interface Attempt {
  readonly status: number
  /** The edge's own answer: the control plane was not asked. */
  readonly isTurnedAway: boolean
}

/** Somebody outside who asks the platform by curl. */
export interface Caller {
  /** Tries a password for an account that nobody has. */
  signIn(number: number): Promise<Attempt>
  /** Whether the platform's own page is answered. */
  isServed(): Promise<boolean>
}

const STATUS = /\n(\d{3})$/

export function callerAt({ installation, home }: DrillPlace, from: Outsider): Caller {
  const { domain, ports } = installation
  const url = `https://${domain}:${ports.https}`
  const curl = async (...args: readonly string[]) => {
    const way = [
      '--resolve',
      `${domain}:${ports.https}:${from.host}`,
      '--cacert',
      join(home, HOME.pki, 'root.crt'),
    ]
    const { stdout, stderr } = await from.run([
      'curl',
      '-sS',
      '-m',
      '10',
      '-w',
      '\\n%{http_code}',
      ...way,
      ...args,
    ])
    const status = Number(STATUS.exec(stdout)?.[1] ?? 0)
    if (status === 0) throw new Error(`curl got no answer: ${stderr.trim()}`)
    return { status, body: stdout.replace(STATUS, '') }
  }
  return {
    signIn: async (number) => {
      const words = { email: `person-${number}@drill.invalid`, password: `Summer-${number}-2026` }
      const json = ['-H', 'Content-Type: application/json', '-d', JSON.stringify(words)]
      const { status, body } = await curl(...json, `${url}${accountRoutes.login.path}`)
      const said = ErrorBody.safeParse(jsonOf(body))
      return { status, isTurnedAway: said.data?.error.code === 'accounts.source_turned_away' }
    },
    isServed: async () => (await curl('-H', 'Accept: text/html', `${url}/trust`)).status === 200,
  }
}
