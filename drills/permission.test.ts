import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { checkAllowed, checkForAgent, onOneHost } from './permission.ts'
import { findDrill } from './register.ts'

const refusal = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof MaruError)
    return error
  }
  return assert.fail('it was allowed')
}

test('a drill that takes hosts away is refused on one host, lab or not, with the way to a lab of several', () => {
  const { code, hint } = refusal(() => onOneHost(findDrill('host-dies'), '/var/lib/maru')).toBody().error
  assert.equal(code, 'drills.needs_hosts')
  assert.match(hint, /`maru lab up --witness`.*`maru drill run host-dies`/)
  const own = findDrill('database-primary-dies')
  assert.equal(onOneHost(own, '/var/lib/maru'), own)
})

test('a drill that enters networks of the host is not for the agent, and its refusal names the command', () => {
  const { code, hint } = refusal(() => checkForAgent(findDrill('app-reaches-out'))).toBody().error
  assert.equal(code, 'drills.needs_machine')
  assert.match(hint, /`maru drill run app-reaches-out`/)
  checkForAgent(findDrill('database-primary-dies'))
})

test('where people may depend on the platform only harmless drills run, and only when somebody says so', () => {
  const at = (isLab: boolean, understands: boolean) => ({ isLab, understands, home: '/var/lib/maru' })
  const harmful = { name: 'database-primary-dies', harmless: false }
  const harmless = { name: 'neighbours-database', harmless: true }
  assert.equal(checkAllowed(harmful, at(true, false)), 'lab')
  assert.equal(refusal(() => checkAllowed(harmful, at(false, true))).code, 'drills.only_in_lab')
  assert.equal(refusal(() => checkAllowed(harmless, at(false, false))).code, 'drills.production')
  assert.equal(checkAllowed(harmless, at(false, true)), 'production')
})
