import { join } from 'node:path'
import { HOME } from '#contract/installation.ts'
import type { Visit } from '#lab/visit.ts'
import { DEFAULT_HOME } from '#runtime/cli/context.ts'
import { type RunOptions, run } from '#runtime/drivers/process.ts'
import { networkOf } from '../network/other-network.ts'
import { CLIENT, type LabHands } from './hosts-place.ts'

const loadLab = () => import('#lab/index.ts')
type Lab = Awaited<ReturnType<Awaited<ReturnType<typeof loadLab>>['openLab']>>

/** No command of a drill takes as long: one that hangs fails the drill instead of holding it for ever. */
const COMMAND_MS = 300_000
/** The app's list of its rows has to come whole: 37 bytes each. */
const KEPT_BYTES = 64 * 1024 * 1024
const VISITORS = join(import.meta.dirname, 'visit-edges.ts')

/** What can be done to a lab from the machine that carries it. */
export function labHands(lab: Lab): LabHands {
  const hand =
    (does: 'killHost' | 'startHost' | 'freezeHost' | 'thawHost') =>
    async (name: string): Promise<void> => {
      const { [does]: act, findHost } = await loadLab()
      await act(lab, findHost(lab, name))
    }
  const line = (whole: boolean) => async (name: string) => {
    const { setLine, findSite } = await loadLab()
    await setLine(lab, findSite(lab, name), whole)
  }
  const keep: LabHands['keep'] = async (where, argv, until, onLine) => {
    const { runIn } = await loadLab()
    return await runIn(lab, where, argv, goingOn(until, onLine))
  }
  return {
    kill: hand('killHost'),
    start: hand('startHost'),
    freeze: hand('freezeHost'),
    thaw: hand('thawHost'),
    join: async (name) => {
      const { joinPlatform, hostsOf, findHost } = await loadLab()
      const first = hostsOf(lab.plan)[0] ?? findHost(lab, name)
      await joinPlatform(lab, first, findHost(lab, name))
    },
    cut: line(false),
    heal: line(true),
    isRunning: async (name) => {
      const { hostState, findHost } = await loadLab()
      return (await hostState(lab, findHost(lab, name))) === 'running'
    },
    engine: async (name) => {
      const { engineOf, findHost } = await loadLab()
      return await engineOf(lab, findHost(lab, name))
    },
    lines: async () => (await loadLab()).linesOf(lab),
    root: async (name) => {
      const { rootOf, findHost } = await loadLab()
      return await rootOf(lab, findHost(lab, name))
    },
    killProcess: async (name, pid) => {
      const { killProcess, findHost } = await loadLab()
      await killProcess(lab, findHost(lab, name), pid)
    },
    run: async (where, argv) => {
      const { runIn } = await loadLab()
      return await runIn(lab, where, argv, { timeoutMs: COMMAND_MS, keepBytes: KEPT_BYTES })
    },
    keep,
    keepOnNetwork: async (host, argv, until, onLine) => {
      const { onNetworkArgv } = await loadLab()
      return await run(await onNetworkArgv(lab, host, argv), goingOn(until, onLine))
    },
    network: networkIn(lab),
    visit: async (where, wanted, until, onLine) => {
      const visit: Visit = { ...wanted, caFile: await rootCertificate(lab, where) }
      return await keep(where, [process.execPath, VISITORS, JSON.stringify(visit)], until, onLine)
    },
  }
}

const networkIn =
  (lab: Lab): LabHands['network'] =>
  async (where) => {
    const { pidOnNetwork } = await loadLab()
    return networkOf(await pidOnNetwork(lab, where))
  }

/** How a program is run that goes on until the signal is aborted, and says one line after the other. */
const goingOn = (until: AbortSignal, onLine: (line: string) => void): RunOptions => ({
  inputUntil: until,
  onOutput: wholeLines(onLine),
  keepBytes: 4096,
})

/** Where the installation's root certificate is: a host has its own disk, the client that of this machine. */
async function rootCertificate(lab: Lab, where: string): Promise<string> {
  const file = join(HOME.pki, 'root.crt')
  if (where !== CLIENT) return join(DEFAULT_HOME, file)
  const { dataFolder, hostsOf } = await loadLab()
  const [first] = hostsOf(lab.plan)
  return first === undefined ? '' : join(dataFolder(lab, first), file)
}

/** Cuts what comes in pieces into whole lines. */
export function wholeLines(onLine: (line: string) => void): (piece: string) => void {
  let rest = ''
  return (piece) => {
    const all = (rest + piece).split('\n')
    rest = all.pop() ?? ''
    for (const one of all) onLine(one)
  }
}
