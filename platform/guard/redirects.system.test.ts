import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { redirected4 } from '#drills/network/frames4.ts'
import { sendFrame } from '#drills/network/frames6.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import { installPrograms, PACKET_LOG } from '#tools/install-programs.ts'
import { makeHostGuard } from './apply-guard.ts'
import { place } from './test-attack.ts'
import { ALL, ATTACKER, type Lan, makeLan, SERVER, VICTIM } from './test-lan.ts'
import { followNotices, type Notices, poll } from './test-notices.ts'

/** A machine goes by another's way to a network, and a third one of the bridge tells it of a better one: by itself. */
const GOAL = '198.51.100.7'
const TIMES = 10

let lan: Lan
let following: Notices
before(async () => {
  await installPrograms({ python3: 'python3', ...PACKET_LOG })
  lan = await makeLan()
  const server = lan.inside(SERVER)
  await server.ip('route', 'add', '198.51.100.0/24', 'via', VICTIM.address)
  for (const link of ['all', 'eth0'])
    await server.run(['sysctl', '-qw', `net.ipv4.conf.${link}.accept_redirects=1`])
  await makeNft(server.enter).load(
    'table inet heard {\n counter ways { }\n chain i { type filter hook input priority 0; icmp type redirect counter name ways; }\n}\n',
  )
  following = await followNotices(lan.host)
})
after(async () => {
  await following?.end()
  await lan?.remove()
})

const tell = (source: string) =>
  lan
    .inside(ATTACKER)
    .run(
      sendFrame(
        'eth0',
        redirected4({ card: ATTACKER.card, source, to: SERVER }, ATTACKER.address, GOAL),
        TIMES,
      ),
    )
/** Who the server sends to what is for the goal. */
async function wayOfServer(): Promise<string | undefined> {
  const { stdout } = await lan.inside(SERVER).run(['ip', 'route', 'get', GOAL])
  return / via (\S+)/.exec(stdout)?.[1]
}
async function heard(): Promise<number> {
  const { stdout } = await lan.inside(SERVER).run(['nft', 'reset', 'counter', 'inet', 'heard', 'ways'])
  return Number(/packets (\d+)/.exec(stdout)?.[1])
}

test('without the binding the attacker is the way, as soon as he says so as the one that it is', async () => {
  assert.equal(await wayOfServer(), VICTIM.address)
  await tell(VICTIM.address)
  assert.equal(await wayOfServer(), ATTACKER.address)
  assert.equal(await heard(), TIMES)
})

test('with it nobody hears of that way, and people hear of the attacker; as himself he convinces nobody', async () => {
  await lan.inside(SERVER).ip('route', 'flush', 'cache')
  assert.equal(await wayOfServer(), VICTIM.address)
  await makeHostGuard(makeNft(lan.host.enter), place).bind(ALL)
  await tell(VICTIM.address)
  await poll('a notice of the address', async () => following.all.length > 0)
  const [first] = following.all
  assert.deepEqual([first?.notice, first?.link, first?.source], ['spoof', ATTACKER.link, VICTIM.address])
  assert.deepEqual([await heard(), await wayOfServer()], [0, VICTIM.address])
  await tell(ATTACKER.address)
  assert.deepEqual([await heard(), await wayOfServer()], [TIMES, VICTIM.address])
})
