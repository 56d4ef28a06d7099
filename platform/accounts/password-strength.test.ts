import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MaruError } from '#contract/errors.ts'
import { checkPassword } from './password-strength.ts'

const ada = { email: 'ada.lovelace@engine.example', name: 'Ada Lovelace' }

test('common, personal and patterned passwords are refused', async () => {
  for (const weak of [
    'password1234',
    'Passw0rd1234!',
    'qwertyuiop123',
    'abcabcabcabc',
    'adalovelace12',
    'lovelaceengine',
  ])
    await assert.rejects(
      checkPassword(weak, ada),
      (error) => error instanceof MaruError && error.code === 'accounts.password_weak',
      weak,
    )
})

test('a phrase or a random password is accepted, in any alphabet', async () => {
  for (const good of ['seven quiet otters dig', 'kX9#vLq2!mZp', '고래가 조용히 노래한다 일곱'])
    await checkPassword(good, ada)
})
