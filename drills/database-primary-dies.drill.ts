import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { type DrillApp, drillApp } from './drill-app.ts'
import { hundredths } from './hundredths.ts'
import { longestGapS } from './longest-gap.ts'
import { markRecorded } from './recorded-moments.ts'
import { secondsUntil, waitUntil } from './wait-until.ts'
import { type Acknowledged, type Ledger, startLedger } from './write-ledger.ts'

const SILENCE = 'longest time without an acknowledged write'
const LOST = 'acknowledged writes that were lost'
const REJOIN = 'time until the old primary is synchronous standby again'

type Names = typeof SILENCE | typeof LOST | typeof REJOIN

const WHOLE_S = 60
const FIRST_WRITES = 100
const FIRST_WRITES_S = 30
/** How long is waited for writes and for the rejoin: longer than the limits, so that a failure has a figure. */
const WRITES_AGAIN_S = 60
const REJOIN_S = 120
/** Writes have to go on for this long before the silence counts as over. */
const STEADY_MS = 1000

/** kill -9 of the primary, under an app that writes. */
export const databasePrimaryDies: Drill<Names> = {
  name: 'database-primary-dies',
  promises: ['BAK-2', 'REC-2'],
  summary: "Kill the database's primary while an app writes",
  harmless: false,
  setUp: 'An app of its own writes over four connections and keeps a ledger of what was acknowledged.',
  fault: "kill -9 of the database server's main process on the primary.",
  measures: {
    [SILENCE]: { unit: 's', limit: 5 },
    [LOST]: { unit: 'writes', limit: 0 },
    [REJOIN]: { unit: 's', limit: 60 },
  },
  expectedS: 45,
  begin,
}

function begin(place: DrillPlace): Stages<Names> {
  const app = drillApp(place, 'ledger')
  const { signal } = place
  let ledger: Ledger | undefined
  let killed: Killed | undefined
  return {
    setUp: async () => {
      await app.deploy()
      await waitUntil('A synchronous standby', { timeoutS: WHOLE_S, signal }, async () => isWhole(app))
      const started = await startLedger(place, await app.url())
      ledger = started
      await waitUntil(
        `${FIRST_WRITES} acknowledged writes`,
        { timeoutS: FIRST_WRITES_S, signal },
        () => started.acknowledged.length >= FIRST_WRITES,
      )
    },
    fault: async () => {
      const { primary } = await app.database()
      const server = ledger?.acknowledged.at(-1)?.server ?? ''
      const postmaster = await findPostmaster(place, primary)
      process.kill(postmaster, 'SIGKILL')
      killed = { primary, server, atMs: performance.now() }
      place.mark('fault', { at: killed.atMs })
    },
    measure: async () => {
      if (ledger === undefined || killed === undefined) throw new Error('nothing was killed')
      return measure(place, app, ledger, killed)
    },
    cleanUp: async () => {
      await ledger?.stop()
      await app.destroy()
    },
  }
}

interface Killed {
  readonly primary: string
  readonly server: string
  readonly atMs: number
}

const isWhole = async (app: DrillApp, standby?: string): Promise<boolean> =>
  (await app.database()).standbys.some(
    ({ member, synchronous }) => synchronous && (standby === undefined || member === standby),
  )

/** The server's main process in a member's container, by its number on the host. */
async function findPostmaster({ docker, installation }: DrillPlace, member: string): Promise<number> {
  const processes = await docker.containers.processes(`${installation.name}-${member}`)
  const postmaster = processes.find(({ command }) => /\/postgres -D /.test(command))
  if (postmaster === undefined) throw new Error(`no database server runs in ${member}`)
  return postmaster.pid
}

async function measure(
  place: DrillPlace,
  app: DrillApp,
  ledger: Ledger,
  killed: Killed,
): Promise<Measured<Names>> {
  const { signal } = place
  const isOther = ({ atMs, server }: Acknowledged) => atMs > killed.atMs && server !== killed.server
  // Sessions outlive their server's main process for moments: only another server's word ends the silence.
  const isSteady = () => {
    const first = ledger.acknowledged.find(isOther)
    const last = ledger.acknowledged.at(-1)
    place.show(`Measurement: ${ledger.acknowledged.length} writes acknowledged`)
    return first !== undefined && last !== undefined && last.atMs > first.atMs + STEADY_MS
  }
  await secondsUntil({ timeoutS: WRITES_AGAIN_S, signal }, isSteady)
  const silenceS = longestGapS(ledger.acknowledged, killed.atMs, performance.now())
  const success = ledger.acknowledged.find(isOther)
  if (success !== undefined) place.mark('first success', { at: success.atMs })
  place.show(`Measurement: waiting until ${killed.primary} is synchronous standby again`)
  const waitedS = await secondsUntil({ timeoutS: REJOIN_S, signal }, () => wholeAgain(app, killed.primary))
  const rejoinS = (performance.now() - killed.atMs) / 1000
  if (waitedS < REJOIN_S) place.mark('heal')
  await ledger.stop()
  await markRecorded(place, killed)
  const lost = await ledger.findLost()
  const count = ledger.acknowledged.length
  return {
    values: { [SILENCE]: hundredths(silenceS), [LOST]: lost.length, [REJOIN]: hundredths(rejoinS) },
    result: `Of ${count} acknowledged writes ${lost.length} were lost; no write was acknowledged for ${silenceS.toFixed(2)} s; after ${rejoinS.toFixed(1)} s the pair was whole again.`,
    figures: { 'acknowledged writes': { value: count, unit: 'writes' } },
    ledger: { of: 'acknowledged writes', entries: ledger.acknowledged, lost },
  }
}

/** The platform's own answers may fail while its database changes hands. */
const wholeAgain = async (app: DrillApp, oldPrimary: string): Promise<boolean> =>
  isWhole(app, oldPrimary).catch(() => false)
