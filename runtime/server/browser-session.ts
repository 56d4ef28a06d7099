import type { FastifyReply, FastifyRequest } from 'fastify'

/** `__Host-`: only this very host can set it, over HTTPS; an app on a subdomain cannot put its own in place. */
const COOKIE = '__Host-maru-session'
const FLAGS = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const

/** The session of the browser that asks, as handlers see it. */
export interface BrowserSession {
  /** What its cookie holds; undefined where there is none or where it does not count. */
  readonly secret: string | undefined
  /** Sends a cookie with the answer that ends after so many seconds. */
  begin(secret: string, seconds: number): void
  /** Takes the cookie away with the answer. */
  end(): void
}

/**
 * The cookie's content, where it counts. Apps live on subdomains: for a browser they are the same site, so it sends the
 * cookie with their requests too. It counts only when the request came from the platform's own pages.
 */
export function sessionSecretOf(request: FastifyRequest, origin: string): string | undefined {
  return isOwnPage(request, origin) ? request.cookies[COOKIE] : undefined
}

function isOwnPage({ headers }: FastifyRequest, origin: string): boolean {
  const site = headers['sec-fetch-site']
  return site === undefined ? headers.origin === origin : site === 'same-origin'
}

/** The session of a request, and how its answer changes it. */
export const browserSession = (
  request: FastifyRequest,
  reply: FastifyReply,
  origin: string,
): BrowserSession => ({
  secret: sessionSecretOf(request, origin),
  begin: (secret, seconds) => void reply.setCookie(COOKIE, secret, { ...FLAGS, maxAge: seconds }),
  end: () => void reply.clearCookie(COOKIE, FLAGS),
})
