import { accountRoutes } from '#contract/accounts.ts'
import { ErrorBody } from '#contract/errors.ts'
import { jsonOf } from '#runtime/kit/json.ts'
import type { DrillPlace } from '../drill.ts'
import { curlAt } from './curl.ts'
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

export function callerAt(place: DrillPlace, from: Outsider): Caller {
  const { ask, url } = curlAt(place, from, place.installation.domain)
  return {
    signIn: async (number) => {
      const words = { email: `person-${number}@drill.invalid`, password: `Summer-${number}-2026` }
      const json = ['-H', 'Content-Type: application/json', '-d', JSON.stringify(words)]
      const { status, body } = await ask(...json, `${url}${accountRoutes.login.path}`)
      const said = ErrorBody.safeParse(jsonOf(body))
      return { status, isTurnedAway: said.data?.error.code === 'accounts.source_turned_away' }
    },
    isServed: async () => (await ask('-H', 'Accept: text/html', `${url}/trust`)).status === 200,
  }
}
