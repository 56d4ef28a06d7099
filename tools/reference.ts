import { z } from 'zod'
import { ACCOUNT_LIMITS } from '#contract/accounts.ts'
import { APP_LIMITS } from '#contract/apps.ts'
import { DATA_LIMITS } from '#contract/data.ts'
import { ERRORS } from '#contract/errors.ts'
import { AgentConfig, ControlConfig, Installation } from '#contract/installation.ts'
import type { Route } from '#contract/route.ts'

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

/** Every route, capability by capability. */
export function renderApi(api: Readonly<Record<string, Readonly<Record<string, Route>>>>): string {
  const parts = Object.entries(api).flatMap(([capability, routes]) => [
    `## ${capability}`,
    ...Object.values(routes).map(routeText),
  ])
  return document(
    'API',
    'The same as [openapi.json](openapi.json), for people. Send `Authorization: Bearer TOKEN`. Errors have one form and stable codes: [errors](errors.md).',
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

const limitRows = (limits: object, prefix = ''): string[][] =>
  Object.entries(limits).flatMap(([name, value]) =>
    typeof value === 'object'
      ? limitRows(value, `${prefix}${name}.`)
      : [[`\`${prefix}${name}\``, String(value)]],
  )

/** Every limit, as the program enforces it. */
export function renderLimits(): string {
  const groups: ReadonlyArray<readonly [string, object]> = [
    ['Apps', APP_LIMITS],
    ['Databases', DATA_LIMITS],
    ['Accounts', ACCOUNT_LIMITS],
  ]
  return document(
    'Limits',
    'Names end in their unit: `Bytes`, `Mb` (2^20 bytes), `S` (seconds), `Days`. Each limit is also in the error that enforces it.',
    ...groups.map(([title, limits]) => `## ${title}\n\n${table(['limit', 'value'], limitRows(limits))}`),
  )
}
