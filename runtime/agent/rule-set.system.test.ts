import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { WorkloadConfig } from '#contract/agent.ts'
import { addressesOf } from '#contract/installation.ts'
import type { RuleSetWish } from '#contract/rule-set.ts'
import { detectorFiles, renderDetector } from '#platform/detection/host.ts'
import { writeCapture } from '#platform/detection/test-pcap.ts'
import { etLike, type Mirror, makeMirror } from '#platform/detection/test-rule-set.ts'
import { get, ORDINARY, PLACE } from '#platform/detection/test-talks.ts'
import { LABELS, makeDocker } from '#runtime/drivers/docker.ts'
import { run } from '#runtime/drivers/process.ts'
import { silent } from '#runtime/server/test-database.ts'
import { openRuleSet, type RuleSetKeeper } from './own-rule-set.ts'
import { newestImage, removeOwned, until } from './test-host.ts'

/** The real fetcher and the real Suricata, in the agent's containers, and a server of archives of our own. */
const docker = makeDocker('/var/run/docker.sock')
const id = randomBytes(3).toString('hex')
const installation = {
  ...{ ...PLACE, id: `test-${id}`, name: `t${id}`, domain: 'test.localhost' },
  ...{ createdAt: '2030-01-01T00:00:00Z', ports: { http: 80, https: 443 } },
}
const network = addressesOf(installation).networks.build.name
let home: string
let mirror: Mirror
let keeper: RuleSetKeeper
let wish: RuleSetWish | undefined
let laterMs = 0

const must = async (...argv: [string, ...string[]]) => {
  const { exitCode, stdout, stderr } = await run(argv, { timeoutMs: 60_000 })
  assert.equal(exitCode, 0, stderr)
  return stdout.trim()
}
const open = async () =>
  openRuleSet({
    ...{ docker, log: silent, now: () => new Date(Date.now() + laterMs) },
    config: {
      ...{ installation, home, version: 'test', dockerSocket: '', logLevel: 'error' },
      images: {
        app: '',
        builder: '',
        database: '',
        edge: '',
        detector: await newestImage(docker, 'detector'),
      },
      host: { name: 'one', dataCentre: 'dc1', address: '127.0.0.1', role: 'full', first: true },
      hostCaBundle: '/etc/ssl/certs/ca-certificates.crt',
    } as Parameters<typeof openRuleSet>[0]['config'],
    workloads: {
      current: () =>
        ({
          network: { rules: [], lockDown: null, ruleSet: wish && { ...wish } },
        }) as unknown as WorkloadConfig,
    },
  })

before(async () => {
  home = await mkdtemp('/var/tmp/maru-test-rule-set-')
  const label = `${LABELS.owner}=${installation.id}`
  await must('docker', 'network', 'create', '--label', label, network)
  const gateway = await must(
    ...(['docker', 'network', 'inspect', '-f', '{{(index .IPAM.Config 0).Gateway}}', network] as const),
  )
  mirror = await makeMirror(join(home, 'mirror'), gateway)
  const files = detectorFiles(home)
  await mkdir(files.run, { recursive: true })
  await writeFile(files.config, renderDetector(installation, files))
  keeper = await open()
})
after(async () => {
  keeper?.stop()
  await mirror?.close()
  await removeOwned(docker, installation.id)
  await rm(home, { recursive: true, force: true })
})

const look = (what: string, done: () => boolean) =>
  until(what, async () => {
    const changed = await keeper.look()
    return done() ? { changed } : undefined
  })
const problem = () => keeper.report()?.problem ?? ''
/** Not of the form in which Suricata takes rules, whatever it says of itself. */
const BROKEN = etLike(2_000_003, { match: 'content:"a"; no-such-keyword:1;' })
const SET = [etLike(2_000_001), etLike(2_000_002, { confidence: 'Low' }), BROKEN].join('\n')

test('nobody wants them: nothing is fetched and nothing is said', async () => {
  assert.equal(await keeper.look(), false)
  assert.equal(keeper.report(), undefined)
})

test('a set that cannot be fetched is a sentence, and the own rules stay', async () => {
  wish = { url: mirror.url }
  await look('it is told of', () => problem() !== '')
  assert.match(
    problem(),
    /^own rules only; http:\S+ not reachable since 20.*: .*404.*maru network rule-set off/,
  )
  assert.equal(keeper.rules(), '')
})

test('what is fetched is selected, tried, and then used; what Suricata does not take is left out', async () => {
  await mirror.give(SET)
  laterMs += 3_600_000
  const { changed } = await look('it is used', () => problem() === '' && keeper.rules() !== '')
  assert.ok(changed, 'the detector is to read it')
  assert.equal(keeper.rules().trim(), etLike(2_000_001))
  const { rules, left, fetchedAt } = keeper.report() ?? {}
  assert.deepEqual([rules, left, typeof fetchedAt], [1, 2, 'string'])
  assert.deepEqual(await docker.containers.list({ [LABELS.owner]: installation.id }), [], 'nothing is left')
})

test('it finds what it is about in what visitors send, and nothing in what they do all day', async () => {
  const files = detectorFiles(home)
  const config = renderDetector(installation, files).replace('filetype: unix_stream', 'filetype: regular')
  await writeFile(join(home, 'read.yaml'), config)
  const talks = [get('/maru-SAMPLE-hole?x=1'), ...ORDINARY]
  const capture = join(home, 'talks.pcap')
  await writeFile(capture, writeCapture(talks.map((talk, at) => ({ ...talk, port: 10_001 + at }))))
  const image = await newestImage(docker, 'detector')
  await must(
    ...(['docker', 'run', '--rm', '--network', 'none', '-v', `${home}:${home}`, image, 'suricata'] as const),
    ...[
      '-c',
      join(home, 'read.yaml'),
      '-S',
      files.selected,
      '-l',
      home,
      '--runmode',
      'single',
      '-r',
      capture,
    ],
  )
  const lines = (await readFile(files.socket, 'utf8')).split('\n').filter((line) => line !== '')
  const found = lines.map((line) => JSON.parse(line)).filter(({ event_type }) => event_type === 'alert')
  assert.deepEqual(
    found.map(({ src_port, alert }) => [src_port, alert.signature_id]),
    [[10_001, 2_000_001]],
  )
})

test('a source that fails later leaves in use what there is, and another agent begins with it', async () => {
  await mirror.give(503)
  laterMs += 90_000_000
  await look('it is told of', () => problem() !== '')
  assert.match(problem(), /^the rules of 20\d\d-\d\d-\d\d stay in use; http:\S+ not reachable since/)
  assert.equal(keeper.rules().trim(), etLike(2_000_001))
  keeper.stop()
  keeper = await open()
  assert.match(problem(), /stay in use/, 'it knows since when')
  assert.equal(keeper.rules().trim(), etLike(2_000_001))
  wish = undefined
  assert.ok(await keeper.look(), 'switched off, the detector is to read its own rules only')
  assert.deepEqual([keeper.rules(), keeper.report()], ['', undefined])
})
