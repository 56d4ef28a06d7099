import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HostName } from '#contract/ids.ts'
import { AutomaticLimit } from '#contract/upstream.ts'
import type { Provider } from './plan.ts'
import {
  droppedBy,
  hostsAt,
  planOrders,
  ratesOf,
  refuseAnnouncing,
  rulesOf,
  speakersOf,
  warningOf,
  wishOf,
} from './plan.ts'
import { planAutomatic } from './plan-automatic.ts'
import { BGP, HOOK, hole, LATER, NOW, provider, snapshot } from './test-snapshot.ts'

const wanted = (address: string, more: object = {}) => ({
  ...{ address, upstream: null, only: null, evenLast: false },
  ...more,
})
const announcedBy = (
  name: string,
  from = snapshot({ dropped: [hole('203.0.113.9'), hole('203.0.113.1')] }),
) => planOrders(from, name as HostName).sessions.flatMap((one) => one.announced.map(({ address }) => address))

test('only an own address may be announced: of a host, or one that hosts share', () => {
  for (const own of ['203.0.113.1', '203.0.113.9', '198.51.100.1', '2001:db8::1'])
    assert.equal(refuseAnnouncing(snapshot(), wanted(own)), undefined, own)
  const foreign = refuseAnnouncing(snapshot(), wanted('203.0.113.77'))
  assert.equal(foreign?.code, 'upstream.not_own')
  assert.equal(foreign?.params.own, '203.0.113.1, 203.0.113.2, 198.51.100.1, 203.0.113.9, 2001:db8::1')
})

test('somebody has to bring the address', () => {
  const west = snapshot({ providers: [provider('isp', { hosts: ['b1'] })] })
  assert.equal(refuseAnnouncing(west, wanted('203.0.113.9'))?.code, 'upstream.nobody_brings')
  assert.equal(refuseAnnouncing(west, wanted('198.51.100.1')), undefined)
  assert.equal(
    refuseAnnouncing(west, wanted('198.51.100.1', { upstream: 'other' }))?.code,
    'upstream.not_found',
  )
  assert.equal(
    refuseAnnouncing(snapshot({ providers: [] }), wanted('203.0.113.1'))?.code,
    'upstream.nobody_brings',
  )
})

test('the last address that serves the apps needs to be asked for as that', () => {
  const last = snapshot({ dropped: [hole('198.51.100.1')] })
  assert.equal(refuseAnnouncing(last, wanted('203.0.113.9'))?.code, 'upstream.last')
  assert.equal(refuseAnnouncing(last, wanted('203.0.113.9', { evenLast: true })), undefined)
  assert.equal(refuseAnnouncing(last, wanted('203.0.113.1')), undefined, 'visitors are not led there')
  // What is dropped already may be wanted for longer, unless nothing else serves.
  assert.equal(refuseAnnouncing(last, wanted('198.51.100.1')), undefined)
})

test('what leaves visitors no port is off the net, at the port where they come', () => {
  const flows = provider('isp', { settings: { ...BGP, flowRules: true } as Provider['settings'] })
  const last = snapshot({ providers: [flows], dropped: [hole('198.51.100.1', { only: 'tcp:8443' })] })
  const code = (only: string) => refuseAnnouncing(last, wanted('203.0.113.9', { only }))?.code
  assert.deepEqual(['tcp', 'tcp:8443', 'tcp:443', 'udp:53'].map(code), [
    'upstream.last',
    'upstream.last',
    undefined,
    undefined,
  ])
})

test('an address of IPv6 that its host does not know for a moment stays dropped', () => {
  const dropped = [hole('2001:db8::1'), hole('203.0.113.77')]
  const lost = snapshot({ dropped, hosts: snapshot().hosts.map((one) => ({ ...one, addresses6: [] })) })
  assert.deepEqual(
    droppedBy(lost, provider('isp')).map(({ address }) => address),
    ['2001:db8::1'],
  )
})

test('who is dropped does not say so itself, as long as there is another', () => {
  assert.deepEqual(speakersOf(snapshot(), provider('isp'), '203.0.113.1'), ['a2', 'b1'])
  assert.deepEqual(speakersOf(snapshot(), provider('isp'), '203.0.113.9'), ['a1', 'a2', 'b1'])
  assert.deepEqual(speakersOf(snapshot(), provider('isp', { hosts: ['b1'] }), '198.51.100.1'), ['b1'])
  assert.deepEqual(hostsAt(snapshot(), '203.0.113.9'), ['a1', 'a2'])
  assert.deepEqual(announcedBy('a1'), ['203.0.113.9'])
  assert.deepEqual(announcedBy('a2'), ['203.0.113.9', '203.0.113.1'])
})

