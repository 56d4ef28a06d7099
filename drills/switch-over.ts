import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addressesOf, HOME, numberOfMember } from '#contract/installation.ts'
import { switchOver } from '#runtime/drivers/patroni-client.ts'
import type { DrillPlace } from './drill.ts'
import { waitUntil } from './wait-until.ts'

const AGREED_S = 30

/** Has one member hand the lead over to the other as planned work does it: nothing fails, writes wait for a moment. */
export async function handLeadOver(
  { hostOf, installation }: Pick<DrillPlace, 'hostOf' | 'installation'>,
  leader: string,
  candidate: string,
  signal: AbortSignal,
): Promise<void> {
  const { root, home } = await hostOf(leader)
  await orderHandOver({ home: join(root, home), installation }, leader, candidate, signal)
}

/** The same; `home` is where the files of the leader's host are. */
export async function orderHandOver(
  { home, installation }: Pick<DrillPlace, 'home' | 'installation'>,
  leader: string,
  candidate: string,
  signal: AbortSignal,
): Promise<void> {
  const { postgres, patroniPort } = addressesOf(installation)
  const number = numberOfMember(leader)
  const read = (path: string) => readFile(join(home, path), 'utf8')
  const [ca, cert, key] = await Promise.all([
    read(`${HOME.pki}/root.crt`),
    read(`${HOME.postgres(number)}/tls/server.crt`),
    read(`${HOME.postgres(number)}/tls/server.key`),
  ])
  const at = postgres[number - 1] ?? ''
  // A standby confirms writes a moment before the cluster's store says so; until then it is refused.
  let refused: unknown
  await waitUntil(`${candidate} to take over from ${leader}`, { timeoutS: AGREED_S, signal }, () =>
    switchOver(`https://${at}:${patroniPort}`, { leader, candidate }, { ca, cert, key }).then(
      () => true,
      (error: unknown) => {
        refused = error
        return false
      },
    ),
  ).catch((error: unknown) => {
    signal.throwIfAborted()
    throw new Error(`the lead was not handed over: ${refused ?? error}`, { cause: error })
  })
}
