import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppName } from '#contract/ids.ts'
import { markedAddresses, markOf, planAskers } from './askers.ts'
import { ruleOf, TEST_FACTS, TEST_POLICY } from './test-policy.ts'

const PLACE = { id: 'inst_a' }
const planned = (...rules: Parameters<typeof planAskers>[0]) =>
  planAskers(rules, PLACE).map(({ who, names, any }) => ({ who, names: names.join(' '), any }))

test('an app may ask for the names of its rules, a process also for its own; what all may is with all', () => {
  assert.deepEqual(
    planned(
      { from: 'apps', to: 'time.example.org' },
      { from: 'app:shop', to: 'api.example.org' },
      { from: 'app:shop', to: 'api.example.org' },
      { from: 'app:shop/mailer', to: 'mail.example.org' },
      { from: 'app:blog', to: '198.51.100.0/24' },
      { from: 'builder', to: 'registry.example.org' },
    ),
    [
      { who: 'app:shop', names: 'api.example.org', any: false },
      { who: 'app:shop/mailer', names: 'api.example.org mail.example.org', any: false },
      { who: 'apps', names: 'time.example.org', any: false },
    ],
  )
})

test('who may reach every public address may ask for every name; who may reach networks only, for none', () => {
  assert.deepEqual(planned({ from: 'app:shop', to: 'internet' }, { from: 'app:blog', to: 'private' }), [
    { who: 'app:shop', names: '', any: true },
    { who: 'apps', names: '', any: false },
  ])
  assert.deepEqual(planned({ from: 'app:shop', to: '0.0.0.0/0' })[0]?.any, true)
})

test('a name of a link is asked for by nobody', () => {
  assert.equal(planned({ from: 'app:shop', to: 'printer.local' }).length, 1)
})

test('an asker keeps his mark whatever his rules are, and each installation has its own', () => {
  const [before] = planAskers([{ from: 'app:shop', to: 'api.example.org' }], PLACE)
  const [after] = planAskers([{ from: 'app:shop', to: 'internet' }], PLACE)
  assert.equal(before?.mark, after?.mark)
  assert.notEqual(markOf(PLACE, 'app:shop'), markOf({ id: 'inst_b' }, 'app:shop'))
})

test('an instance is marked by the nearest of whom rules speak; of whom nobody speaks is not', () => {
  const apps = [...TEST_FACTS.apps, { address: '10.89.129.4', app: AppName.parse('wiki'), process: 'web' }]
  const marks = markedAddresses(TEST_POLICY.rules, { ...TEST_FACTS, apps })
  assert.deepEqual(
    [...marks],
    [
      ['10.89.129.1', markOf(PLACE, 'app:shop')],
      ['10.89.129.2', markOf(PLACE, 'app:shop/mailer')],
      ['10.89.129.3', markOf(PLACE, 'app:blog')],
    ],
  )
  const only = [ruleOf('rule-api', 'app:shop/mailer', 'api.example.org', ['443'])]
  assert.deepEqual([...markedAddresses(only, { ...TEST_FACTS, apps }).keys()], ['10.89.129.2'])
})