test('a person is told what it takes away, and when the session itself could break', () => {
  assert.match(warningOf(snapshot(), wanted('203.0.113.1')), /attackers and visitors alike/)
  assert.doesNotMatch(warningOf(snapshot(), wanted('203.0.113.1')), /session/)
  const alone = snapshot({ providers: [provider('isp', { hosts: ['b1'] })] })
  assert.match(warningOf(alone, wanted('198.51.100.1')), /isp hears of it from the very address/)
})

test('each provider hears what it brings and what is meant for it, with the later end', () => {
  const providers = [provider('east', { hosts: ['a1'] }), provider('west', { hosts: ['b1'] })]
  const dropped = [
    hole('203.0.113.9', { upstream: 'east' }),
    hole('203.0.113.9', { id: 'hole_two', until: '2030-01-07T09:00:00.000Z' }),
  ]
  const from = snapshot({ providers, dropped })
  assert.deepEqual(planOrders(from, 'a1' as HostName).sessions, [
    {
      ...{ name: 'east', ownAs: 64500, neighbour: '203.0.113.254', neighbourAs: 64496 },
      ...{ community: '65535:666', nextHop: null, password: null },
      announced: [{ address: '203.0.113.9', until: '2030-01-07T09:00:00.000Z' }],
    },
  ])
  assert.deepEqual(announcedBy('b1', from), [])
  assert.deepEqual(planOrders(from, 'a2' as HostName).sessions, [], 'it speaks to nobody')
})

test('packets are counted where a limit asks for it, at the addresses that lead there', () => {
  const automatic = AutomaticLimit.parse({ perSecond: 500_000 })
  const { counted } = planOrders(snapshot({ providers: [provider('isp', { automatic })] }), 'a1' as HostName)
  assert.deepEqual(counted, [
    { address: '203.0.113.1', perSecond: 500_000 },
    { address: '203.0.113.9', perSecond: 500_000 },
    { address: '2001:db8::1', perSecond: 500_000 },
  ])
  assert.deepEqual(planOrders(snapshot(), 'a1' as HostName).counted, [])
})

const automatic = AutomaticLimit.parse({ perSecond: 10_000, forS: 30 })
const limited = snapshot({ providers: [provider('isp', { automatic })] })
const above = (address: string, forS: number, limit = 10_000) => ({ address, limit, perSecond: 40_000, forS })

test('a limit acts after its time, for its own provider, and says why', () => {
  assert.deepEqual(planAutomatic(limited, [above('203.0.113.1', 29)], [], NOW), [])
  assert.deepEqual(planAutomatic(limited, [above('203.0.113.1', 60, 9_999)], [], NOW), [], 'another’s limit')
  const [act, ...others] = planAutomatic(limited, [above('203.0.113.1', 30)], [], NOW)
  assert.deepEqual(others, [])
  assert.deepEqual(act, {
    wanted: { address: '203.0.113.1', upstream: 'isp', only: null, evenLast: false },
    ...{ minutes: 10, refusal: undefined },
    reason: '40000 packets a second for 30 seconds, above the limit of 10000',
  })
})

test('a limit leaves alone what is dropped, what a person has just let through, and the last address', () => {
  const dropped = [hole('203.0.113.1', { upstream: 'isp', automatic: true })]
  assert.deepEqual(planAutomatic({ ...limited, dropped }, [above('203.0.113.1', 60)], [], NOW), [])
  const ended = (minutes: number) => [
    { address: '203.0.113.1', endedAt: new Date(NOW.getTime() - minutes * 60_000) },
  ]
  assert.deepEqual(planAutomatic(limited, [above('203.0.113.1', 60)], ended(9), NOW), [])
  assert.equal(planAutomatic(limited, [above('203.0.113.1', 60)], ended(10), NOW).length, 1)
  const last = { ...limited, serving: ['203.0.113.9'] }
  const [refused] = planAutomatic(last, [above('203.0.113.9', 60)], [], NOW)
  assert.equal(refused?.refusal?.code, 'upstream.last')
})

