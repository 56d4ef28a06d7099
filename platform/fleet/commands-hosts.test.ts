import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataCentreName, HostName } from '#contract/ids.ts'
import { remarksOn } from './commands-hosts.ts'

const host = (name: string, dataCentre: string) => ({
  name: HostName.parse(name),
  dataCentre: DataCentreName.parse(dataCentre),
})
const HOSTS = [host('berlin-1', 'berlin'), host('frankfurt-1', 'frankfurt')]
const remarks = (dataCentre: string, role: 'full' | 'witness') =>
  remarksOn({ ...host('new', dataCentre), role }, HOSTS)

test('a host that is added where there are others is nothing to remark on', () =>
  assert.deepEqual(remarks('berlin', 'full'), []))

test('a data centre that begins with the new host is said, with those that there are: it may be mistyped', () => {
  for (const role of ['full', 'witness'] as const)
    assert.deepEqual(remarks('berln', role), [
      'The data centre berln begins with this host; so far there are: berlin, frankfurt.',
    ])
})

test('a witness in the place of another host is warned of', () => {
  const [warning, ...more] = remarks('berlin', 'witness')
  assert.match(
    warning ?? '',
    /^WARNING: the witness new would be in berlin, like berlin-1\. .*--data-centre PLACE/,
  )
  assert.deepEqual(more, [])
})
