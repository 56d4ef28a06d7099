/**
 * Hands the lead of the pair over, as a program of its own in the host of a lab that has the leader: only hosts reach the members.
 * Patroni's own command takes seconds of a processor for it, in the very moment in which the pair needs it.
 */
import { z } from 'zod'
import { Installation } from '#contract/installation.ts'
import { DEFAULT_HOME } from '#runtime/cli/context.ts'
import { orderHandOver } from '../switch-over.ts'

const GIVEN_UP_MS = 60_000

const Wanted = z.object({ installation: Installation, leader: z.string(), candidate: z.string() })
const { installation, leader, candidate } = Wanted.parse(JSON.parse(process.argv[2] ?? ''))
await orderHandOver({ home: DEFAULT_HOME, installation }, leader, candidate, AbortSignal.timeout(GIVEN_UP_MS))
