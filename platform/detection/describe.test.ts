import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeAlert } from './describe.ts'
import { parseEve } from './eve.ts'

const INSTANCE = '10.77.130.5'
const NOW = Date.parse('2030-01-07T08:00:01Z')
const OTHER = '10.77.130.9'
const appAt = (address: string) => (address === INSTANCE ? 'shop' : address === OTHER ? 'blog' : null)

/** A line as Suricata 7 writes it. */
const line = (more: object) =>
  JSON.stringify({
    ...{ timestamp: '2030-01-07T08:00:00.500000+0000', flow_id: 1, event_type: 'alert', proto: 'TCP' },
    ...{ src_ip: '10.77.128.1', src_port: 41_000, dest_ip: INSTANCE, dest_port: 8080 },
    alert: { action: 'allowed', gid: 1, signature_id: 7_000_001, rev: 1, xff: '203.0.113.7' },
    http: { hostname: 'shop.example.org', url: '/a?id=1', http_method: 'GET', status: 200 },
    ...more,
  })
function described(text: string) {
  const said = parseEve(text, NOW)
  return said?.type === 'alert' ? describeAlert(said.alert, appAt) : undefined
}

test('a request is the visitor’s, not the edge’s, and names the app that it is aimed at', () => {
  const found = described(line({}))
  assert.deepEqual(
    [found?.source, found?.sourcePort, found?.target, found?.app, found?.kind, found?.at],
    ['203.0.113.7', null, 'shop', null, 'web attack', NOW - 500],
  )
  assert.equal(
    found?.message,
    '203.0.113.7 sent a request with injected SQL that reads other tables, to the app shop: GET shop.example.org/a?id=1.',
  )
})

test('an answer is told of as what its asker got, with its own packet or with the one that confirms it', () => {
  const [app, edge] = [
    { ip: INSTANCE, port: 8080 },
    { ip: '10.77.128.1', port: 41_000 },
  ]
  for (const [from, to] of [
    [app, edge],
    [edge, app],
  ] as const) {
    const found = described(
      line({
        ...{ src_ip: from.ip, src_port: from.port, dest_ip: to.ip, dest_port: to.port },
        alert: { signature_id: 7_000_070, xff: '203.0.113.7' },
      }),
    )
    assert.deepEqual(
      [found?.source, found?.target, found?.destination, found?.port, found?.kind, found?.severity],
      ['203.0.113.7', 'shop', INSTANCE, 8080, 'break-in', 5],
    )
    assert.equal(
      found?.message,
      '203.0.113.7 got a file of the system as an answer of the app shop: GET shop.example.org/a?id=1.',
    )
  }
})

test('what an app sends is the app’s', () => {
  const found = described(
    line({
      ...{
        src_ip: INSTANCE,
        src_port: 5000,
        dest_ip: '192.0.2.53',
        dest_port: 53,
        proto: 'UDP',
        http: undefined,
      },
      alert: { signature_id: 7_000_111 },
      dns: { version: 2, query: [{ type: 'query', rrname: 'pool.supportxmr.com' }] },
    }),
  )
  assert.deepEqual([found?.app, found?.target, found?.source], ['shop', null, INSTANCE])
  assert.match(
    found?.message ?? '',
    /^The app shop \(10\.77\.130\.5\) speaks to a pool that mines crypto money: pool\.supportxmr\.com\.$/,
  )
})

/** What Suricata 7.0.10 wrote of a connection from the app shop to the app blog; the name of the visitor is of the app's own making. */
function between(sid: number, direction: 'to_server' | 'to_client' | undefined, signature = '') {
  const [asker, asked] = [
    { ip: INSTANCE, port: 10_001 },
    { ip: OTHER, port: 8080 },
  ]
  const [from, to] = direction === 'to_client' ? [asked, asker] : [asker, asked]
  return JSON.stringify({
    ...{ timestamp: '2030-01-07T08:00:00.005000+0000', flow_id: 2_587_180_470, event_type: 'alert' },
    ...{ src_ip: from.ip, src_port: from.port, dest_ip: to.ip, dest_port: to.port, proto: 'TCP', tx_id: 0 },
    ...{ pkt_src: 'wire/pcap', app_proto: 'http', direction },
    alert: { action: 'allowed', gid: 1, signature_id: sid, rev: 1, signature, xff: '203.0.113.7' },
    http: { hostname: 'blog.example.org', url: '/page?name=x', http_method: 'GET', status: 200, length: 45 },
  })
}

