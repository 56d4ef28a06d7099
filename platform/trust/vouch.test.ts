import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHostKey } from './certificate-request.ts'
import { checkVouched, vouchFor } from './vouch.ts'

test('a key vouches for a request of another one, and nobody else can in its name', async () => {
  const [old, next, thief] = [await newHostKey(), await newHostKey(), await newHostKey()]
  const request = await next.request('second')
  const vouched = await vouchFor(request, old.keyPem)
  assert.deepEqual(await checkVouched(vouched), { request, byKeyHash: old.hash })

  const [head = '', , signature = ''] = vouched.split('.')
  const other = Buffer.from(await thief.request('second')).toString('base64url')
  const byThief = await vouchFor(await thief.request('second'), thief.keyPem)
  assert.equal((await checkVouched(byThief)).byKeyHash, thief.hash)
  const [, , thiefs = ''] = byThief.split('.')
  for (const forged of [`${head}.${other}.${signature}`, `${head}.${other}.${thiefs}`, 'nonsense', ''])
    await assert.rejects(checkVouched(forged), { code: 'invalid' })
})
