import { makeNft } from '#runtime/drivers/nft.ts'
import { cookiesIn } from '#runtime/drivers/syn-cookies.ts'
import { type Field, HOST, SOURCE } from './test-attack.ts'
import { poll } from './test-notices.ts'

/** A network of which the client has every address. */
const STRANGERS = '10.233'
/** So many have come before the flood has begun. */
const BEGUN = 10_000

/** Asks without rest, each time from an address that was never used before; prints how many requests a second were answered. */
const ASK = `const http = require('node:http')
const { host, port, first, ms } = JSON.parse(process.argv[1])
let [turn, answered] = [first, 0]
const since = performance.now()
const left = () => since + ms - performance.now()
const ask = () => new Promise((done) => {
  const at = 256 + (turn++ % 65000)
  const localAddress = '${STRANGERS}.' + (at >> 8) + '.' + (at & 255)
  const asked = http.get({ host, port, localAddress, agent: false, timeout: Math.max(1, left()) }, (answer) => {
    answer.resume().on('end', () => { answered += 1; done() })
  })
  asked.on('timeout', () => asked.destroy()).on('error', () => done())
})
const client = async () => { while (left() > 0) await ask() }
Promise.all(Array.from({ length: 8 }, client)).then(() => {
  console.log(JSON.stringify({ perSecond: Math.round(answered / (ms / 1000)), next: turn }))
  process.exit()
})`

/** New clients of a host, and a flood of opening packets with a forged sender each. */
export interface SynFlood {
  /** Requests of new clients that are answered in a second. */
  goodput(port: number, ms: number): Promise<number>
  /** The same while a flood goes on, and the opening packets a second that came meanwhile. */
  flooded(port: number, ms: number): Promise<{ readonly perSecond: number; readonly packets: number }>
  /** Opening packets that the host has answered without remembering them. */
  cookies(): Promise<number>
}

/** The host's answers to forged senders lead back to the attacker, and end there. */
export async function makeSynFlood({ host, attacker, client }: Field): Promise<SynFlood> {
  await client.ip('route', 'add', 'local', `${STRANGERS}.0.0/16`, 'dev', 'lo')
  await host.ip('route', 'add', `${STRANGERS}.0.0/16`, 'via', SOURCE.client)
  await host.ip('route', 'add', 'default', 'via', SOURCE.attacker)
  await makeNft(attacker.enter).load(`table ip deaf {
  chain p { type filter hook prerouting priority raw; policy accept; ip daddr != ${SOURCE.attacker} drop; }
}
`)
  await makeNft(host.enter).load(`table ip came {
  counter opening { }
  chain p { type filter hook prerouting priority -400; policy accept; tcp flags == syn ip daddr ${HOST.attacked} counter name opening; }
}
`)
  let first = 0
  const came = async () => (await makeNft(host.enter).counters('ip', 'came')).get('opening') ?? 0
  const goodput = async (port: number, ms: number) => {
    const wanted = JSON.stringify({ host: HOST.client, port, first, ms })
    const { stdout, stderr } = await client.run([process.execPath, '-e', ASK, wanted])
    if (stdout === '') throw new Error(stderr)
    const { perSecond, next } = JSON.parse(stdout)
    first = next
    return perSecond as number
  }
  return {
    goodput,
    flooded: async (port, ms) => {
      const before = await came()
      const since = performance.now()
      const ended = new AbortController()
      const argv = [
        'taskset',
        '-c',
        '0',
        'hping3',
        '-q',
        '-S',
        '--flood',
        '--rand-source',
        '-p',
        String(port),
      ]
      const going = attacker.run([...argv, HOST.attacked], { signal: ended.signal }).catch(() => {})
      try {
        await poll('a flood', async () => (await came()) - before > BEGUN)
        const perSecond = await goodput(port, ms)
        const seconds = (performance.now() - since) / 1000
        return { perSecond, packets: Math.round(((await came()) - before) / seconds) }
      } finally {
        ended.abort()
        await going
      }
    },
    cookies: async () => cookiesIn((await host.run(['cat', '/proc/net/netstat'])).stdout),
  }
}
