import { z } from 'zod'
import { ACCOUNT_LIMITS } from '#contract/accounts.ts'
import { APP_LIMITS } from '#contract/apps.ts'
import { AUDIT_LIMITS } from '#contract/audit.ts'
import { DATA_LIMITS } from '#contract/data.ts'
import { DETECTION_LIMITS } from '#contract/detection.ts'
import { ERRORS } from '#contract/errors.ts'
import { GUARD_LIMITS } from '#contract/guard.ts'
import { AgentConfig, ControlConfig, Installation } from '#contract/installation.ts'
import { NETWORK_LIMITS } from '#contract/network.ts'
import { NOTICE_LIMITS } from '#contract/network-notices.ts'
import type { Route } from '#contract/route.ts'
import { STACK_LIMITS } from '#contract/stacks.ts'
import { UPSTREAM_LIMITS } from '#contract/upstream.ts'
import { EDGE_LIMITS } from '#platform/edge/index.ts'
import { LIMIT_MEANINGS } from './limit-meanings.ts'

type Schema = z.core.JSONSchema.BaseSchema

const NOTICE = '<!-- Made from contract/ by tools/generate.ts: change it there. -->'
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')

/** A Markdown table. */
export const table = (head: readonly string[], rows: ReadonlyArray<readonly string[]>): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

/** A generated document: title, notice, paragraphs. */
export const document = (title: string, ...parts: readonly string[]): string =>
  `${[`# ${title}`, NOTICE, ...parts.filter(Boolean)].join('\n\n')}\n`

/** JSON Schema of a Zod schema, as callers see it. */
const schemaOf = (schema: z.ZodType): Schema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })

/** A schema's type in a few words. */
function typeText(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ')
  if (schema.const !== undefined) return `\`${schema.const}\``
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return choices.map((choice) => typeText(choice as Schema)).join(' or ')
  if (schema.type === 'array') return `list of ${typeText(schema.items as Schema)}`
  if (schema.type === 'object' && !schema.properties) return 'map'
  return String(schema.type ?? 'any')
}

/** Rows of a schema's fields, nested ones as `outer.inner`. */
function fieldRows(schema: Schema, prefix = ''): string[][] {
  const required = new Set(schema.required ?? [])
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const inner = field as Schema
    const row = [
      `\`${prefix}${name}\``,
      `${typeText(inner)}${required.has(name) ? '' : ', optional'}`,
      inner.description ?? '',
    ]
    const items = inner.items as Schema | undefined
    if (items?.properties) return [row, ...fieldRows(items, `${prefix}${name}[].`)]
    return inner.properties ? [row, ...fieldRows(inner, `${prefix}${name}.`)] : [row]
  })
}

const fieldTable = (title: string, schema: z.ZodType) => {
  const rows = fieldRows(schemaOf(schema))
  return rows.length === 0 ? '' : `${title}\n\n${table(['field', 'type', 'meaning'], rows)}`
}

const KINDS: Readonly<Record<Route['kind'], string>> = {
  json: 'JSON',
  events: 'server-sent events; resume with `Last-Event-ID`',
  lines: 'newline-delimited JSON',
  text: 'text',
  duplex: 'HTTP upgrade (`Upgrade: maru-stream`), then frames in both directions',
}

function routeText(route: Route): string {
  const facts = [
    `Needs: \`${route.access.action}\` on \`${route.access.resource}\`.`,
    `Answers ${route.status}, ${KINDS[route.kind]}.`,
    route.upload ? `Body: a stream of \`${route.upload.type}\`, at most ${route.upload.maxBytes} bytes.` : '',
    route.idempotent ? 'Takes an `Idempotency-Key`.' : '',
  ]
  return [
    `### ${route.summary}`,
    `\`${route.method} ${route.path}\``,
    facts.filter(Boolean).join(' '),
    fieldTable('Path:', route.params),
    fieldTable('Query:', route.query),
    fieldTable('Body:', route.body),
    fieldTable('Answer:', route.response),
  ]
    .filter(Boolean)
    .join('\n\n')
}

