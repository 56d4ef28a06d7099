import { join } from 'node:path'
import { z } from 'zod'
import { MaruError } from '#contract/errors.ts'
import type { Revisions } from '#images/build-images.ts'
import { ensureFolder, readJson, writeFileAtomic } from '#runtime/drivers/files.ts'

/** What can be made anew by name; what stands on one of these follows by itself. */
const RENEWABLE = ['base', 'database', 'edge', 'detector', 'app'] as const
type Renewable = (typeof RENEWABLE)[number]

const Saved = z.partialRecord(z.enum(RENEWABLE), z.string())

/** The value of `--renew`, such as `base,edge`. */
export function parseRenew(text: string | undefined): Renewable[] {
  if (text === undefined) return []
  return text.split(',').map((name) => {
    const found = RENEWABLE.find((one) => one === name.trim())
    if (found !== undefined) return found
    throw new MaruError('invalid', { field: '--renew', reason: `must be some of ${RENEWABLE.join(', ')}` })
  })
}

/**
 * Which images were asked for anew, and when; `renew` adds to it. Kept, because the time is part of an image's name: a
 * later `maru up` would go back to the image before otherwise.
 */
export async function noteRevisions(
  home: string,
  renew: readonly Renewable[],
  now: Date,
): Promise<Revisions> {
  const file = join(home, 'images', 'revisions.json')
  const saved = Saved.parse((await readJson(file)) ?? {})
  if (renew.length === 0) return saved
  const all = { ...saved, ...Object.fromEntries(renew.map((name) => [name, now.toISOString()])) }
  await ensureFolder(join(home, 'images'), 0o755)
  await writeFileAtomic(file, `${JSON.stringify(all)}\n`)
  return all
}
