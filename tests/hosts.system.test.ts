import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { HostView as Host } from '#contract/host-view.ts'
import type { Invitation } from '#contract/hosts.ts'
import { cliError, cliJson, cliOk, HOME, waitFor } from './harness.ts'
import { CONTROL_DATABASE, superuser } from './psql.ts'

const listed = async () => (await cliJson<{ hosts: Host[] }>(['host', 'list'])).hosts
const invite = (name: string) => cliJson<Invitation>(['host', 'add', name, '--data-centre', 'south'])
/** A data folder that a join which was refused must not leave behind. */
const ELSEWHERE = join(HOME, 'elsewhere')

test('the first host is one of the hosts, ready and with the version that runs', async () => {
  const host = await waitFor('the first host to be ready', async () => {
    const [first] = await listed()
    return first?.state === 'ready' && first
  })
  assert.deepEqual([host.first, host.role, host.dataCentre], [true, 'full', 'dc1'])
  assert.match(host.version ?? '', /^\d+\.\d+\.\d+\+\d+$/)
  const { hosts } = await cliJson<{ hosts: Host[] }>(['status', '--home', HOME])
  assert.deepEqual(
    hosts.map(({ name }) => name),
    [host.name],
  )
  assert.match((await cliOk(['host'])).stdout, new RegExp(`^${host.name} .* first +ready `, 'm'))
})

test('an invitation is a command to type, for one name, and makes no host yet', async () => {
  const before = await listed()
  const made = await invite('second')
  assert.equal(made.command, `./maru host join '${made.link}'`)
  assert.deepEqual([made.name, made.dataCentre, made.role], ['second', 'south', 'full'])
  const minutes = (Date.parse(made.expiresAt) - Date.now()) / 60_000
  assert.ok(minutes > 8 && minutes < 11, `${minutes} minutes`)
  assert.deepEqual(
    (await listed()).map(({ name }) => name),
    before.map(({ name }) => name),
  )
})

test('joining is refused with a reason, and leaves nothing behind', async () => {
  const { link } = await invite('second')
  const fingerprint = /\.([0-9a-f]{32})@/.exec(link)?.[1] ?? assert.fail(link)
  const refusals: ReadonlyArray<readonly [home: string, link: string, code: string, exitCode: number]> = [
    [HOME, link, 'hosts.already_joined', 3],
    // This machine has that installation already, in another folder.
    [ELSEWHERE, link, 'hosts.already_joined', 3],
    [ELSEWHERE, link.replace(fingerprint, '0'.repeat(32)), 'cli.untrusted', 3],
    [ELSEWHERE, link.replace(/#\w+/, '#guessed'), 'hosts.invitation_invalid', 3],
    [ELSEWHERE, link.replace(/#.*/, ''), 'invalid', 2],
  ]
  for (const [home, tried, code, exitCode] of refusals) {
    const error = await cliError(['host', 'join', tried, '--home', home])
    assert.deepEqual([error.code, error.exitCode], [code, exitCode], tried)
    assert.equal(existsSync(ELSEWHERE), false)
  }
  await superuser(`update fleet_invitation set expires_at = now() where name = 'second'`, CONTROL_DATABASE)
  const late = await cliError(['host', 'join', link, '--home', ELSEWHERE])
  assert.deepEqual([late.code, late.exitCode], ['hosts.invitation_invalid', 3])
  assert.match(late.hint ?? '', /host add/)
  assert.equal(existsSync(ELSEWHERE), false)
  assert.equal((await listed()).length, 1)
})

test('the only host stays, and a host needs a name that can be one', async () => {
  const [first] = await listed()
  assert.equal((await cliError(['host', 'remove', first?.name ?? '', '--lost'])).code, 'hosts.still_needed')
  assert.equal((await cliError(['host', 'remove', 'nobody'])).code, 'hosts.not_found')
  const mistyped = await cliError(['host', 'replace', 'nobody', '--with', first?.name ?? ''])
  assert.equal(mistyped.code, 'hosts.not_found')
  assert.equal((await cliError(['host', 'add', first?.name ?? ''])).code, 'hosts.name_taken')
  assert.equal((await cliError(['host', 'add', 'Not_A_Name'])).exitCode, 2)
  const changed = await cliError(['up', '--home', HOME, '--data-centre', 'north'])
  assert.deepEqual([changed.code, changed.exitCode], ['invalid', 2])
})
