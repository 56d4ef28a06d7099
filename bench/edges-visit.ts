import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { z } from 'zod'
import type { Visit } from '#lab/visit.ts'
import { ROOT } from '#tools/source-tree.ts'

const Seen = z.array(
  z.object({
    requests: z.number(),
    failed: z.number(),
    failures: z.array(z.string()),
    slowestMs: z.number(),
  }),
)
/** What the visitors of each edge saw. */
export const EdgesSeen = z.strictObject({ asking: Seen, writing: Seen })
export type EdgesSeen = z.infer<typeof EdgesSeen>

/** Begins to visit, from the client of a lab; what is given back ends it and tells what came of it. */
export function visitEdges(labHome: string, visit: Visit): () => Promise<EdgesSeen> {
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
