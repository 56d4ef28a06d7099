import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { datagram, pinged, redirected, type Said, segment, sendFrame } from '#drills/network/frames6.ts'
import { askTimes } from '#runtime/drivers/test-networks.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { type Field, HOST, makeField, PORTS, SOURCE } from './test-attack.ts'
import { followNotices, type Notices, poll } from './test-notices.ts'

let field: Field
let following: Notices
let cards: { readonly host: string; readonly attacker: string }
/** The host's own address of the attacker's link. That of another link may be somebody else's here. */
let near: string

before(async () => {
  await installPrograms({ python3: 'python3', ping: 'iputils-ping', ...PACKET_LOG })
  field = await makeField()
  const said = async (network: Field['host'], ...argv: readonly string[]) => (await network.run(argv)).stdout
  const cardOf = async (network: Field['host'], link: string) =>
    (await said(network, 'cat', `/sys/class/net/${link}/address`)).trim()
  cards = { host: await cardOf(field.host, 'evil'), attacker: await cardOf(field.attacker, 'eth0') }
  const linkLocal = async (link: string) => {
    let found: string | undefined
    await poll('an address of the link', async () => {
      const shown = await said(field.host, 'ip', '-6', 'address', 'show', 'dev', link, 'scope', 'link')
      found = /inet6 (fe80:\S+)\/64(?!.*tentative)/.exec(shown)?.[1]
      return found !== undefined
    })
    return found ?? ''
  }
  near = await linkLocal('evil')
  following = await followNotices(field.host)
})
after(async () => {
  await following?.end()
  await field?.remove()
})

const COUNTED = `table inet past
delete table inet past
table inet past {
  counter got { }
  chain i {
    type filter hook input priority 0; policy accept;
    iifname "evil" ip6 saddr { ADDRESSES } counter name got
  }
}
`
const own = () => [HOST.attacked6, HOST.client6, near]
const count = () => field.load(COUNTED.replace('ADDRESSES', own().join(', ')))
async function got(): Promise<number> {
  const { stdout } = await field.host.run(['nft', 'list', 'counter', 'inet', 'past', 'got'])
  return Number(/packets (\d+)/.exec(stdout)?.[1])
}
const told = () => following.all.filter(({ notice }) => notice === 'forged')

const as = (source: string, address = HOST.attacked6): Said => ({
  ...{ card: cards.attacker, source, to: { address, card: cards.host } },
})
const send = async (frame: Buffer, times = 40) => {
  const { exitCode, stderr } = await field.attacker.run(sendFrame('eth0', frame, times))
  assert.equal(exitCode, 0, stderr)
}
const [SYN, RST, ACK] = [0x02, 0x04, 0x10]
const KINDS = [
  ['UDP', (said: Said) => datagram(said, 9, 53)],
  ['a ping', pinged],
  ['a redirect', (said: Said) => redirected(said, said.source, SOURCE.attacker6)],
  ['an opening packet', (said: Said) => segment(said, 9, PORTS.web.https, SYN)],
  ['one that goes on', (said: Said) => segment(said, 9, PORTS.web.https, ACK)],
  ['one that ends', (said: Said) => segment(said, 9, PORTS.web.https, RST)],
] as const

test("without the guard the kernel takes the machine's own address as a sender from outside", async () => {
  await count()
  for (const source of [HOST.attacked6, HOST.client6]) await send(datagram(as(source), 9, 53))
  assert.equal(await got(), 80)
})

for (const [what, made] of KINDS)
  test(`${what} from outside with an address of the host's own: none gets in, and it is told of as forged`, async () => {
    for (const [round, source] of own().entries()) {
      await field.fresh()
      await count()
      following.all.length = 0
      await send(made(as(source)))
      // The last notice of the round before, or of the test before, may still come.
      const sources = () =>
        new Set(told().map((notice) => notice.source)).difference(new Set([own().at(round - 1)]))
      await poll(`a notice of ${source}`, async () => sources().size > 0)
      assert.deepEqual([...sources()], [source])
      assert.equal(await got(), 0, source)
      assert.deepEqual(await field.members('held4', 'held6'), [])
    }
  })

/** Waits until all notices so far are read: they come in order, and one of a packet that nothing else sends is the last. */
async function noticesRead() {
  await field.fresh()
  await send(datagram(as(HOST.attacked6), 9, 7), 1)
  await poll('the notice of the last packet', async () => told().some(({ port }) => port === 7))
  following.all.length = 0
}

test('what honest machines and the host itself send over IPv6 is not forged', async () => {
  await noticesRead()
  const { host, attacker } = field
  const ping = async (from: typeof host, ...to: readonly string[]) => {
    const { exitCode, stdout } = await from.run(['ping', '-6', '-c', '2', '-i', '0.2', '-W', '2', ...to])
    assert.equal(exitCode, 0, `${to.join(' ')}: ${stdout}`)
  }
  await ping(attacker, HOST.attacked6)
  await ping(attacker, '-I', 'eth0', near)
  await ping(host, SOURCE.attacker6)
  // To itself, and to all on a link, itself among them.
  for (const to of [HOST.attacked6, HOST.client6, '::1']) await ping(host, to)
  await ping(host, '-I', 'evil', 'ff02::1')
  // Who comes to a link asks whether an address is free, and tells that it has it.
  await host.ip('address', 'add', '2001:db8:231:1::9/64', 'dev', 'evil')
  await attacker.ip('address', 'add', '2001:db8:231:1::8/64', 'dev', 'eth0')
  await poll('both addresses', async () => {
    const shown = await Promise.all(
      [host, attacker].map((one) => one.run(['ip', '-6', 'address', 'show', 'tentative'])),
    )
    return shown.every(({ stdout }) => stdout === '')
  })
  await ping(attacker, '2001:db8:231:1::9')
  const asked = await attacker.run(askTimes(HOST.attacked6, [PORTS.web.http], 20))
  assert.equal(Number(asked.stdout), 20)
  assert.deepEqual(told(), [])
})
