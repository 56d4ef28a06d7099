import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrustReport } from '#contract/trust.ts'
import { lookAt, openBrowser, openPage } from './browser.ts'
import { addressOf, cliJson } from './harness.ts'

const TRUST = `${addressOf()}/trust`

test('the Trust page reads without JavaScript: every promise, and the reason where it is not yet kept', async (t) => {
  const page = await openPage(await openBrowser(t), { javaScriptEnabled: false })
  await page.goto(TRUST)
  const text = (await page.innerText('body')).replaceAll(/\s+/g, ' ')
  const { promises } = await cliJson<TrustReport>(['trust'])
  assert.ok(promises.length > 50)
  for (const { id, wording } of promises) {
    assert.ok(text.includes(id), id)
    assert.ok(text.includes(wording), `${id}: ${wording}`)
  }
})

test('the Trust page has no accessibility fault and fits the screen, in light and dark, on a desktop and on a phone', async (t) => {
  assert.deepEqual(await lookAt(await openBrowser(t), [{ url: TRUST, name: 'trust' }]), [])
})

test('an accessibility fault and a page that is too wide would be found', async (t) => {
  const url = 'data:text/html,<img src="x"><p style="width: 2000px">wide'
  const faults = await lookAt(await openBrowser(t), [{ url, name: 'broken' }])
  const tellsOf = (text: string) => faults.some((fault) => fault.includes(text))
  assert.ok(tellsOf('image-alt') && tellsOf('px wide'), faults.join('\n'))
})
