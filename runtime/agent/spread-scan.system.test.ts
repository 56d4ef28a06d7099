import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { HostEvent, NetworkEvent } from '#contract/guard.ts'
import type { HostName } from '#contract/ids.ts'
import { planIncidents } from '#platform/detection/incident-plan.ts'
import { tellIncident } from '#platform/detection/incident-words.ts'
import { HOST, SOURCE } from '#platform/guard/test-attack.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { type GuardedField, makeGuardedField } from './test-guard.ts'
import { until } from './test-host.ts'

/** Networks for measurements: nobody in the world has these addresses, and none of these is another's neighbour. */
const senders = (network: number, count: number) =>
  Array.from({ length: count }, (_, n) => `198.${network}.${n}.7`)
const CROWD = senders(18, 60)
const DECOYS = senders(19, 40)

let host: GuardedField
before(async () => {
  await installPrograms({ nmap: 'nmap', ...PACKET_LOG })
  host = await makeGuardedField()
  await host.field.host.ip('route', 'add', 'default', 'via', SOURCE.attacker)
  for (const address of CROWD) await host.field.attacker.ip('address', 'add', `${address}/32`, 'dev', 'eth0')
})
after(async () => await host?.remove())

/** Asks from each address for two ports that nobody else asks for. */
const askFromEach = (addresses: readonly string[], firstPort: number) => [
  process.execPath,
  '-e',
  `const n=require('net');${JSON.stringify(addresses)}.forEach((localAddress,at)=>{for(const more of [0,1]){
const s=n.connect({host:${JSON.stringify(HOST.attacked)},port:${firstPort}+2*at+more,localAddress});
s.on('error',()=>0);setTimeout(()=>s.destroy(),900)}})`,
]

/** What people are shown of events. */
function incidentsOf(events: readonly NetworkEvent[]) {
  const told: HostEvent[] = events.map((event) => ({ ...event, host: 'berlin-1' as HostName }))
  let made = 0
  return planIncidents({ known: [], events: told }, () => `inc_${++made}`).map(({ incident, entries }) => ({
    title: incident.title,
    ...tellIncident(incident, entries),
  }))
}

test('sixty senders of unrelated networks, two ports each: one incident, and nobody is held', async (t) => {
  const began = performance.now()
  const asking = host.field.attacker.run(askFromEach(CROWD, 21_000))
  await until('it is told of', async () => (await host.report()).events.length > 0)
  t.diagnostic(`told of after ${Math.round(performance.now() - began)} ms, the senders' start included`)
  await asking
  await until('all of it is told of', async () =>
    ((await host.report()).events[0]?.message ?? '').includes('for 120 closed ports'),
  )
  const [one, ...others] = incidentsOf((await host.report()).events)
  assert.deepEqual(others, [])
  assert.equal(one?.title, 'Many senders searched for open ports together')
  assert.match(
    one?.account ?? '',
    /Since [\dTZ:.-]+ 60 senders of 60 networks asked 10\.231\.1\.1 for 120 closed ports; none of them/,
  )
  assert.match(one?.did.join() ?? '', /nobody is for being one of many/)
  assert.deepEqual(await host.field.members('held4'), [])
})

test('a scan behind forty decoys is one incident, too; each is held for its own questions', async () => {
  await host.restart(host.field.fresh)
  await host.field.scan('21301-21360', '-D', `${DECOYS.join()},ME`)
  await until('all are held', async () => (await host.report()).blocks.length === DECOYS.length + 1)
  const incidents = incidentsOf((await host.report()).events)
  assert.deepEqual(
    incidents.map(({ title }) => title),
    ['Many senders searched for open ports together'],
  )
  assert.match(
    incidents[0]?.account ?? '',
    /41 senders of 41 networks asked 10\.231\.1\.1 for \d+ closed ports; \d+ of them asked for enough/,
  )
  assert.deepEqual((await host.field.members('held4')).sort(), [...DECOYS, SOURCE.attacker].sort())
})
