import type { ServiceName } from '#contract/fleet.ts'
import type { Installation } from '#contract/installation.ts'
import type { LabLine } from '#lab/index.ts'
import type { Visit } from '#lab/visit.ts'
import type { Client } from '#runtime/cli/client.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import type { RunResult } from '#runtime/drivers/process.ts'
import type { Teller } from '../drill.ts'
import type { OtherNetwork } from '../network/other-network.ts'

/** A host of the lab, as the installation has it. */
export interface LabHost {
  readonly name: string
  readonly dataCentre: string
  readonly address: string
  /** It runs apps and has an edge; a witness has a voice only. */
  readonly full: boolean
  /** The platform began on it. */
  readonly first: boolean
}

/** Where a program is run in a lab: in a host, or at the client, a place between the data centres. */
export const CLIENT = 'client'

/** The lab itself: hosts and lines that can be taken away, seen from the machine that carries them. */
export interface LabHands {
  /** Takes the power of a host: all its processes and its link in one moment. */
  kill(host: string): Promise<void>
  /** Boots a host that is off; one that runs stays as it is. */
  start(host: string): Promise<void>
  /** Makes a machine of the lab a host of the installation, by what an operator types on the first host and on it. */
  join(host: string): Promise<void>
  /** Cuts the line of a data centre to all the others. */
  cut(dataCentre: string): Promise<void>
  heal(dataCentre: string): Promise<void>
  /** Stops every process of a host where it is; its connections stay open. */
  freeze(host: string): Promise<void>
  /** Lets a frozen host go on; one that runs stays as it is. */
  thaw(host: string): Promise<void>
  isRunning(host: string): Promise<boolean>
  /** The engine of a host that runs. */
  engine(host: string): Promise<Docker>
  /** The networks between hosts, for who listens there. */
  lines(): Promise<readonly LabLine[]>
  /** Where the files of a host that runs are seen from here. */
  root(host: string): Promise<string>
  /** kill -9 of a process of a host, by its number there. */
  killProcess(host: string, pid: number): Promise<void>
  /** Runs a program in a host or at the client. */
  run(where: string, argv: readonly string[]): Promise<RunResult>
  /** The same for one that goes on until its input ends, when the signal is aborted; each line that it says is handed on. */
  keep(
    where: string,
    argv: readonly string[],
    until: AbortSignal,
    onLine: (line: string) => void,
  ): Promise<RunResult>
  /** The same outside of the host, on its network: it reaches what the host reaches, and has the files of this machine. */
  keepOnNetwork(
    host: string,
    argv: readonly string[],
    until: AbortSignal,
    onLine: (line: string) => void,
  ): Promise<RunResult>
  /** The network of a host that runs, or of the client, with this machine's files and programs. */
  network(where: string): Promise<OtherNetwork>
  /** Lets visitors ask edges from somewhere until the signal is aborted; each line that they say is handed on. */
  visit(
    where: string,
    visit: Omit<Visit, 'caFile'>,
    until: AbortSignal,
    onLine: (line: string) => void,
  ): Promise<RunResult>
}

/** What drills on hosts share while a command runs: the installation in the lab, and an app of theirs. */
export interface HostsGround extends LabHands {
  readonly hosts: readonly LabHost[]
  readonly installation: Installation
  /** The host that a part of the platform is on, as the hosts were told last. */
  hostOf(service: ServiceName): Promise<LabHost>
  /** Asks the platform as root, at the first host that answers. */
  ask<T>(what: (client: Client) => Promise<T>): Promise<T>
  /** The app that writes, deployed by the first drill that needs it. */
  app(): Promise<string>
}

/** A lab of several hosts with one platform on them, and the hands that a drill has there. */
export interface HostsPlace extends HostsGround, Teller {}
