import type { Installation } from '#contract/installation.ts'

type Named = Pick<Installation, 'id'>

const word = ({ id }: Named) => id.replaceAll(/\W/g, '_')

/** An installation's own table against attacks from outside and from instances; what is in others is never touched. */
export const guardTableOf = (installation: Named) => `maru_guard_${word(installation)}`

/** An installation's own table of the bridge family, in which each instance's port, hardware address and address are bound. */
export const portTableOf = (installation: Named) => `maru_ports_${word(installation)}`

/** Counters of the guard's table. They go on when its rules are replaced. */
export const COUNTERS = { keptOut: 'kept_out', flooded: 'flooded' } as const

/** Groups of the kernel's packet log below this one are left to others. */
const FIRST_GROUP = 4096

/** Where the kernel tells of an installation's packets: two installations on a machine must not hear each other's. */
export function logGroupOf({ id }: Named): number {
  let hash = 0
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 50_000
  return FIRST_GROUP + hash
}

/** What a packet was noticed for: the word that the kernel's log carries. */
export const NOTICES = [
  'probe',
  'hold',
  'trick',
  /** Of one sender, and of all together; of these only opening packets are let through all the same. */
  'flood',
  'floods',
  'openings',
  'exhaust',
  /** With the memory that is full. */
  'full',
  'engaged',
  'inside',
  /** From an instance's port, with the port; and from outside. */
  'spoof',
  'forged',
] as const
export type Notice = (typeof NOTICES)[number]

/** Sets that packets fill, those of both kinds of addresses under one name. */
export const MEMORIES = [
  ...(['held', 'proven', 'probed', 'spoken', 'denied', 'pressed'] as const),
  ...(['visited', 'many', 'asked', 'syn', 'udp', 'ping'] as const),
  ...(['published', 'reached'] as const),
  ...(['inheld', 'inprobed', 'indenied', 'inseen', 'inports', 'inswept', 'insweeps'] as const),
] as const
export type Memory = (typeof MEMORIES)[number]
