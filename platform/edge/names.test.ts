import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onlyCertified, renderCertificateList, renderHosts } from './names.ts'
import { type EdgeInput, renderEdge } from './render.ts'

const FIRST = { host: 'a1', address: '10.0.0.1' }
const app = (name: string, ...hostNames: string[]) => ({
  app: name,
  appId: `app_${name}`,
  hostNames,
  servers: [],
  peers: [FIRST],
})
const input: EdgeInput = {
  installation: { name: 'maru', domain: 'maru.localhost', ports: { http: 80, https: 443 }, subnet: '10.9' },
  home: '/var/lib/maru',
  ipv6: false,
  self: { host: 'b1', members: [] },
  apps: [app('shop', 'shop.maru.localhost', 'www.maru.localhost'), app('blog', 'blog.maru.localhost')],
}

test('a name without a certificate is left out, and keeps no other waiting', () => {
  const part = onlyCertified(input, new Set(['blog.maru.localhost', 'www.maru.localhost']))
  assert.equal(renderHosts(part), 'maru.localhost control\nshop.maru.localhost app.app_shop\n')
  assert.doesNotMatch(renderCertificateList(part), /blog|www/)
  assert.match(renderCertificateList(part), /certs\/maru\.localhost\.pem maru\.localhost\n.*certs\/shop/)
  assert.doesNotMatch(renderEdge(part, ''), /app_blog/)
})

test("the platform's own name is not shown before it has a certificate", () => {
  const part = onlyCertified(input, new Set(['maru.localhost']))
  assert.doesNotMatch(renderCertificateList(part), / maru\.localhost$/m)
  assert.match(renderCertificateList(part), /shop\.maru\.localhost$/m)
})

test('without its own certificate an edge neither asks other edges nor answers them', () => {
  const text = renderEdge(onlyCertified(input, new Set(['peer'])), '')
  assert.doesNotMatch(text, /7443|peer\.pem/)
  assert.match(text, /backend app\.app_shop/)
})
