import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { followPacketLog } from '#runtime/drivers/packet-log.ts'
import type { TestNetwork } from '#runtime/drivers/test-networks.ts'
import { logGroupOf } from './names.ts'
import { type PacketNotice, parseNotice } from './notice.ts'
import { place } from './test-attack.ts'

/** What the kernel of a network tells of. */
export interface Notices {
  readonly all: PacketNotice[]
  end(): Promise<void>
}

/** Reads it from now on. */
export async function followNotices({ enter }: Pick<TestNetwork, 'enter'>): Promise<Notices> {
  const folder = await mkdtemp(join(tmpdir(), 'maru-notices-'))
  const ended = new AbortController()
  const all: PacketNotice[] = []
  const onLine = (line: string) => {
    const notice = parseNotice(line, Date.now())
    if (notice !== undefined) all.push(notice)
  }
  const log = followPacketLog(
    { group: logGroupOf(place), folder, enter, onChange: () => undefined, onLine },
    ended.signal,
  )
  const end = async () => {
    ended.abort()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await poll('the packet log', async () => log.problem() === '')
  } catch (error) {
    await end()
    throw error
  }
  return { all, end }
}

/** Asks until it is so, for ten seconds. */
export async function poll(what: string, ask: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 500; n++) {
    if (await ask()) return
    await delay(20)
  }
  throw new Error(`${what}: not within 10 s`)
}