test('of two apps the one that began the connection did it, and the other one is who it was aimed at', () => {
  const told = (...more: Parameters<typeof between>) => {
    const found = described(between(...more))
    return [found?.app, found?.source, found?.sourcePort, found?.target, found?.destination, found?.port]
  }
  const right = ['shop', INSTANCE, 10_001, 'blog', OTHER, 8080]
  for (const sid of [7_000_011, 7_000_070, 2_000_001])
    for (const direction of ['to_server', 'to_client'] as const)
      assert.deepEqual(told(sid, direction), right, `${sid} ${direction}`)
  assert.deepEqual(told(7_000_011, undefined), right)
})

test('what is said of two apps says which way it went', () => {
  const message = (...more: Parameters<typeof between>) => described(between(...more))?.message
  assert.equal(
    message(7_000_070, 'to_client'),
    'The app shop (10.77.130.5) got a file of the system as an answer of the app blog: GET blog.example.org/page?name=x.',
  )
  assert.equal(
    message(2_000_001, 'to_client', 'ET SAMPLE answer'),
    'The app shop (10.77.130.5) got what rule 2000001 of Emerging Threats looks for (ET SAMPLE answer), as an answer of the app blog: GET blog.example.org/page?name=x.',
  )
  assert.match(
    message(2_000_001, 'to_server', 'ET SAMPLE request') ?? '',
    /^The app shop .* sent what rule 2000001 .*, to the app blog: GET/,
  )
})

test('a visitor is believed of the edge only: no app gets out of what it did by naming one', () => {
  assert.equal(described(between(7_000_011, 'to_server'))?.app, 'shop')
  const out = { src_ip: INSTANCE, dest_ip: '198.51.100.9', dest_port: 80, direction: 'to_server' }
  const alert = { signature_id: 2_000_001, signature: 'ET SAMPLE hole', xff: '203.0.113.7' }
  assert.equal(described(line({ ...out, alert }))?.app, 'shop')
  const byEdge = described(line({ direction: 'to_server' }))
  assert.deepEqual([byEdge?.source, byEdge?.app, byEdge?.target], ['203.0.113.7', null, 'shop'])
})

test('what an attacker wrote reaches no terminal as more than letters, and is cut', () => {
  const found = described(
    line({ http: { hostname: 'a', url: `/\u001b[2J\n${'x'.repeat(5_000)}`, http_method: 'GET' } }),
  )
  assert.match(found?.message ?? '', /GET a\/\?\[2J\?x+\.$/)
  assert.ok((found?.message.length ?? 0) < 500)
})

test('what a rule of Emerging Threats found is told by its name, and graver where an app did it', () => {
  const alert = { signature_id: 2_000_001, signature: 'ET SAMPLE hole', xff: '203.0.113.7' }
  const sent = described(line({ alert }))
  assert.deepEqual(
    [sent?.kind, sent?.severity, sent?.source, sent?.target],
    ['web attack', 2, '203.0.113.7', 'shop'],
  )
  assert.match(
    sent?.message ?? '',
    /^203\.0\.113\.7 sent what rule 2000001 .* \(ET SAMPLE hole\), to the app shop: GET/,
  )
  const { xff: _, ...own } = alert
  const did = described(
    line({ src_ip: INSTANCE, dest_ip: '198.51.100.9', dest_port: 443, alert: own, http: undefined }),
  )
  assert.deepEqual([did?.kind, did?.severity, did?.app, did?.target], ['outbound', 4, 'shop', null])
  assert.match(
    did?.message ?? '',
    /^The app shop \(10\.77\.130\.5\) sent what rule 2000001 of .*\(ET SAMPLE hole\)\.$/,
  )
})

test('alerts of other rules, and lines that are none, are left alone', () => {
  assert.equal(described(line({ alert: { signature_id: 1_000_001 } })), undefined)
  for (const text of ['', '{', '{"event_type":"flow"}', '[]', line({ src_ip: 7 })])
    assert.equal(parseEve(text, NOW), undefined)
})

test('the counts of the detector are read', () => {
  const said = parseEve(
    JSON.stringify({
      event_type: 'stats',
      stats: {
        uptime: 15,
        capture: { kernel_packets: 1200, kernel_drops: 3, errors: 0 },
        detect: { engines: [{ id: 0, rules_loaded: 34, rules_failed: 1 }], alert: 2 },
      },
    }),
    NOW,
  )
  assert.deepEqual(said, {
    type: 'stats',
    stats: { upS: 15, packets: 1200, dropped: 3, rules: 34, rulesFailed: 1 },
  })
})
