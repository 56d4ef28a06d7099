import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scramVerifier } from './scram.ts'

test('the verifier is the one that PostgreSQL itself makes', () => {
  // As pg_authid.rolpassword showed it after `create role r login password 'pencil'`.
  assert.equal(
    scramVerifier('pencil', Buffer.from('oKqq/nIwyfbm4LWhwt7l5Q==', 'base64')),
    'SCRAM-SHA-256$4096:oKqq/nIwyfbm4LWhwt7l5Q==$J8+Q/mKJPBZ3wRs8BPCiPICXmWrNa0np+BIXQw3aSsg=:gsRQfaAQGtlq8u0dzMFI96Dhsq2qpz7XXQTiE4pvhzI=',
  )
})
