import { join } from 'node:path'
import { z } from 'zod'
import { HOME } from '#contract/installation.ts'
import type { DrillPlace } from '../drill.ts'
import type { Outsider } from './other-network.ts'

/** Addresses of one place outside, in turn for each request. */
export const Sources = z.strictObject({
  /** The first two numbers of each. */
  prefix: z.string(),
  first: z.number(),
  count: z.number(),
})
export type Sources = z.infer<typeof Sources>

/** Whom visitors ask, and how many of them there are. */
export const HostVisit = z.strictObject({
  host: z.string(),
  port: z.number(),
  name: z.string(),
  caFile: z.string(),
  /** Connections that are kept for many requests, and clients with a new one for each. */
  shape: z.strictObject({ kept: z.number(), fresh: z.number() }),
  /** Ports of other programs on the host, which one of them asks in turn. */
  others: z.array(z.number()),
  restMs: z.number(),
  /** Left out: the place's own address. */
  sources: Sources.optional(),
})
export type HostVisit = z.infer<typeof HostVisit>

/** What visitors saw since they said something last. */
export const HostVisitNews = z.strictObject({ answered: z.number(), failures: z.array(z.string()) })
export type HostVisitNews = z.infer<typeof HostVisitNews>

/** Visitors at some place outside. */
export interface Visitors {
  /** Requests that were answered well until now. */
  answered(): number
  failures(): readonly string[]
  stop(): Promise<void>
}

/** They leave when they are told, or when whoever brought them has gone; this is only the end of all patience. */
const LONGEST_MS = 3_600_000
const PROGRAM = join(import.meta.dirname, 'visit-host.ts')

/** Lets people at a place outside visit an app, through the edge. */
export function startVisitors(
  { installation, home }: Pick<DrillPlace, 'installation' | 'home'>,
  from: Outsider,
  app: string,
  {
    shape,
    others = [],
    restMs,
    sources,
  }: Pick<HostVisit, 'shape' | 'restMs' | 'sources'> & { readonly others?: readonly number[] },
): Visitors {
  const visit: HostVisit = {
    ...{ host: from.host, port: installation.ports.https, name: `${app}.${installation.domain}` },
    caFile: join(home, HOME.pki, 'root.crt'),
    ...{ shape, others: [...others], restMs, sources },
  }
  const failures: string[] = []
  const leaving = new AbortController()
  let answered = 0
  let rest = ''
  const onOutput = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const news = HostVisitNews.parse(JSON.parse(line))
      answered += news.answered
      failures.push(...news.failures)
    }
  }
  const argv = [process.execPath, PROGRAM, JSON.stringify(visit)]
  const going = from.run(argv, {
    inputUntil: leaving.signal,
    onOutput,
    timeoutMs: LONGEST_MS,
    keepBytes: 4096,
  })
  void going.then(({ exitCode, stderr }) => {
    if (exitCode !== 0) failures.push(`the visitors have ended: ${stderr.trim().split('\n').at(-1)}`)
  })
  return {
    answered: () => answered,
    failures: () => failures,
    stop: async () => {
      leaving.abort()
      await going
    },
  }
}
