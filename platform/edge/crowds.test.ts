import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeEdgeDoor } from './door.ts'

const NOW = 1_900_000_000_000
/** What HAProxy 3.0 shows of two tables, each asked for twice. */
const SHOWN = `# table: sign-ins, type: ipv6, size:102400, used:1
0x7f4c0a951ab0: key=::ffff:203.0.113.7 use=0 exp=86398 shard=0 gpt0=0 gpc0=52 gpc0_rate(900000)=51 gpc1=7 gpc1_rate(900000)=6

# table: sign-ins, type: ipv6, size:102400, used:1

# table: sources, type: ipv6, size:102400, used:3
0x7f4c0a951ab0: key=::ffff:203.0.113.8 use=1000 exp=59489 shard=0 conn_rate(10000)=80 conn_cur=1000 http_req_cnt=60 http_req_rate(10000)=60 gpc0=50 gpc1=20 gpc2=0 gpc3=30 gpc4=40

# table: sources, type: ipv6, size:102400, used:3
0x7f4c0a951ab0: key=::ffff:203.0.113.8 use=1000 exp=59489 shard=0 conn_rate(10000)=80 conn_cur=1000 http_req_cnt=60 http_req_rate(10000)=60 gpc0=50 gpc1=20 gpc2=0 gpc3=30 gpc4=40
0x7f4c0a951ab8: key=2001:db8:7:: use=0 exp=59489 shard=0 conn_rate(10000)=6000 conn_cur=0 http_req_cnt=5000 http_req_rate(10000)=5000 gpc0=9 gpc1=0 gpc2=9 gpc3=0 gpc4=5001
`

test('one question tells who guesses and who takes too much, each once', async () => {
  const asked: string[] = []
  const door = makeEdgeDoor({
    ask: async (command) => {
      asked.push(command)
      return SHOWN
    },
  })
  assert.deepEqual(await door.look(NOW), {
    guessers: [{ address: '203.0.113.7', failed: 51, turnedAway: 6, leftS: 0 }],
    crowds: [
      { address: '203.0.113.8', tooMany: 20, tooFast: 0, tooOften: 30, unended: 20 },
      { address: '2001:db8:7::', tooMany: 0, tooFast: 9, tooOften: 0, unended: 0 },
    ],
  })
  assert.deepEqual(asked, [
    'show table sign-ins data.gpc0_rate ge 50;show table sign-ins data.gpt0 gt 0;show table sources data.gpc gt 0;show table sources data.conn_rate ge 50',
  ])
})

test('where no edge answers there is nobody', async () => {
  const door = makeEdgeDoor({ ask: async () => undefined })
  assert.deepEqual(await door.look(NOW), { guessers: [], crowds: [] })
})
