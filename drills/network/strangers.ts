import { randomInt } from 'node:crypto'
import type { Installation } from '#contract/installation.ts'
import { guardTableOf } from '#platform/guard/host.ts'
import { makeIp } from '#runtime/drivers/ip.ts'
import { makeNft } from '#runtime/drivers/nft.ts'
import type { Outsider } from './other-network.ts'

/** A network of which a place outside has every address, and the host's memory of who of it has proven himself. */
export interface Strangers {
  /** The first two numbers of each address. */
  readonly prefix: string
  /** Addresses from which the host's guard has seen a connection completed to the edge. */
  proven(): Promise<ReadonlySet<string>>
  /** Has the host forget them. */
  forget(): Promise<void>
}

/** Of 240.0.0.0/4, which is kept for later (RFC 1112): nobody in the world has it, and no drill has used it before. */
const FROM = { first: 244, last: 254 } as const

/** Gives a place every address of a network; the host's way to them ends with the place's cable. */
export async function makeStrangers(
  { id, ports }: Pick<Installation, 'id' | 'ports'>,
  place: Outsider,
): Promise<Strangers> {
  const prefix = `${randomInt(FROM.first, FROM.last + 1)}.${randomInt(256)}`
  const network = `${prefix}.0.0/16`
  await place.change('route', 'add', 'local', network, 'dev', 'lo')
  await makeIp([]).change('route', 'replace', network, 'via', place.address)
  const [nft, table] = [makeNft(), guardTableOf({ id })]
  const pattern = new RegExp(`\\b${prefix.replace('.', '\\.')}\\.\\d+\\.\\d+(?= \\. ${ports.https}\\b)`, 'g')
  const proven = async () => new Set((await nft.members('inet', table, ['proven4'])).match(pattern))
  const forget = async () => {
    // The kernel's own memory of whom it has spoken with.
    await makeIp([]).change('tcp_metrics', 'flush', network)
    const members = [...(await proven())].map((address) => `${address} . ${ports.https}`)
    if (members.length > 0) await nft.load(`delete element inet ${table} proven4 { ${members.join(', ')} }\n`)
  }
  return { prefix, proven, forget }
}
