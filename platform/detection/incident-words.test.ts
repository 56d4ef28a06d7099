import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incident, IncidentEntry } from '#contract/detection.ts'
import type { HostName } from '#contract/ids.ts'
import { tellIncident, titleOf } from './incident-words.ts'

const incident: Incident = {
  ...{ id: 'inc_abcd', state: 'open', who: '203.0.113.7', title: '', severity: 4, count: 12 },
  ...{ openedAt: '2030-01-07T08:00:00.000Z', lastAt: '2030-01-07T08:04:00.000Z', closedAt: null },
  ...{ hosts: ['berlin-1'], apps: ['shop'], kinds: ['scan', 'web attack'] },
}
const entry = (more: Partial<IncidentEntry>): IncidentEntry => ({
  ...{ host: 'berlin-1' as HostName, uid: 'x', kind: 'web attack', count: 1, severity_id: 4 },
  ...{ start_time: incident.openedAt, end_time: incident.lastAt, disposition: 'Logged' },
  ...{ app: null, target_app: 'shop', message: 'm', rule: '7000001' },
  ...more,
})

test('an incident says who, when, what, where, at whom, what it means, what was done and what can be done', () => {
  const scan = entry({ kind: 'scan', disposition: 'Blocked', target_app: null, rule: null })
  const { account, did, canDo } = tellIncident(incident, [scan, entry({})])
  assert.equal(
    account,
    'On 2030-01-07 from 08:00:00 to 08:04:00 UTC 203.0.113.7 attacked apps by requests and searched for open ports. ' +
      '12 times in all, noticed on berlin-1; aimed at the app shop. ' +
      'Somebody tries whether an app puts visitors’ words into its database queries. It goes on.',
  )
  assert.equal(did.length, 2)
  assert.match(did[0] ?? '', /^It was held/)
  assert.match(did[1] ?? '', /holds nothing back/)
  assert.match(canDo.join(' '), /use parameters instead.*maru network blocks add 203\.0\.113\.7/)
})

test('nobody is told to block an app’s own address, a crowd, or somebody who is gone', () => {
  const own = tellIncident({ ...incident, who: 'app:shop' }, [
    entry({ kind: 'outbound', app: 'shop', rule: '7000110' }),
  ])
  assert.doesNotMatch(own.canDo.join(' '), /blocks add/)
  assert.match(own.canDo.join(' '), /maru logs shop/)
  const crowd = tellIncident({ ...incident, who: 'many' }, [entry({ kind: 'flood', rule: null })])
  assert.deepEqual(crowd.canDo, [])
  const name = { ...incident, who: 'name:api.example.org', kinds: ['memory full' as const], apps: [] }
  const full = entry({
    kind: 'memory full',
    disposition: 'Logged',
    target_app: null,
    rule: null,
    message: 'Too many.',
  })
  assert.match(
    tellIncident(name, [full]).account,
    /The name api\.example\.org has more .*remember\. .* Too many\. It goes on\.$/,
  )
  assert.deepEqual(tellIncident(name, [full]).canDo, [])
  const over = tellIncident({ ...incident, state: 'closed' }, [entry({})])
  assert.match(over.account, /It is over/)
  assert.doesNotMatch(over.canDo.join(' '), /blocks add/)
})

test('when it was is told as short as it can be', () => {
  const told = (lastAt: string) => tellIncident({ ...incident, lastAt }, [entry({})]).account
  assert.match(told('2030-01-07T08:00:00.900Z'), /^On 2030-01-07 at 08:00:00 UTC 203/)
  assert.match(told('2030-01-08T00:01:02.000Z'), /^From 2030-01-07 08:00:00 to 2030-01-08 00:01:02 UTC 203/)
})

test('a title names the worst first', () => {
  assert.equal(titleOf({ who: 'app:shop', kinds: ['spoofing'] }), 'The app shop forged addresses')
  assert.equal(
    titleOf({ who: 'many', kinds: ['memory full', 'flood'] }),
    'Many senders flooded the hosts with connections, and asked for so much that a host could not remember all of it',
  )
  assert.equal(titleOf({ who: 'outside', kinds: ['spoofing'] }), 'Somebody outside forged addresses')
  assert.equal(
    titleOf({ who: '203.0.113.7', kinds: ['scan', 'web attack'] }),
    '203.0.113.7 attacked apps by requests, and searched for open ports',
  )
})

test('of guessed passwords it says what was not touched, and how to see whether one was right', () => {
  const guessed = entry({ kind: 'password guessing', disposition: 'Blocked', target_app: null, rule: null })
  const one: Incident = { ...incident, kinds: ['password guessing'], apps: [] }
  const { account, did, canDo } = tellIncident(one, [guessed])
  assert.match(account, /203\.0\.113\.7 guessed passwords\./)
  assert.match(did.join(), /^After 50 failures .* who was signed in, tokens and apps were not touched\.$/)
  assert.match(canDo.join(' '), /whether it got in after all.*blocks lift.*blocks add 203\.0\.113\.7/)
})

test('of connections that were used up it says what was refused, and that others may share the address', () => {
  const many = entry({ kind: 'exhaustion', disposition: 'Blocked', target_app: null, rule: null })
  const one: Incident = { ...incident, kinds: ['exhaustion'], apps: [] }
  const { account, did, canDo } = tellIncident(one, [many])
  assert.match(account, /203\.0\.113\.7 took up more connections or requests than anybody needs\./)
  assert.match(did.join(), /^What was above its share was refused.* cut off after 5 seconds\.$/)
  assert.match(canDo.join(' '), /share an address.*blocks add 203\.0\.113\.7/)
})

test('a search by many says how many, for what and since when, and nobody is told to block them all', () => {
  const message = 'Since 08:00 60 senders of 60 networks asked 192.0.2.9 for 120 closed ports.'
  const scan = entry({ kind: 'distributed scan', target_app: null, rule: null, message })
  const one: Incident = { ...incident, who: 'many', kinds: ['distributed scan'], apps: [] }
  const { account, did, canDo } = tellIncident(one, [{ ...scan, message: 'Since 08:00 11 senders' }, scan])
  assert.equal(titleOf(one), 'Many senders searched for open ports together')
  assert.match(account, /Many senders searched for open ports together\. .*60 senders .* 120 closed ports\./)
  assert.doesNotMatch(account, /11 senders/)
  assert.match(did.join(), /nobody is for being one of many/)
  assert.doesNotMatch(canDo.join(), /blocks add/)
})
