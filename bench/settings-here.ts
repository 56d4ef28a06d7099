/**
 * Has the pair of a lab keep to Maru's settings or to Patroni's own, as a program of its own in the host of its first member: only
 * hosts reach the members, and that member's certificate is there.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { HOME, Installation } from '#contract/installation.ts'
import { DEFAULT_HOME } from '#runtime/cli/context.ts'
import { readText } from '#runtime/drivers/files.ts'
import { setPairSettings } from './pair-settings.ts'

const Wanted = z.object({ installation: Installation, whose: z.enum(['Maru', 'Patroni']) })
const { installation, whose } = Wanted.parse(JSON.parse(process.argv[2] ?? ''))
const rootPem = (await readText(join(DEFAULT_HOME, HOME.pki, 'root.crt'))) ?? ''
await setPairSettings({ installation, home: DEFAULT_HOME, rootPem }, whose)
