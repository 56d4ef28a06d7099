import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { newestImage } from '#runtime/agent/test-host.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { run } from '#runtime/drivers/process.ts'
import { detectorFiles } from './layout.ts'
import { renderDetector, renderRules } from './render.ts'
import { DETECTION_RULES } from './rules.ts'
import { type Talk, writeCapture } from './test-pcap.ts'
import { ATTACKS, ORDINARY, PLACE, VISITOR } from './test-talks.ts'

interface Seen {
  readonly src_port: number
  readonly dest_port: number
  readonly alert: { readonly signature_id: number; readonly xff?: string }
}

let home: string
before(async () => {
  home = await mkdtemp('/var/tmp/maru-test-rules-')
})
after(() => rm(home, { recursive: true, force: true }))

/** What the real Suricata says, with the real rules, of the conversations; the first port is 10001. */
async function read(shapes: ReadonlyArray<Omit<Talk, 'port'>>): Promise<Seen[]> {
  const files = detectorFiles(home)
  await mkdir(files.run, { recursive: true })
  const config = renderDetector(PLACE, files).replace('filetype: unix_stream', 'filetype: regular')
  await rm(files.socket, { force: true })
  await writeFile(files.config, config)
  await writeFile(files.rules, renderRules(DETECTION_RULES))
  const talks = shapes.map((shape, at) => ({ ...shape, port: 10_001 + at }))
  await writeFile(join(home, 'talks.pcap'), writeCapture(talks))
  const image = await newestImage(makeDocker('/var/run/docker.sock'), 'detector')
  const command = [
    'suricata',
    '-c',
    files.config,
    '-S',
    files.rules,
    '-l',
    home,
    '--runmode',
    'single',
    '-r',
    join(home, 'talks.pcap'),
  ]
  const { exitCode, stdout, stderr } = await run(
    ['docker', 'run', '--rm', '--network', 'none', '-v', `${home}:${home}`, image, ...command],
    { timeoutMs: 60_000 },
  )
  assert.equal(exitCode, 0, stderr + stdout)
  assert.doesNotMatch(stderr + stdout, /error|invalid|failed/i)
  const lines = (await readFile(files.socket, 'utf8')).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line)).filter(({ event_type }) => event_type === 'alert')
}

test('the detector is Suricata 7', async () => {
  const image = await newestImage(makeDocker('/var/run/docker.sock'), 'detector')
  const { stdout } = await run(['docker', 'run', '--rm', '--network', 'none', image, 'suricata', '-V'])
  assert.match(stdout, /^This is Suricata version 7\./)
})

test('every rule finds what it is there for, however it is written, and says who it was', async () => {
  const cases = DETECTION_RULES.flatMap(({ sid }) => (ATTACKS[sid] ?? []).map((shape) => ({ sid, shape })))
  const seen = await read(cases.map(({ shape }) => shape))
  const foundBy = (sid: number) => seen.filter(({ alert }) => alert.signature_id === sid)
  for (const { sid, title, way } of DETECTION_RULES) {
    const own = cases.flatMap((one, at) => (one.sid === sid ? [10_001 + at] : []))
    const ports = foundBy(sid).flatMap(({ src_port, dest_port }) => [src_port, dest_port])
    const found = own.filter((port) => ports.includes(port))
    assert.ok(own.length > 0, `nothing shows that rule ${sid} (${title}) finds anything`)
    // Rules that count say it once.
    assert.ok(
      sid === 7_000_120 ? found.length > 0 : found.length === own.length,
      `${sid} ${title}: ${found.length} of ${own.length}`,
    )
    if (way === 'in')
      assert.ok(
        foundBy(sid).every(({ alert }) => alert.xff === VISITOR),
        `${sid} says who`,
      )
  }
})

test('what people and programs do all day is silent', async () => {
  assert.deepEqual(await read(ORDINARY), [])
})
