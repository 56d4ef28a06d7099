import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ContainerSpec, InstanceSpec } from '#contract/agent.ts'
import type { AppId, AppName } from '#contract/ids.ts'
import { instanceContainer, userFor } from './instance-spec.ts'

const installation = {
  id: 'i',
  name: 'maru',
  domain: 'maru.localhost',
  createdAt: '2026-01-01T00:00:00Z',
  ports: { http: 80, https: 443 },
  subnet: '10.89',
}
const app = { app: 'shop' as AppName, appId: 'app_abcd' as AppId }
const instance = InstanceSpec.parse({
  process: 'web',
  index: 2,
  release: 7,
  epoch: 1,
  image: 'sha256:1',
  command: ['node', 'x.js'],
  env: { PORT: '8080' },
  traffic: 'serve',
})

const image = { user: '', volumes: [] }

test('an image that wants root, or says nothing, runs as the app user', () => {
  assert.deepEqual(
    ['', 'root', '0', '0:0', 'root:wheel', '00', '+0', '-0', ' 0'].map(userFor),
    Array(9).fill('10002:10002'),
  )
  assert.deepEqual(['node', '1000:1000', '10002:10002'].map(userFor), ['node', '1000:1000', '10002:10002'])
})

test('an instance is confined', () => {
  const spec = ContainerSpec.parse(instanceContainer({ installation, home: '/h' }, app, instance, image))
  assert.equal(spec.name, 'maru-app-shop-web-2-v7-1')
  assert.deepEqual(
    {
      capabilities: spec.capabilities,
      privileged: spec.privileged,
      readOnlyRoot: spec.readOnlyRoot,
      memoryMb: spec.memoryMb,
      processes: spec.processes,
      ports: spec.ports,
    },
    { capabilities: [], privileged: false, readOnlyRoot: true, memoryMb: 512, processes: 256, ports: [] },
  )
  assert.deepEqual(spec.mounts, [{ source: '/h/pki/root.crt', target: '/etc/maru/ca.crt', readOnly: true }])
})

test('a volume of the image is memory of the instance, not space on the disk', () => {
  const place = { installation, home: '/h' }
  const { tmpfs = {} } = instanceContainer(place, app, instance, { ...image, volumes: ['/data'] })
  assert.deepEqual(Object.keys(tmpfs), ['/tmp', '/home/app', '/data'])
  assert.equal(tmpfs['/data'], tmpfs['/tmp'])
})

test('traffic is not part of the container: switching it replaces nothing', () => {
  const place = { installation, home: '/h' }
  assert.deepEqual(
    instanceContainer(place, app, instance, image),
    instanceContainer(place, app, { ...instance, traffic: 'drain' }, image),
  )
})
