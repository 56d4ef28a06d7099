import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pack } from 'tar-stream'
import { addressesOf, HOME, numberOfMember } from '#contract/installation.ts'
import { LABELS } from '#runtime/drivers/docker.ts'
import { readClock } from '#runtime/drivers/patroni-client.ts'
import type { DrillPlace } from './drill.ts'
import type { Doors } from './ledger-doors.ts'
import { NothingProven } from './not-measured.ts'
import { removeStandIn, standIn } from './stand-in.ts'
import { waitUntil } from './wait-until.ts'

const ANSWER_MS = 5000
/** Answers take their time, and Patroni's are whole seconds. */
const TOLERANCE_S = 5
const SEEN_S = 10
/** Where the member's Python looks for what was added to it; a file `.pth` there is read at its start. */
const FIND = ['python3', '-c', 'import site; print(site.getsitepackages()[0])']
const SET = `
import os, sys
path = sys.argv[1] + '/offset'
with open(path + '.new', 'w') as file:
    file.write(sys.argv[2] + chr(10))
os.replace(path + '.new', path)
`

/** A member whose keeper and server have a clock of their own. */
export interface OtherClock {
  readonly member: string
  /** Sets it so many seconds ahead of the machine's; both are asked whether it is so. */
  set(seconds: number, doors: Doors): Promise<void>
  remove(): Promise<void>
}

/** Starts a member again with a clock that can be set; it goes with the machine's until then. */
export async function onOtherClock(place: DrillPlace, member: string): Promise<OtherClock> {
  const { installation } = place
  const { docker } = await place.hostOf(member)
  const name = `${installation.name}-${member}`
  const volume = `${name}-clock`
  const target = (await docker.containers.exec(name, FIND)).stdout.trim()
  await docker.volumes.ensure(volume, { [LABELS.owner]: installation.id })
  await standIn(place, member, { volume, target, files: await clockFiles() })
  return {
    member,
    set: async (seconds, doors) => {
      const argv = ['python3', '-c', SET, target, withSign(seconds)]
      const { exitCode, stderr } = await docker.containers.exec(name, argv, { user: '0:0' })
      if (exitCode !== 0) throw new NothingProven(stderr.trim())
      await waitUntil(`${member} to be ${seconds} s ahead`, { timeoutS: SEEN_S, signal: place.signal }, () =>
        areAhead(place, member, seconds, doors).catch(() => false),
      )
    },
    remove: () => removeStandIn(place, member, volume),
  }
}

/** A bare number would be read as a date. */
const withSign = (seconds: number) => `${seconds < 0 ? '' : '+'}${seconds}`

async function clockFiles(): Promise<Readable> {
  const tar = pack()
  const module = await readFile(join(import.meta.dirname, 'member-clock.py'), 'utf8')
  tar.entry({ name: 'member_clock.py' }, module)
  tar.entry({ name: 'clock.pth' }, 'import member_clock\n')
  tar.entry({ name: 'offset' }, '+0\n')
  tar.finalize()
  return tar as unknown as Readable
}

/** Whether its keeper and its server both say so: a clock that did not move would make the drill pass for nothing. */
async function areAhead(
  { home, installation }: DrillPlace,
  member: string,
  seconds: number,
  { members }: Doors,
): Promise<boolean> {
  const index = numberOfMember(member) - 1
  const { postgres, patroniPort } = addressesOf(installation)
  const url = `https://${postgres[index]}:${patroniPort}`
  const isAhead = (clock: Date | undefined) =>
    clock !== undefined && Math.abs((clock.getTime() - Date.now()) / 1000 - seconds) < TOLERANCE_S
  const keeper = await readClock(url, join(home, HOME.pki, 'root.crt'))
  const client = await members[index]?.(ANSWER_MS)
  try {
    const answer = await client?.query<{ now: Date }>('SELECT clock_timestamp() AS now')
    return isAhead(keeper) && isAhead(answer?.rows[0]?.now)
  } finally {
    await client?.end()
  }
}
