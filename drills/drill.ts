import type { Moment } from '#contract/drill-result.ts'
import type { Installation } from '#contract/installation.ts'
import type { PromiseId } from '#contract/trust.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import type { RunResult } from '#runtime/drivers/process.ts'
import type { HostsPlace } from './hosts/hosts-place.ts'
import type { PartHost } from './part-host.ts'

/** What a drill measures. A larger value than the limit means that the promise is not kept. */
export interface Measure {
  readonly unit: string
  readonly limit: number
}

/**
 * What everyone may know of a drill: a promise, and how it is put to the test on the running platform. The texts are public, so
 * they name no app, no person and no private address.
 */
export interface DrillText<Name extends string = string> {
  readonly name: string
  readonly promises: readonly [PromiseId, ...PromiseId[]]
  readonly summary: string
  /** It disturbs nobody, so that it may also run where people depend on the platform. */
  readonly harmless: boolean
  /** Programs that attack or listen, with the Debian package of each; brought before it begins. */
  readonly programs?: Readonly<Record<string, string>>
  /** It takes so long that it is carried out only where somebody asks for it by name. */
  readonly onlyByName?: boolean
  readonly setUp: string
  readonly fault: string
  readonly measures: Readonly<Record<Name, Measure>>
  /** About how long all of it takes. */
  readonly expectedS: number
}

/**
 * A drill on the host that it runs on. One that needs the machine's own programs is begun on its command line only. One that needs the
 * pair does something to members of the database, so it needs hands on the host of each: here, or in a lab that has several.
 */
export interface Drill<Name extends string = string> extends DrillText<Name> {
  readonly needs?: 'machine' | 'pair' | undefined
  begin(place: DrillPlace): Stages<Name>
}

/** A drill that takes hosts and lines of a lab. It runs on the machine that carries the lab, outside of its hosts. */
export interface HostsDrill<Name extends string = string> extends DrillText<Name> {
  readonly needs: 'hosts'
  /** It takes a data centre with a host besides the one that has parts of the platform. */
  readonly spareHost?: true
  begin(place: HostsPlace): Stages<Name>
}

export type AnyDrill = Drill | HostsDrill

/** The stages of one run, in their order. `cleanUp` runs whatever happened before, also after half a set-up. */
export interface Stages<Name extends string = string> {
  setUp(): Promise<void>
  fault(): Promise<void>
  measure(): Promise<Measured<Name>>
  cleanUp(): Promise<void>
}

export interface Measured<Name extends string = string> {
  readonly values: Readonly<Record<Name, number>>
  /** One sentence: what happened. */
  readonly result: string
  /** What was measured beside the measures and has no limit: name → value. */
  readonly figures?: Readonly<Record<string, { readonly value: number; readonly unit: string }>>
  /** What was acknowledged to the writers of a drill that has some. */
  readonly ledger?: RawLedger
}

/** Everything that writers noted, and what of it was not there afterwards. */
export interface RawLedger {
  /** Such as "acknowledged writes". */
  readonly of: string
  readonly entries: readonly LedgerEntry[]
  /** What was asked for and not acknowledged. */
  readonly failed: readonly FailedEntry[]
  /** Numbers of the entries that were lost. */
  readonly lost: readonly number[]
}

/** Times by the clock of `performance.now()`. */
interface Asked {
  readonly begunMs: number
  /** Who asked, in a few public words. */
  readonly asker: string
}

export interface FailedEntry extends Asked {
  readonly endedMs: number
  /** What its asker was told. */
  readonly outcome: string
}

export interface LedgerEntry extends Asked {
  readonly n: number
  /** When it was acknowledged. */
  readonly atMs: number
  /** Who acknowledged it; another server, or the same one started again, has another name. */
  readonly server: string
}

/** When something happened, where that is not just now. */
export interface MarkTime {
  /** By the clock of `performance.now()`, or a point in time that was read from somebody's record. */
  readonly at?: number | Date
  /** Whose record says so, in a few public words; left out where the drill saw it itself. */
  readonly source?: string
}

/** What every drill can say while it runs. */
export interface Teller {
  /** A line for the person who watches. */
  say(line: string): void
  /** What can be seen right now, such as a count: it replaces the one before on the line of the stage under way. */
  show(text: string): void
  /**
   * Notes on the time line that something has happened. `fault` is where it counts from; a drill that marks none counts
   * from the beginning of its fault stage. Only what was seen or read: a moment that nobody recorded is left out.
   */
  mark(label: Moment | (string & {}), when?: MarkTime): void
  /** Aborted when that person wants to stop; whoever waits has to look at it. */
  readonly signal: AbortSignal
}

/** The installation that a drill runs on, and the hands that it has there. */
export interface DrillPlace extends Teller {
  readonly installation: Installation
  readonly home: string
  readonly docker: Docker
  /** The host that a part of the platform is on: this one, or in a lab of several hosts perhaps another. */
  hostOf(part: string): Promise<PartHost>
  /** Runs the command line as root on this host; what it prints and its exit code are the answer. */
  maru(args: readonly string[]): Promise<RunResult>
}