test('a partner is told the whole wish, always in the same order', () => {
  const holes = [hole('203.0.113.9'), hole('198.51.100.1')]
  const told = (dropped: typeof holes) => wishOf(snapshot({ dropped }), provider('isp'))
  assert.deepEqual(told(holes), told([...holes].reverse()))
  assert.deepEqual(told(holes)[0], {
    ...{ prefix: '198.51.100.1/32', since: NOW.toISOString(), until: LATER, reason: 'flood' },
  })
})

test('the network lets hosts speak to providers, and the control plane to partners, and no further', () => {
  const hook = (name: string) => provider(name, { settings: HOOK })
  const rules = rulesOf([provider('isp'), hook('one'), hook('two')])
  assert.deepEqual(
    rules.map(({ from, to, protocol, ports, builtIn }) => [from, to, protocol, ...ports, builtIn]),
    [
      ['host', '203.0.113.254', 'tcp', '179', true],
      ['control', 'internet', 'tcp', '8443', true],
      ['control', 'resolver', 'udp', '53', true],
      ['control', 'resolver', 'tcp', '53', true],
    ],
  )
  assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length)
})

test('an address of IPv6 is told by hosts that have one to lead it to, its own among them', () => {
  const six = snapshot({ dropped: [hole('2001:db8::1')] })
  assert.deepEqual(announcedBy('a1', six), ['2001:db8::1'])
  assert.deepEqual(announcedBy('a2', six), [])
  const led = { ...BGP, nextHop6: '2001:db8:ffff::1' }
  const everywhere = snapshot({ dropped: six.dropped, providers: [provider('isp', { settings: led })] })
  assert.deepEqual(announcedBy('b1', everywhere), ['2001:db8::1'])
  assert.doesNotMatch(warningOf(six, wanted('2001:db8::1')), /session breaks/)
  const hook = provider('scrubber', { settings: HOOK })
  assert.deepEqual(
    wishOf({ ...six, providers: [hook] }, hook).map(({ prefix }) => prefix),
    ['2001:db8::1/128'],
  )
})

test('what was measured stands beside each limit it is measured for', () => {
  const automatic = AutomaticLimit.parse({ perSecond: 5_000 })
  const limited = snapshot({ providers: [provider('isp', { automatic }), provider('other')] })
  const measured = [{ address: '203.0.113.1', perSecond: 40, highest: 900 }]
  assert.deepEqual(ratesOf(limited, [{ host: 'a1', measured }]), [
    { address: '203.0.113.1', perSecond: 40, highest: 900, host: 'a1', upstream: 'isp', limit: 5_000 },
  ])
})

test('a part of the traffic is asked for where flow rules are taken, and of nobody else more than that', () => {
  const flowing = provider('flowing', { settings: { ...BGP, flowRules: true } as Provider['settings'] })
  const both = snapshot({ providers: [flowing, provider('isp')], serving: ['203.0.113.1'] })
  const part = { only: 'udp:53' }
  assert.equal(refuseAnnouncing(both, wanted('203.0.113.1', part)), undefined, 'visitors still come')
  assert.equal(refuseAnnouncing(both, wanted('203.0.113.1', { only: 'tcp' }))?.code, 'upstream.last')
  assert.equal(refuseAnnouncing(snapshot(), wanted('203.0.113.1', part))?.code, 'upstream.no_flow_rules')
  assert.match(warningOf(both, wanted('203.0.113.1', part)), /by UDP at port 53 is dropped.*all else arrives/)
  const asked = { ...both, dropped: [hole('203.0.113.1', part), hole('203.0.113.9', { id: 'b' })] }
  const said = planOrders(asked, 'a2' as HostName).sessions.map(({ name, announced, flows }) => [
    name,
    announced.map(({ address }) => address).join(),
    flows,
  ])
  assert.deepEqual(said, [
    ['flowing', '203.0.113.9', [{ address: '203.0.113.1', only: 'udp:53', until: LATER }]],
    ['isp', '203.0.113.9', undefined],
  ])
  const hook = provider('scrubber', { settings: HOOK })
  assert.deepEqual(
    wishOf({ ...asked, providers: [hook] }, hook).map(({ prefix }) => prefix),
    ['203.0.113.9/32'],
  )
})
