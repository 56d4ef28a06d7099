import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname } from 'node:path'
import { contentType } from 'mime-types'
import send from 'send'
import type { SiteFile, SiteFiles } from './site-files.ts'

/** Names with a content hash, as bundlers make them: their content never changes. */
const HASHED = /[.-](?=[\w-]*\d)[\w-]{8,}\.\w+$/

/** Serves a folder: ETag and ranges, precompressed files, index pages, 404.html. Reads nothing outside of the list. */
export function makeStaticHandler(root: string, files: SiteFiles) {
  return (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('X-Content-Type-Options', 'nosniff')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      return plain(response, 405, 'Only GET and HEAD are possible here.\n')
    }
    const [rawPath = '/', query] = (request.url ?? '/').split('?', 2)
    const path = decode(rawPath)
    if (path === undefined) return plain(response, 400, 'This address is not valid.\n')
    const found = files.find(path)
    if (found?.kind === 'redirect') return redirect(response, found.to, query)
    if (found !== undefined) return serve(request, response, found.path)
    if (path === '/health') return plain(response, 200, 'ok\n')
    return notFound(request, response)
  }

  function serve(request: IncomingMessage, response: ServerResponse, path: string): void {
    const form = files.bestForm(path, String(request.headers['accept-encoding'] ?? ''))
    setHeaders(response, path, form)
    transmit(request, response, root, form)
  }

  function notFound(request: IncomingMessage, response: ServerResponse) {
    if (!files.has('404.html')) return plain(response, 404, 'There is nothing here.\n')
    // A range or condition of the request was meant for another file.
    for (const name of ['range', 'if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since']) {
      delete request.headers[name]
    }
    response.statusCode = 404
    response.setHeader('Cache-Control', 'no-cache')
    transmit(request, response, root, { path: '404.html', encoding: undefined })
  }

  function setHeaders(response: ServerResponse, path: string, form: SiteFile): void {
    response.setHeader('ETag', files.tagOf(form.path))
    response.setHeader('Vary', 'Accept-Encoding')
    response.setHeader(
      'Cache-Control',
      HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    )
    if (form.encoding === undefined) return
    response.setHeader('Content-Encoding', form.encoding)
    // The type is that of the file itself, not of its compressed form.
    response.setHeader('Content-Type', contentType(extname(path)) || 'application/octet-stream')
  }
}

function transmit(request: IncomingMessage, response: ServerResponse, root: string, form: SiteFile): void {
  const options = { root, dotfiles: 'allow', lastModified: false, cacheControl: false, index: false } as const
  send(request, encodeURI(`/${form.path}`).replaceAll('#', '%23').replaceAll('?', '%3F'), options)
    .on('error', (error: { status?: number }) => {
      if (error.status === 416) response.setHeader('Cache-Control', 'no-cache')
      plain(response, error.status ?? 500, 'This could not be served.\n')
    })
    .pipe(response)
}

function decode(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path)
    return decoded.startsWith('/') && !decoded.includes('\0') ? decoded : undefined
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

function redirect(response: ServerResponse, to: string, query: string | undefined): void {
  // One slash in front only: `//host` would lead to another site.
  const path = encodeURI(to.replace(/^\/+/, '/'))
  response.setHeader('Location', query === undefined ? path : `${path}?${query}`)
  plain(response, 308, 'It is at the address with a slash at the end.\n')
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(text)
}