const API_RULES = [
  '- **Who you are**: `Authorization: Bearer TOKEN`; `maru tokens create NAME` makes a token. A browser has a session instead.',
  '- **Errors** have one form, `{"error": {"code", "message", "hint", "params"}}`: what happened and why, and what to do next. The [codes](errors.md) are stable.',
  '- **Long work** answers with an operation at once. Its events can be read again from any point: a lost connection loses nothing.',
  '- **Once only**: where a route takes an `Idempotency-Key` (any text of your own), the same request with the same key is carried out once, however often it is sent.',
  '- **Limits**: too many requests are answered with 429 and `Retry-After`.',
].join('\n')

/** Every route, capability by capability. */
export function renderApi(api: Readonly<Record<string, Readonly<Record<string, Route>>>>): string {
  const parts = Object.entries(api).flatMap(([capability, routes]) => [
    `## ${capability}`,
    ...Object.values(routes).map(routeText),
  ])
  return document(
    'API',
    'The same as [openapi.json](openapi.json), for people. Every address begins with that of the platform, such as `https://maru.example.org`.',
    API_RULES,
    ...parts,
  )
}

/** The error catalogue. */
export function renderErrors(): string {
  const rows = Object.entries(ERRORS).map(([code, row]) => [
    `\`${code}\``,
    String(row.status),
    String(row.exit),
    row.message,
    row.hint,
  ])
  return document(
    'Errors',
    'Codes are stable: scripts may match on them. Exit codes of the CLI: 0 done, 1 failed, 2 invalid input, 3 refused, 4 unreachable.',
    table(['code', 'HTTP', 'exit', 'what happened', 'what to do next'], rows),
  )
}

/** Configuration files of an installation. `maru up` writes them. */
export function renderConfig(): string {
  const files: ReadonlyArray<readonly [string, z.ZodType]> = [
    ['`installation.json`: made by the first `maru up`', Installation],
    ['`control/config.json`: read by the control plane at its start', ControlConfig],
    ['`agent/config.json`: read by the host agent at its start', AgentConfig],
  ]
  return document(
    'Configuration',
    '`maru up` writes these files into the data folder (default `/var/lib/maru`). Nobody needs to edit them.',
    ...files.map(([title, schema]) => fieldTable(`## ${title}`, schema)),
  )
}

const MEGABYTE = 1024 * 1024

/** A limit for people; its unit is at the end of its name. */
function limitText(name: string, value: number): string {
  if (name.endsWith('Bytes')) return value >= MEGABYTE ? `${value / MEGABYTE} MB` : `${value / 1024} kB`
  if (name.endsWith('Mb')) return `${value} MB`
  if (name.endsWith('Hours')) return `${value} hours`
  if (name.endsWith('Days')) return `${value} days`
  if (name.endsWith('S')) return value % 60 === 0 ? `${value / 60} min` : `${value} s`
  return String(value)
}

const limitRows = (limits: object, prefix = ''): string[][] =>
  Object.entries(limits).flatMap(([key, value]) => {
    const name = `${prefix}${key}`
    if (typeof value === 'object') return limitRows(value, `${name}.`)
    const meaning = LIMIT_MEANINGS[name]
    if (meaning === undefined) throw new Error(`tools/limit-meanings.ts has no words for the limit ${name}`)
    return [[`\`${name}\``, limitText(key, value), meaning]]
  })

/** Every limit, as the program enforces it. */
export function renderLimits(): string {
  const groups: ReadonlyArray<readonly [string, object]> = [
    ['Apps', APP_LIMITS],
    ['Stacks', STACK_LIMITS],
    ['Requests', EDGE_LIMITS],
    ['Who speaks to the hosts', GUARD_LIMITS],
    ['Incidents', DETECTION_LIMITS],
    ['Databases', DATA_LIMITS],
    ['The network', { ...NETWORK_LIMITS, ...NOTICE_LIMITS }],
    ['Providers', UPSTREAM_LIMITS],
    ['The audit log', AUDIT_LIMITS],
    ['Accounts', ACCOUNT_LIMITS],
  ]
  return document(
    'Limits',
    'As the program enforces them; MB are 2^20 bytes. The error that enforces a limit names it too.',
    ...groups.map(
      ([title, limits]) => `## ${title}\n\n${table(['limit', 'value', 'of what'], limitRows(limits))}`,
    ),
  )
}
