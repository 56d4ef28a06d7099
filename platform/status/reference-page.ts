import { z } from 'zod'
import type { Route } from '#contract/route.ts'
import { escapeHtml } from '#runtime/kit/html.ts'

type RouteTable = Readonly<Record<string, Readonly<Record<string, Route>>>>
interface Property {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
}

const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
section { border-top: 1px solid #8886; padding: 0.5rem 0; }
h3 { margin: 0.5rem 0 0; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0; }
.access { opacity: 0.75; }
`

/** The API for people to read: one static page, no script. */
export function renderReference(table: RouteTable, version: string): string {
  const parts = Object.entries(table).map(
    ([capability, routes]) =>
      `<h2 id="${escapeHtml(capability)}">${escapeHtml(capability)}</h2>${Object.entries(routes)
        .map(([name, route]) => renderRoute(`${capability}.${name}`, route))
        .join('')}`,
  )
  const links = Object.keys(table).map((name) => `<a href="#${escapeHtml(name)}">${escapeHtml(name)}</a>`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Maru API ${escapeHtml(version)}</title><style>${STYLE}</style></head><body>
<h1>Maru API ${escapeHtml(version)}</h1>
<p>Send <code>Authorization: Bearer maru_…</code>. Errors have a stable <code>code</code>, a <code>message</code> and a
<code>hint</code>. The same as a machine reads it: <a href="/openapi.json">/openapi.json</a>.</p>
<nav>${links.join(' · ')}</nav>
${parts.join('\n')}
</body></html>
`
}

function renderRoute(id: string, route: Route): string {
  const { resource, action } = route.access
  const access = resource === 'public' ? 'Open to everyone.' : `Needs ${action} on ${resource}.`
  const idempotent = route.idempotent ? ' Takes an <code>Idempotency-Key</code>.' : ''
  return `<section id="${escapeHtml(id)}"><h3><code>${route.method} ${escapeHtml(route.path)}</code></h3>
<p>${escapeHtml(route.summary)}. <span class="access">${escapeHtml(access)}${idempotent}</span></p>
${renderFields('Path', route.params)}${renderFields('Query', route.query)}${renderBody(route)}</section>`
}

function renderBody(route: Route): string {
  if (!route.upload) return renderFields('Body', route.body)
  return `<p>Body: <code>${escapeHtml(route.upload.type)}</code>, at most ${route.upload.maxBytes / 1024 / 1024} MB.</p>`
}

function renderFields(title: string, schema: z.ZodType): string {
  if (schema instanceof z.ZodUndefined) return ''
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  const rows = Object.entries((json.properties ?? {}) as Record<string, Property>)
  if (rows.length === 0) return ''
  const required = new Set(json.required ?? [])
  const body = rows.map(
    ([name, property]) =>
      `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(typeOf(property))}${required.has(name) ? '' : ', optional'}</td><td>${escapeHtml(property.description ?? '')}</td></tr>`,
  )
  return `<table><tr><th>${title}</th><th>Type</th><th></th></tr>${body.join('')}</table>`
}

function typeOf({ type, enum: values, default: preset }: Property): string {
  const what = values ? values.join(' | ') : (type ?? 'any')
  return preset === undefined ? what : `${what} (default ${JSON.stringify(preset)})`
}
