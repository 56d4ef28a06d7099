import { request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { addressesOf, HOME, numberOfMember, POSTGRES_HOST } from '#contract/installation.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { readText } from '#runtime/drivers/files.ts'
import { hasLeader, leaderLast, planSpare, type Settings, settingsPatch } from './cluster-settings.ts'
import { clusterSettings, tlsFiles } from './database-tier.ts'
import { pollUntil } from './poll.ts'
import { type PatroniMember, type Place, readDatabasePair } from './wait-healthy.ts'

const TIMEOUT_MS = 180_000
/** When nobody has led for so long, nothing is served that a replacement could interrupt. */
const LEADERLESS_MS = 20_000
/** Patroni looks once a second; by then it has said which members must start again. */
const NOTICE_MS = 3_000

const logOf = ({ installation }: Place) => `\`docker logs ${installation.name}-postgres-1\``

/** Whether a member can end now; one that leads hands over in a planned switchover, and can when that is done. */
async function spare(place: Place, members: readonly PatroniMember[], member: string): Promise<boolean> {
  const step = planSpare(members, member)
  if (step.do === 'hand over')
    await callPatroni(place, addressOf(place, member), 'POST', '/switchover', {
      leader: member,
      candidate: step.to,
    })
  return step.do === 'end'
}

/** Waits until the pair can do without this member; a member that does not run can be replaced at once. */
export async function waitUntilSpare(docker: Docker, place: Place, container: string): Promise<void> {
  const member = container.slice(place.installation.name.length + 1)
  if (!member.startsWith('postgres-')) return
  if ((await docker.containers.inspect(container))?.state !== 'running') return
  let ledAt = performance.now()
  const what = `Waiting until ${member} can be replaced`
  await pollUntil({ what, timeoutMs: TIMEOUT_MS, everyMs: 250, log: logOf(place) }, async () => {
    const members = (await readDatabasePair(place)) ?? []
    if (hasLeader(members)) ledAt = performance.now()
    return (await spare(place, members, member)) || performance.now() - ledAt > LEADERLESS_MS || undefined
  })
}

/** Brings the settings that Patroni keeps for the whole pair to what they should be. Gives what was done. */
export async function ensureClusterSettings(
  place: Place,
  wanted: Settings = clusterSettings(),
): Promise<string[]> {
  const host = await leaderAddress(place)
  if (host === undefined) return []
  const { body } = await callPatroni(place, host, 'GET', '/config')
  const patch = settingsPatch(JSON.parse(body) as Settings, wanted)
  if (patch !== undefined) {
    await callPatroni(place, host, 'PATCH', '/config', patch)
    await new Promise((resolve) => setTimeout(resolve, NOTICE_MS))
  }
  const restarted = await restartPending(place)
  return [...(patch === undefined ? [] : ['change the settings of the database pair']), ...restarted]
}

/** Starts the members again whose settings need it: one after the other, the leader last. */
async function restartPending(place: Place): Promise<string[]> {
  const members = (await readDatabasePair(place)) ?? []
  const pending = leaderLast(members, ({ name }) => name, members).filter((one) => one.pending_restart)
  for (const { name } of pending) {
    const what = `Restarting ${name}`
    await pollUntil({ what, timeoutMs: TIMEOUT_MS, everyMs: 250, log: logOf(place) }, async () => {
      const now = (await readDatabasePair(place)) ?? []
      if (now.some((one) => one.name === name && !one.pending_restart)) return true
      if (!(await spare(place, now, name))) return undefined
      await callPatroni(place, addressOf(place, name), 'POST', '/restart', { restart_pending: true })
      return undefined
    })
  }
  return pending.map(({ name }) => `restart ${name} (its settings need it)`)
}

const addressOf = ({ installation }: Place, member: string) =>
  addressesOf(installation).postgres[numberOfMember(member) - 1] ?? ''

async function leaderAddress(place: Place): Promise<string | undefined> {
  const leader = (await readDatabasePair(place))?.find(({ role }: PatroniMember) => role === 'leader')
  return leader && addressOf(place, leader.name)
}

/** A call that may change something: it takes a certificate of this installation. */
async function callPatroni(place: Place, host: string, method: string, path: string, send?: Settings) {
  const files = tlsFiles(join(place.home, HOME.postgres(1)))
  const [cert, key] = await Promise.all([readText(files.cert), readText(files.key)])
  const { patroniPort: port } = addressesOf(place.installation)
  const tls = { ca: place.rootPem, cert, key, servername: POSTGRES_HOST }
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const call = request({ host, port, method, path, ...tls, timeout: 60_000, agent: false }, (response) => {
      text(response).then((body) => {
        const status = response.statusCode ?? 0
        if (status < 300) resolve({ status, body })
        else reject(new Error(`Patroni answered ${method} ${path} with ${status}: ${body.slice(0, 200)}`))
      }, reject)
    })
    call.on('timeout', () => call.destroy(new Error(`Patroni does not answer ${method} ${path}`)))
    call.on('error', reject)
    call.end(send === undefined ? undefined : JSON.stringify(send))
  })
}
