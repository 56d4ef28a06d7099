import { z } from 'zod'
import { ErrorBody } from '#contract/errors.ts'
import type { Route } from '#contract/route.ts'

type RouteTable = Readonly<Record<string, Readonly<Record<string, Route>>>>
type Json = Record<string, unknown>

/** The API as an OpenAPI 3.1 document, made from the route table alone. */
export function renderOpenApi(table: RouteTable, server: { version: string; url: string }): Json {
  const paths: Record<string, Json> = {}
  for (const [capability, routes] of Object.entries(table)) {
    for (const [name, route] of Object.entries(routes)) {
      const path = paths[route.path] ?? {}
      path[route.method.toLowerCase()] = operationOf(capability, name, route)
      paths[route.path] = path
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Maru',
      version: server.version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: server.url }],
    tags: Object.keys(table).map((name) => ({ name })),
    paths,
    components: {
      schemas: { Error: schemaOf(ErrorBody, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'An API token: maru_…' } },
    },
  }
}

function operationOf(capability: string, name: string, route: Route): Json {
  const isPublic = route.access.resource === 'public'
  const body = requestBodyOf(route)
  return {
    operationId: `${capability}.${name}`,
    tags: [capability],
    summary: route.summary,
    description: `Needs: ${route.access.action} on ${route.access.resource}.`,
    security: isPublic ? [] : [{ token: [] }],
    parameters: parametersOf(route),
    ...(body ? { requestBody: body } : {}),
    responses: {
      [route.kind === 'duplex' ? 101 : route.status]: responseOf(route),
      default: {
        description: 'An error: what happened, why, and what to do next',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

function parametersOf(route: Route): Json[] {
  const listed = [
    ...parametersIn('path', schemaOf(route.params, 'input')),
    ...parametersIn('query', schemaOf(route.query, 'input')),
  ]
  if (route.idempotent)
    listed.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'The same key and request give the same answer for 24 h, without a second effect',
      schema: { type: 'string', maxLength: 200 },
    })
  return listed
}

function parametersIn(place: 'path' | 'query', schema: Json): Json[] {
  const required = (schema.required ?? []) as string[]
  return Object.entries((schema.properties ?? {}) as Record<string, Json>).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(property.description ? { description: property.description } : {}),
    schema: property,
  }))
}

function requestBodyOf(route: Route): Json | undefined {
  if (route.upload)
    return {
      required: true,
      description: `At most ${route.upload.maxBytes} bytes`,
      content: { [route.upload.type]: { schema: { type: 'string', format: 'binary' } } },
    }
  if (route.body instanceof z.ZodUndefined) return undefined
  return { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } }
}

const STREAMS: Readonly<Partial<Record<Route['kind'], [string, string]>>> = {
  events: ['text/event-stream', 'Server-sent events; each `data` is one of these'],
  lines: ['application/x-ndjson', 'One of these on each line'],
}

function responseOf(route: Route): Json {
  if (route.kind === 'duplex')
    return { description: 'The connection becomes a byte stream (`Upgrade: maru-stream`)' }
  if (route.kind === 'text')
    return {
      description: route.summary,
      content: { [route.mediaType ?? 'text/plain']: { schema: { type: 'string' } } },
    }
  const [type, description] = STREAMS[route.kind] ?? ['application/json', route.summary]
  return { description, content: { [type]: { schema: schemaOf(route.response, 'output') } } }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json
  return rest
}
