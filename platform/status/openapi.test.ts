import assert from 'node:assert/strict'
import { test } from 'node:test'
import { API } from '#contract/api.ts'
import { escapeHtml } from '#runtime/kit/html.ts'
import { renderOpenApi } from './openapi.ts'
import { renderReference } from './reference-page.ts'

interface Operation {
  readonly operationId: string
  readonly security: unknown[]
  readonly parameters: ReadonlyArray<{ name: string; in: string; required: boolean }>
  readonly requestBody?: { content: Record<string, unknown> }
  readonly responses: Record<string, unknown>
}
const routes = Object.values(API).flatMap((own) => Object.values(own))
const document = renderOpenApi(API, { version: '1.2.3', url: 'https://maru.localhost' })
const paths = document.paths as Record<string, Record<string, Operation>>
const operations = Object.values(paths).flatMap((path) => Object.values(path))

test('every route is an operation of its own', () => {
  assert.equal(operations.length, routes.length)
  assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, routes.length)
})

test('parameters, bodies, uploads and streams are what the routes say', () => {
  const deploy = paths['/v1/apps/{app}/deploys']?.post
  assert.deepEqual(
    deploy?.parameters.map(({ name, in: place, required }) => [name, place, required]),
    [
      ['app', 'path', true],
      ['Idempotency-Key', 'header', false],
    ],
  )
  assert.ok(deploy?.responses['202'])
  assert.ok(paths['/v1/apps/{app}/sources']?.post?.requestBody?.content['application/gzip'])
  assert.ok(paths['/v1/apps/{app}/runs']?.post?.responses['101'])
  assert.match(JSON.stringify(paths['/v1/operations/{operation}/events']), /text\/event-stream/)
  assert.deepEqual(paths['/health']?.get?.security, [])
  assert.deepEqual(deploy?.security, [{ token: [] }])
})

test('it is plain JSON and refers to nothing that is not there', () => {
  const text = JSON.stringify(document)
  const refs = new Set([...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref))
  assert.deepEqual([...refs], ['#/components/schemas/Error'])
  assert.ok(!text.includes('undefined'))
})

test('the reference shows every route and lets no text become markup', () => {
  const page = renderReference(API, '<1>')
  for (const { path, method } of routes)
    assert.ok(page.includes(`<code>${method} ${escapeHtml(path)}</code>`), path)
  assert.ok(page.includes('&lt;1&gt;'))
  assert.ok(!page.includes('<script'))
})
