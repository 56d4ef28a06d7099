import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WorkloadConfig } from '#contract/agent.ts'
import { surplusImages } from './prune.ts'

const workload = WorkloadConfig.parse({
  generation: 1,
  apps: [
    {
      app: 'shop',
      appId: 'app_shop',
      hostNames: [],
      newestRelease: 5,
      keepImages: ['sha256:kept'],
      instances: [
        {
          process: 'web',
          index: 1,
          release: 5,
          epoch: 0,
          image: 'sha256:runs',
          command: [],
          env: {},
          traffic: 'serve',
        },
      ],
    },
  ],
})
const image = (id: string, release: string, app = 'app_shop') => ({
  id: `sha256:${id}`,
  tags: [],
  labels: { 'maru.app_id': app, 'maru.release': release },
  createdAt: new Date(0),
  sizeBytes: 1,
})

test('images that no release needs are surplus, unless they may belong to a build under way', () => {
  const images = [
    image('kept', '3'),
    image('runs', '5'),
    image('old', '2'),
    image('under-way', '6'),
    image('foreign', '1', 'app_other'),
  ]
  assert.deepEqual(
    surplusImages(workload, images, true).map(({ id }) => id),
    ['sha256:old'],
  )
  // Where nothing is built, what no release needs belongs to nothing under way.
  assert.deepEqual(
    surplusImages(workload, images, false).map(({ id }) => id),
    ['sha256:old', 'sha256:under-way', 'sha256:foreign'],
  )
})
