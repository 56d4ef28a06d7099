import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HOME } from '#contract/installation.ts'
import { type Load, startHttpsLoad } from '#runtime/drivers/https-load.ts'
import type { DrillPlace } from './drill.ts'

const SHAPE = { kept: 6, fresh: 2 } as const

/** Visitors of an app: over TLS through the edge, on connections that are kept and on new ones. */
export async function startAppLoad({ installation, home }: DrillPlace, app: string): Promise<Load> {
  const ca = await readFile(join(home, HOME.pki, 'root.crt'), 'utf8')
  const name = `${app}.${installation.domain}`
  return startHttpsLoad({ host: '127.0.0.1', port: installation.ports.https, name, ca }, SHAPE)
}
