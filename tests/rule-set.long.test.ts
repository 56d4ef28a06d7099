import assert from 'node:assert/strict'
import { openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { detectionRoutes } from '#contract/detection.ts'
import type { NetworkRuleView } from '#contract/network-api.ts'
import type { ResponseOf } from '#contract/route.ts'
import { makeOutsiders, type Outsider } from '#drills/network/other-network.ts'
import { etLike, packRules } from '#platform/detection/test-rule-set.ts'
import { startDetached } from '#runtime/drivers/process.ts'
import { cli, cliJson, cliOk, waitFor } from './harness.ts'

/** Serves one file, whatever it is asked for. */
const SERVER = `require('http').createServer((q,r)=>require('fs').createReadStream(process.argv[1]).pipe(r)).listen(8099)`
const detector = async () => {
  const { detectors } = await cliJson<ResponseOf<typeof detectionRoutes.detectors>>(['network', 'detectors'])
  return detectors[0] ?? assert.fail('there is a detector')
}

test('rules of others come from where a rule of the network lets them, and the detector reads them beside its own', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'maru-test-mirror-'))
  t.after(() => rm(folder, { recursive: true }))
  const archive = await packRules(folder, etLike(2_000_001))
  const outsiders: Outsider[] = []
  t.after(() => Promise.all(outsiders.map((one) => one.remove())))
  await makeOutsiders(1, (one) => outsiders.push(one))
  const [outsider = assert.fail()] = outsiders
  const argv = outsider.enter([process.execPath, '-e', SERVER, archive])
  const server = startDetached(argv, openSync('/dev/null', 'a'))
  t.after(() => process.kill(server, 'SIGKILL'))
  const goal = `${outsider.address}:8099`
  const why = ['--reason', 'a mirror of rules']
  const { id } = await cliJson<NetworkRuleView>(['network', 'allow', 'builder', '--to', goal, ...why])
  t.after(() => cli(['network', 'deny', id, '--keep']))
  const own = await waitFor('the detector to have read its rules', async () => (await detector()).rules)
  t.after(() => cli(['network', 'rule-set', 'off']))
  await cliOk(['network', 'rule-set', 'on', '--url', `http://${goal}/emerging.rules.tar.gz`])
  const said = await waitFor('the detector to read them', async () => {
    const now = await detector()
    return now.rules === own + 1 ? now : undefined
  })
  assert.deepEqual([said.ruleSet?.rules, said.ruleSet?.left, said.ruleSet?.problem], [1, 0, ''])
  await cliOk(['network', 'rule-set', 'off'])
  await waitFor('the detector to read its own', async () => {
    const now = await detector()
    return now.rules === own && now.ruleSet === undefined
  })
})
