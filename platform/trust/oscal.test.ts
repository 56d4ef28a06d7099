import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import {
  type Evidence,
  OscalDocument,
  type PromiseId,
  type PromiseStatus,
  type TrustReport,
} from '#contract/trust.ts'
import { renderOscal } from './oscal.ts'

const AT = '2026-11-23T10:00:00.000Z'

const schemaOf = (document: OscalDocument) =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'oscal-schemas', `${document}.json`), 'utf8'))

/** NIST's own schemas, formats included. */
const ajv = new Ajv({ strict: false, allErrors: true })
formats.default(ajv)
const validators = {
  'component-definition': ajv.compile(schemaOf('component-definition')),
  'assessment-results': ajv.compile(schemaOf('assessment-results')),
}

/** What NIST's schema says against a document, a line each. */
function faultsOf(kind: OscalDocument, document: unknown): string[] {
  // What travels is JSON: undefined would vanish on the way.
  validators[kind](JSON.parse(JSON.stringify(document)))
  return (validators[kind].errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

function assertValid(report: TrustReport): void {
  for (const kind of OscalDocument.options) assert.deepEqual(faultsOf(kind, renderOscal(kind, report)), [])
}

const evidence = (name: string, more: Partial<Evidence> = {}): Evidence => ({
  source: 'check',
  name,
  promises: ['CUS-1'],
  at: '2026-11-23T09:59:00.000Z',
  passed: true,
  summary: 'A handshake with TLS 1.3 succeeded.',
  facts: [{ name: 'Protocol', value: 'TLSv1.3' }],
  durationMs: 12,
  validS: 600,
  ...more,
})

const promise = (id: PromiseId, more: Partial<PromiseStatus> = {}): PromiseStatus => ({
  id,
  layer: 'What customers can do',
  wording: 'HTTPS protects everything sent to and from an app',
  meaning: 'HTTPS only',
  proof: 'TLS scanner grade',
  owner: 'platform/edge',
  iso27001: ['A.8.20', 'A.8.24'],
  ismsP: ['2.6.1'],
  state: 'not-yet',
  reason: 'Nothing checks it yet.',
  gaps: [],
  note: null,
  evidence: [],
  ...more,
})

const report = (promises: PromiseStatus[]): TrustReport => ({
  at: AT,
  installation: 'maru',
  version: '0.1.0',
  kept: promises.filter(({ state }) => state === 'kept').length,
  promises,
})

const kept = (id: PromiseId, ...proofs: Evidence[]) =>
  promise(id, { state: 'kept', reason: null, evidence: proofs })
const PARTLY = report([
  kept('CUS-1', evidence('edge.tls')),
  promise('DAT-2', {
    owner: 'platform/data',
    iso27001: ['A.8.20', 'A.8.3'],
    evidence: [evidence('data.neighbour', { passed: false, promises: ['DAT-2', 'DAT-3'] })],
  }),
  promise('PHY-1', { owner: 'platform/buildings', iso27001: ['A.7.1'], ismsP: [] }),
])

interface Finding {
  uuid: string
  description: string
  remarks?: string
  target: { 'target-id': string; status: { state: string; reason: string } }
  'related-observations'?: unknown[]
}

const resultOf = (from: TrustReport) => {
  const document = renderOscal('assessment-results', from) as {
    'assessment-results': { results: Array<{ observations?: Array<{ uuid: string }>; findings: Finding[] }> }
  }
  return document['assessment-results'].results[0] ?? assert.fail('no result')
}
const findingOf = (from: TrustReport, control: string) =>
  resultOf(from).findings.find(({ target }) => target['target-id'] === control) ?? assert.fail(control)

test('empty, partly kept and full reports are valid by the schemas of NIST', () => {
  assertValid(report([]))
  assertValid(report([promise('PHY-1', { iso27001: [], ismsP: [] })]))
  assertValid(PARTLY)
  assertValid(
    report(
      (['CUS-1', 'CUS-2', 'DAT-2'] as const).map((id) =>
        kept(id, evidence('edge.tls'), evidence(`of.${id}`)),
      ),
    ),
  )
})

test('whatever the texts are, the documents stay valid', () => {
  const odd = [
    '',
    ' ',
    '\n',
    'a\nb',
    ' x ',
    '\u0000',
    '\u2028',
    '\ud800',
    '<script>alert(1)</script>',
    '# x',
    '‮אב',
    '[x](y)',
  ]
  const lengthy = 'ä '.repeat(5000)
  for (const text of [...odd, lengthy]) {
    const proof = evidence(text, { summary: text, facts: [{ name: text, value: text }] })
    const told = { wording: text, owner: text, reason: text, evidence: [proof] }
    const controls = { iso27001: [text, '8.20', 'A.8.20', 'A.8.20'], ismsP: [text, '2.6.1'] }
    assertValid({
      ...report([promise('CUS-1', { ...told, ...controls })]),
      installation: text,
      version: text,
    })
  }
})

test('a promise that is kept is satisfied and names its evidence', () => {
  const { target, remarks, 'related-observations': observations } = findingOf(PARTLY, 'CUS-1')
  assert.deepEqual(target.status, { state: 'satisfied', reason: 'pass' })
  assert.equal(observations?.length, 1)
  assert.equal(remarks, undefined)
})

test('a control is satisfied only when every promise that contributes to it is kept', () => {
  assert.equal(findingOf(PARTLY, 'A.8.24').target.status.state, 'satisfied')
  assert.deepEqual(findingOf(PARTLY, 'A.8.20').target.status, { state: 'not-satisfied', reason: 'fail' })
  assert.equal(findingOf(PARTLY, 'ISMS-P-2.6.1').target.status.state, 'not-satisfied')
})

test('what nothing has checked says so, with its reason', () => {
  const { target, remarks, description } = findingOf(PARTLY, 'A.7.1')
  assert.deepEqual(target.status, { state: 'not-satisfied', reason: 'other' })
  assert.match(remarks ?? '', /no evidence/)
  assert.match(description, /Nothing checks it yet/)
})

test('every control of both documents names evidence or says that it has none', () => {
  for (const finding of resultOf(PARTLY).findings)
    assert.ok(finding['related-observations'] !== undefined || /no evidence/.test(finding.remarks ?? ''))
  const text = JSON.stringify(renderOscal('component-definition', PARTLY))
  const requirements = [...text.matchAll(/"control-id".*?"props":(\[.*?\])/g)].map(([, props]) => props ?? '')
  assert.ok(requirements.length > 8)
  for (const props of requirements) assert.match(props, /"name":"evidence"|There is no evidence/)
})

test('the same thing has the same id in every export, and another installation another one', () => {
  const later = { ...PARTLY, at: '2026-11-24T10:00:00.000Z' }
  const elsewhere = { ...PARTLY, installation: 'other' }
  const ids = (from: TrustReport) => resultOf(from).findings.map(({ uuid }) => uuid)
  assert.deepEqual(ids(later), ids(PARTLY))
  assert.equal(ids(PARTLY).filter((id) => ids(elsewhere).includes(id)).length, 0)
  assert.equal(new Set(ids(PARTLY)).size, ids(PARTLY).length)
})

test('evidence that speaks for several promises is one observation', () => {
  const shared = evidence('edge.tls', { promises: ['CUS-1', 'NET-7'] })
  assert.equal(resultOf(report([kept('CUS-1', shared), kept('NET-7', shared)])).observations?.length, 1)
})

test('a broken document is found', () => {
  const broken = (change: (document: Record<string, unknown>) => void) => {
    const document = structuredClone(renderOscal('assessment-results', PARTLY)) as Record<string, unknown>
    change(document['assessment-results'] as Record<string, unknown>)
    return faultsOf('assessment-results', document)
  }
  assert.deepEqual(
    broken(() => {}),
    [],
  )
  assert.notDeepEqual(
    broken((document) => Object.assign(document, { uuid: 'not-a-uuid' })),
    [],
  )
  assert.notDeepEqual(
    broken((document) => Object.assign(document, { invented: true })),
    [],
  )
  assert.notDeepEqual(
    broken((document) => Object.assign(document, { results: [] })),
    [],
  )
  assert.notDeepEqual(
    broken((document) => Object.assign(document.metadata as object, { 'last-modified': 'today' })),
    [],
  )
  assert.notDeepEqual(
    broken((document) => delete document['import-ap']),
    [],
  )
})
