import { randomInt } from 'node:crypto'
import { makeIp } from '#runtime/drivers/ip.ts'
import { NothingProven } from '../not-measured.ts'
import type { Outsider } from './other-network.ts'

/** So many senders, each of a network of its own, with two questions each. */
const SENDERS = 60
/** 240.0.0.0/4 is kept for later (RFC 1112): nobody in the world has it. */
const RANGE = '240.0.0.0/4'
/** Above what programs of a machine usually listen at; others each time, because the host remembers who has asked for what. */
const FROM = { first: 33_000, last: 60_000 } as const
/** How long a question waits for its answer. */
const WAIT_MS = 900
const PROGRAM = `const { connect } = require('node:net')
const [host, first, addresses] = process.argv.slice(1).map((one) => JSON.parse(one))
addresses.forEach((localAddress, at) => { for (const more of [0, 1]) {
  const socket = connect({ host, port: first + 2 * at + more, localAddress }).on('error', () => {})
  setTimeout(() => socket.destroy(), ${WAIT_MS}) } })`

/** Many senders at one place outside. */
export interface Crowd {
  /** One of them, whose address the place's other programs have, too. */
  readonly client: string
  readonly senders: number
  /** Each asks for two ports that nobody listens at and no other asks for. */
  search(): Promise<void>
}

/** Gives a place the addresses of many; the host's way to them ends with the place's cable. */
export async function makeCrowd(place: Outsider): Promise<Crowd> {
  const [network, number] = [randomInt(240, 255), randomInt(1, 255)]
  const addresses = Array.from({ length: SENDERS }, (_, at) => `${network}.${randomInt(256)}.${at}.${number}`)
  await makeIp([]).change('route', 'replace', RANGE, 'via', place.address)
  for (const address of addresses) await place.change('address', 'add', `${address}/32`, 'dev', 'eth0')
  const [first = ''] = addresses
  await place.change('route', 'replace', 'default', 'via', place.host, 'src', first)
  return {
    client: first,
    senders: SENDERS,
    search: async () => {
      const port = randomInt(FROM.first, FROM.last)
      const questions = [place.host, port, addresses].map((one) => JSON.stringify(one))
      const { exitCode, stderr } = await place.run([process.execPath, '-e', PROGRAM, ...questions])
      if (exitCode !== 0) throw new NothingProven(`nobody asked: ${stderr.trim().split('\n').at(-1)}`)
    },
  }
}
