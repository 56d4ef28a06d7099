import { join } from 'node:path'
import { MaruError } from '#contract/errors.ts'
import { Fleet } from '#contract/fleet.ts'
import { HOME, Installation } from '#contract/installation.ts'
import { makeClient } from '#runtime/cli/api-client.ts'
import type { Client } from '#runtime/cli/client.ts'
import { rootSocket } from '#runtime/cli/connect.ts'
import { DEFAULT_HOME, type Environment } from '#runtime/cli/context.ts'
import { readJson } from '#runtime/drivers/files.ts'
import { retrying } from '#runtime/kit/retry.ts'
import { sharedApp } from './app-in-lab.ts'
import type { HostsGround, LabHost } from './hosts-place.ts'
import { labHands } from './lab-hands.ts'

/** The lab is loaded where there is one: the control plane and the agent know its drills, but have no lab in their image. */
const loadLab = () => import('#lab/index.ts')
type Lab = Awaited<ReturnType<Awaited<ReturnType<typeof loadLab>>['openLab']>>

/** How patient root's own questions are: another host is asked after that. */
const PATIENCE = { answerMs: 5000, retryMs: 0 } as const

/** So long somebody is asked anew while nobody can answer: a control plane that goes takes seconds to be replaced. */
const PATIENT_MS = 10_000

export interface OpenLab extends HostsGround {
  /** Destroys the app, where there is one. */
  close(): Promise<void>
}

/** Whether a folder is that of a lab, whatever state it is in. */
export const isLabHome = async (home: string): Promise<boolean> =>
  (await (await loadLab()).loadLabFile(home)) !== undefined

/** The lab in a folder; refused where it has not what drills on hosts take: two data centres, a witness and a platform. */
export async function openLabGround(home: string, env: Environment): Promise<OpenLab> {
  const { openLab, takesHosts } = await loadLab()
  const lab = await openLab(home, env)
  const { shape, platform } = lab.file
  if (platform === null || !takesHosts(shape)) throw new MaruError('drills.lab_unfit', { home })
  const hands = labHands(lab)
  const hosts = await hostsIn(lab)
  const ask = <T>(what: (client: Client) => Promise<T>) =>
    retrying(() => askFirst(lab, hosts, what), { forMs: PATIENT_MS })
  const full = hosts.filter((host) => host.full)
  const app = sharedApp(hands, full)
  return {
    ...hands,
    hosts,
    installation: Installation.parse(await readIn(lab, hosts, HOME.installation)),
    hostOf: async (service) => {
      const { services } = Fleet.parse(await readIn(lab, hosts, HOME.fleet))
      const found = hosts.find(({ name }) => name === services[service])
      if (found === undefined) throw new Error(`no host has ${service}`)
      return found
    },
    ask,
    app: app.name,
    close: app.destroy,
  }
}

async function hostsIn({ plan }: Lab): Promise<LabHost[]> {
  const { hostsOf, WITNESS } = await loadLab()
  return hostsOf(plan).map(({ name, site, address }, at) => ({
    name,
    dataCentre: site,
    address,
    full: site !== WITNESS,
    first: at === 0,
  }))
}

/** A file of the installation, from the first host that has it: its disk is there whether it runs or not. */
async function readIn(lab: Lab, hosts: readonly LabHost[], file: string): Promise<unknown> {
  const { findHost, dataFolder } = await loadLab()
  for (const { name } of hosts) {
    const found = await readJson(join(dataFolder(lab, findHost(lab, name)), file))
    if (found !== undefined) return found
  }
  throw new Error(`no host has ${file}`)
}

/** Asks as root, over root's own socket of a host that has a control plane; the first one that answers counts. */
async function askFirst<T>(
  lab: Lab,
  hosts: readonly LabHost[],
  what: (client: Client) => Promise<T>,
): Promise<T> {
  const { findHost, rootOf, hostState } = await loadLab()
  let trouble: unknown = new MaruError('unreachable', { what: 'The platform in the lab' })
  for (const { name, full } of hosts) {
    if (!full) continue
    try {
      const host = findHost(lab, name)
      if ((await hostState(lab, host)) !== 'running') continue
      // It may go any moment.
      const path = `${await rootOf(lab, host)}${rootSocket(DEFAULT_HOME)}`
      return await askAt(path, what)
    } catch (error) {
      trouble = error
    }
  }
  throw trouble
}

async function askAt<T>(path: string, what: (client: Client) => Promise<T>): Promise<T> {
  const client = makeClient({ kind: 'socket', path }, { patience: PATIENCE })
  try {
    return await what(client)
  } finally {
    client.close()
  }
}
