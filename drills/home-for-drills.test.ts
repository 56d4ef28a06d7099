import assert from 'node:assert/strict'
import { test } from 'node:test'
import { homeForDrills } from './home-for-drills.ts'

const onHost = { needs: undefined }
const onHosts = { needs: 'hosts' } as const

test('drills run in the folder that was named, whatever they need', () => {
  const named = { env: { MARU_HOME: '/from-shell' } }
  assert.equal(homeForDrills(named, { home: '/named' }, [onHosts]), '/named')
  assert.equal(homeForDrills(named, {}, [onHosts]), '/from-shell')
})

test('when none was named, drills that all need hosts run in the usual lab, and others in the usual installation', () => {
  const home = (drills: Parameters<typeof homeForDrills>[2]) => homeForDrills({ env: {} }, {}, drills)
  assert.equal(home([onHosts, onHosts]), '/var/lib/maru-lab')
  assert.equal(home([onHosts, onHost]), '/var/lib/maru')
  assert.equal(home([]), '/var/lib/maru')
})
