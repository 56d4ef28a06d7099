import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostName } from '#contract/ids.ts'
import { refuseOthers } from './same-version.ts'

const host = (name: string, version: string | null) => ({ name: HostName.parse(name), version })

test('nothing is tried while a host runs another version, or has not said which; all of them are named', () => {
  refuseOthers([], '2.0.0')
  refuseOthers([host('first', '2.0.0'), host('second', '2.0.0')], '2.0.0')
  const mixed = [host('first', '2.0.0'), host('second', '1.0.0'), host('third', null)]
  assert.throws(() => refuseOthers(mixed, '2.0.0'), {
    code: 'network.versions_differ',
    message:
      'Not every host runs version 2.0.0, so not every host would try it before it is kept: second (1.0.0), third (not known yet).',
  })
})
