import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import type { Visit } from '#lab/visit.ts'
import type { LoadSeen } from '#runtime/drivers/https-load.ts'
import { ROOT } from '#tools/source-tree.ts'
import { type BenchLab, PAGE } from './bench-lab.ts'
import type { BenchPlace } from './benchmark.ts'
import { startSteadyLoad } from './steady-load.ts'

/** Connections at each edge that ask again as soon as they are answered. */
export const STEADY = 2

const Seen = z.array(
  z.object({
    requests: z.number(),
    failed: z.number(),
    failures: z.array(z.string()),
    slowestMs: z.number(),
  }),
)
/** What the visitors of edges saw. */
export const EdgesSeen = z.strictObject({ asking: Seen, writing: Seen })
export type EdgesSeen = z.infer<typeof EdgesSeen>

/** Visitors of the edges of some hosts. */
export interface EdgeVisitors {
  /** The visitors of a host's edge are sent elsewhere: they leave, and what they saw counts. */
  leave(host: string): Promise<void>
  /** Ends all visits and tells what came of them. */
  stop(): Promise<EdgesSeen>
}

/** Begins to visit the edges of hosts, from the client of a lab. */
export async function visitEdges(
  place: Pick<BenchPlace, 'folder'>,
  lab: BenchLab,
  hosts: readonly string[],
): Promise<EdgeVisitors> {
  const visits = new Map<string, () => Promise<EdgesSeen>>()
  const seen: EdgesSeen[] = []
  const leave = async (host: string) => {
    const stop = visits.get(host)
    visits.delete(host)
    if (stop !== undefined) seen.push(await stop())
  }
  const stop = async () => {
    await Promise.all([...visits.keys()].map(leave))
    return {
      asking: seen.flatMap(({ asking }) => asking),
      writing: seen.flatMap(({ writing }) => writing),
    }
  }
  try {
    for (const host of hosts) visits.set(host, await visitEdge(place, lab, host))
  } catch (error) {
    await stop()
    throw error
  }
  return { leave, stop }
}

async function visitEdge(
  { folder }: Pick<BenchPlace, 'folder'>,
  lab: BenchLab,
  host: string,
): Promise<() => Promise<EdgesSeen>> {
  const address = lab.address(host)
  const target = { url: `https://${lab.nameOf(PAGE)}/`, address }
  const steady = await startSteadyLoad(target, STEADY, folder, await lab.enter('client'))
  const others = visitSlowly(lab.home, { ...lab.visit, addresses: [address] })
  return async () => {
    const [page, { asking, writing }] = await Promise.all([steady.stop(), others()])
    return EdgesSeen.parse({ asking: [page satisfies LoadSeen, ...asking], writing })
  }
}

/** Those that rest between two requests, and those that write, as a program of their own. */
function visitSlowly(labHome: string, visit: Visit): () => Promise<EdgesSeen> {
  const inside = ['--', process.execPath, 'bench/edge-visitors.ts', JSON.stringify(visit)]
  const child = spawn(join(ROOT, 'maru'), ['lab', 'exec', '--home', labHome, 'client', ...inside], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const printed = text(child.stdout)
  const ended = once(child, 'close')
  return async () => {
    child.stdin.end()
    await ended
    return EdgesSeen.parse(JSON.parse(await printed))
  }
}
