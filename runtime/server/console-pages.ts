import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fastifyStatic } from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { MaruError } from '#contract/errors.ts'

/** Where the built console is: beside the program, put there when the platform image is made. */
export const CONSOLE_DIR = join(import.meta.dirname, '../../console/dist')

const PAGE = 'index.html'
/** Files whose names change with their content. */
const ASSETS = '/assets/'
/** Stands in the page where each answer gets a nonce of its own. */
const NONCE_PLACE = '__CSP_NONCE__'

/** The built console. */
export interface ConsolePages {
  readonly dir: string
  /** The one page; every address of the console is served with it. */
  readonly page: string
  /** Every other file, as a path below the folder. Nothing but these is ever served. */
  readonly files: readonly string[]
}

/** Reads what Vite has built; undefined where nothing was. */
export async function loadConsole(dir: string): Promise<ConsolePages | undefined> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    },
  )
  if (!entries) return undefined
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(dir, join(parentPath, name)))
  const files = paths.filter((path) => path !== PAGE && !/\.(br|gz)$/.test(path))
  return { dir, files, page: await readFile(join(dir, PAGE), 'utf8') }
}

/** Registers the console's files: assets for ever, because a changed one has another name; the others for a while. */
export function serveConsoleFiles(fastify: FastifyInstance, { dir, files }: ConsolePages): void {
  // Every file of an image has the same time, so neither it nor an ETag made of it tells a changed file.
  const undated = { etag: false, lastModified: false }
  fastify.register(fastifyStatic, { root: dir, serve: false, preCompressed: true, ...undated })
  for (const path of files) {
    const kept = `/${path}`.startsWith(ASSETS)
      ? ({ immutable: true, maxAge: '365d' } as const)
      : { maxAge: '1h' }
    fastify.get(`/${path}`, (_request, reply) => reply.sendFile(path, kept))
  }
}

/** Whether somebody went to an address of the console: no route has it, and a browser asks for a page. */
export function asksForPage(request: FastifyRequest): boolean {
  const path = pathOf(request)
  const isOurs = !path.startsWith('/v1/') && path !== '/v1' && !path.startsWith(ASSETS)
  return isOurs && request.method === 'GET' && (request.headers.accept ?? '').includes('text/html')
}

/** Sends the page, with a nonce that allows the one style element that the components make at run time. */
export function sendPage(reply: FastifyReply, pages: ConsolePages | undefined): FastifyReply {
  if (!pages) throw new MaruError('platform.console_missing')
  const nonce = randomBytes(16).toString('base64')
  return reply
    .code(200)
    .type('text/html; charset=utf-8')
    .headers({
      'content-security-policy': policyWith(nonce),
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    })
    .send(pages.page.replaceAll(NONCE_PLACE, nonce))
}

const policyWith = (nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

const pathOf = (request: FastifyRequest) => request.url.split('?')[0] ?? ''
