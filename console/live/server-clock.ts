/** What the server's clock said, and what the browser's steady timer said then. The browser's own clock may be wrong. */
let seen: { readonly serverMs: number; readonly steadyMs: number } | undefined

/** Sets the clock by what an answer or an event says; unreadable text is left out. */
export function noteServerTime(at: string | null): void {
  const serverMs = at === null ? Number.NaN : Date.parse(at)
  if (!Number.isNaN(serverMs)) seen = { serverMs, steadyMs: performance.now() }
}

/** The time by the server's clock. */
export function serverNow(): Date {
  return seen === undefined ? new Date() : new Date(seen.serverMs + performance.now() - seen.steadyMs)
}
