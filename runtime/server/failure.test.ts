import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { isConnectionError } from './database-errors.ts'
import { failureOf } from './failure.ts'

const coded = (code: string, message = '') => Object.assign(new Error(message), { code })

test('our own errors pass as they are', () => {
  const error = new MaruError('apps.no_start')
  assert.equal(failureOf(error, 'req_1'), error)
})

test('what means that the database is away becomes database_unavailable', () => {
  const away = [
    coded('ECONNREFUSED'),
    coded('57P01'),
    coded('08006'),
    coded('25006'),
    new Error('Connection terminated unexpectedly'),
    new Error('Connection terminated due to connection timeout', { cause: new Error('x') }),
    new AggregateError([coded('ECONNREFUSED')]),
    new Error('outer', { cause: coded('ECONNRESET') }),
  ]
  for (const error of away)
    assert.equal(failureOf(error, 'req_1').code, 'database_unavailable', error.message)
})

test('a value that PostgreSQL cannot store is the mistake of who sent it', () => {
  for (const code of ['22021', '22P05', '22003'])
    assert.equal(failureOf(coded(code), 'req_1').code, 'invalid', code)
})

test('everything else is internal, with the request id and the cause kept apart', () => {
  for (const error of [coded('23505'), coded('42P01'), new Error('secret'), 'text', undefined]) {
    const failure = failureOf(error, 'req_1')
    assert.equal(failure.code, 'internal')
    assert.ok(!JSON.stringify(failure.toBody()).includes('secret'))
    assert.equal(failure.cause, error)
    assert.equal(isConnectionError(error), false)
  }
})
