import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deploy, newApp } from './harness.ts'
import { ask } from './https.ts'

/** Published servers that nobody here has written, each a package.json: a page that it has, and a word on it. */
const STRANGERS = {
  files: ['/package.json', /http-server/],
  rest: ['/posts', /"title"/],
  flows: ['/', /Node-RED/],
} as const satisfies Readonly<Record<string, readonly [path: string, expected: RegExp]>>

/** Deploys a published server, and asks it. */
export function testStranger(name: keyof typeof STRANGERS): void {
  const [path, expected] = STRANGERS[name]
  test(`${name}, a published server that we did not write, runs from only a package.json`, async (t) => {
    const app = newApp(t, name)
    await deploy(`tests/strangers/${name}`, app)
    const answer = await ask(app, { path })
    assert.equal(answer.status, 200)
    assert.match(answer.body, expected)
  })
}
