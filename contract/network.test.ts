import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AskedSource, Source } from './guard.ts'
import { hasEndedRules, NetworkEnd, NetworkRule, NO_POLICY, nextRuleEndMs, parseEnd } from './network.ts'

const told = (text: string) => {
  const { success, data, error } = NetworkEnd.safeParse(text)
  return success ? data : error?.issues.map(({ message }) => message).join()
}

test('an end of IPv6 is kept in one form, so that the same rule is found as the same', () => {
  for (const written of ['2001:DB8:0:0:0:0:0:7', '2001:db8::0007', '2001:db8::7'])
    assert.equal(told(written), '2001:db8::7', written)
  assert.equal(told('2001:0db8:0001::/48'), '2001:db8:1::/48')
  assert.deepEqual(parseEnd('2001:DB8::7'), { kind: 'network', v: '6', network: '2001:db8::7' })
})

test('other ends stay as they were written, those of IPv4 too', () => {
  for (const text of ['apps', 'app:shop', 'app:shop/web', '198.51.100.7', '10.1.2.3/8', 'api.example.org'])
    assert.equal(told(text), text)
  assert.deepEqual(parseEnd('10.1.2.3/8'), { kind: 'network', v: '4', network: '10.1.2.3/8' })
})

test('what is no end is told as that, and what is nearly one of IPv6, why not', () => {
  assert.match(String(told('fe80::1%eth0')), /^names a link/)
  assert.equal(told('::ffff:192.0.2.1'), 'is IPv4 written as IPv6: write 192.0.2.1')
  assert.equal(told('2001:db8::7/48'), 'has an address behind its length: write 2001:db8::/48')
  assert.match(String(told('2001:db8::g')), /^must be a group, app:NAME/)
  assert.match(String(told('2001:db8:::7')), /^is no address or network of IPv6/)
  for (const text of ['app:', 'app:Shop', 'web:shop', 'nonsense', ''])
    assert.match(String(told(text)), /^must be a group, app:NAME/, text)
})

test('whoever is kept out or let in over IPv6 is one who can come; what was kept before can be read', () => {
  assert.equal(AskedSource.parse('2001:DB8:0::7'), '2001:db8::7')
  assert.equal(AskedSource.parse('192.0.2.0/24'), '192.0.2.0/24')
  const why = (text: string) => AskedSource.safeParse(text).error?.issues.map(({ message }) => message)
  assert.deepEqual(why('::ffff:192.0.2.1'), ['is IPv4 written as IPv6: write 192.0.2.1'])
  assert.deepEqual(why('fe80::1%eth0'), ['names a link of a machine: leave out % and what follows it'])
  assert.deepEqual(why('2001::/16'), ['is too wide: at least /8, or /32 of IPv6'])
  assert.deepEqual(why('nobody'), ['must be an address or a network such as 192.0.2.0/24'])
  assert.equal(Source.parse('::ffff:c000:201'), '::ffff:c000:201')
})

test('of rules that end by themselves the next one counts, and those that have ended are known', () => {
  const now = new Date('2026-06-01T12:00:00Z')
  const policy = (...ends: Array<string | null>) => ({
    ...NO_POLICY,
    rules: ends.map((until, at) =>
      NetworkRule.parse({
        ...{ id: `rule-${at}`, from: 'apps', to: 'internet', protocol: 'tcp', ports: ['443'], until },
        ...{ reason: 'a test needs it', approvedBy: 'ada', builtIn: false },
      }),
    ),
  })
  const looked = (...ends: Array<string | null>) => [
    nextRuleEndMs(policy(...ends), now),
    hasEndedRules(policy(...ends), now),
  ]
  const [past, at, soon, later] = ['11:59:59', '12:00:00', '12:00:04', '13:00:00'].map(
    (time) => `2026-06-01T${time}.000Z`,
  )
  assert.ok(past && at && soon && later)
  assert.deepEqual(looked(), [Number.POSITIVE_INFINITY, false])
  assert.deepEqual(looked(null), [Number.POSITIVE_INFINITY, false])
  assert.deepEqual(looked(later, null, soon), [4_000, false])
  assert.deepEqual(looked(past, soon), [4_000, true])
  assert.deepEqual(looked(at), [Number.POSITIVE_INFINITY, true])
})
