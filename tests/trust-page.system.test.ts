import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrustReport } from '#contract/trust.ts'
import { accessibilityFaults, openBrowser, openPage, takePictures } from './browser.ts'
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

test('the Trust page has no accessibility fault, in light and dark, on a desktop and on a phone', async (t) => {
  const browser = await openBrowser(t)
  for (const colorScheme of ['light', 'dark'] as const)
    for (const viewport of [
      { width: 360, height: 800 },
      { width: 1440, height: 900 },
    ])
      assert.deepEqual(await accessibilityFaults(browser, TRUST, { colorScheme, viewport }), [])
  await takePictures(browser, TRUST, 'trust')
})

test('the Trust page fits the width of a phone', async (t) => {
  const page = await openPage(await openBrowser(t), { viewport: { width: 360, height: 800 } })
  await page.goto(TRUST)
  const width = await page.evaluate<number>('document.documentElement.scrollWidth')
  assert.ok(width <= 360, `${width} px wide`)
})

test('an accessibility fault would be found', async (t) => {
  const faults = await accessibilityFaults(await openBrowser(t), 'data:text/html,<img src="x">')
  assert.ok(
    faults.some((fault) => fault.startsWith('image-alt')),
    faults.join('\n'),
  )
})
