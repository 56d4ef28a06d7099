import { cookiesSent } from '#runtime/drivers/syn-cookies.ts'
import { median, middleMean, middleMeanError } from '#runtime/kit/median.ts'
import { NothingProven } from '../not-measured.ts'
import { present } from '../present.ts'
import {
  arrivedAtHost,
  carryOutFlood,
  FLOOD,
  type Flood,
  type FloodName,
  floods,
  goingNowhere,
  paceOfFlood,
} from './flood.ts'
import type { Outsider } from './other-network.ts'

/**
 * What else goes on in the platform takes a moment of one round or another. So there are as many rounds as it takes to know a flood's
 * cost, within limits, and the middle ones count.
 */
export const ROUNDS = { least: 10, most: 36 } as const
/**
 * Within which standard error a flood's cost has to be known, as a share of the answers. Its limit is a tenth, or three. Rounds that
 * follow each other share a calm, which makes the true error up to a sixth greater.
 */
const KNOWN_WITHIN = { SYN: 0.025, UDP: 0.05, ICMP: 0.05 } as const satisfies Record<FloodName, number>

/** What was seen while a flood was carried out, a second. */
interface Pace {
  readonly answers: number
  readonly packets: number
  readonly cookies: number
}

/** What visitors got in all rounds of one flood. */
export interface FloodFound {
  readonly what: FloodName
  /** Packets a second that arrived, and how many of them were answered by a SYN cookie. */
  readonly sent: number
  readonly cookies: number
  /** Answers a second. */
  readonly answers: number
  /** What each round left of the answers just before and after it. */
  readonly shares: readonly number[]
  /** The mean of the middle half of these, and its standard error. */
  readonly share: number
  readonly error: number
  /** Whether that was known within its limit after the last round. */
  readonly isKnown: boolean
}

/** What visitors got before all floods and between them, in answers a second, and with each. */
export interface FloodsFound {
  readonly before: number
  readonly between: number
  readonly flooded: readonly FloodFound[]
}

/** All that was seen of one flood. */
interface Rounds {
  readonly flood: Flood
  readonly paces: Pace[]
  readonly shares: number[]
}

/** First as many rounds of calm, then round after round of each flood in turn, with calm between: packets that go nowhere. */
export async function floodInRounds(
  attacker: Outsider,
  port: number,
  { answered, signal }: { readonly answered: () => number; readonly signal: AbortSignal },
): Promise<FloodsFound> {
  const all = floods(attacker, port)
  const send = (flood: Flood) => {
    signal.throwIfAborted()
    return paceWhile(attacker, flood, answered)
  }
  const calmly = () => goingNowhere(attacker, () => send(all[0]))
  const before: Pace[] = []
  for (let round = 0; round < ROUNDS.least; round += 1) before.push(await calmly())
  const between: Pace[] = []
  const flooded = all.map((flood): Rounds => ({ flood, paces: [], shares: [] }))
  for (let round = 0; round < ROUNDS.most; round += 1)
    for (const { flood, paces, shares } of flooded.filter((one) => !isKnown(one))) {
      const last = present(between.at(-1) ?? before.at(-1))
      const pace = await send(flood)
      const next = await calmly()
      paces.push(pace)
      const calm = (last.answers + next.answers) / 2
      shares.push(calm === 0 ? 0 : pace.answers / calm)
      between.push(next)
    }
  if (middle([...before, ...between], 'packets') > FLOOD.leastPerSecond / 10)
    throw new NothingProven('there is another flood')
  const answersOf = (paces: readonly Pace[]) => middleMean(paces.map(({ answers }) => answers))
  return { before: answersOf(before), between: answersOf(between), flooded: flooded.map(summarize) }
}

const isKnown = ({ flood, shares }: Rounds) =>
  shares.length >= ROUNDS.least && middleMeanError(shares) <= KNOWN_WITHIN[flood.what]

async function paceWhile(attacker: Outsider, flood: Flood, answered: () => number): Promise<Pace> {
  const [packets, cookies] = [await arrivedAtHost(attacker), await cookiesSent()]
  const [answers, since] = [answered(), performance.now()]
  await carryOutFlood(attacker, flood)
  const seconds = (performance.now() - since) / 1000
  return {
    answers: (answered() - answers) / seconds,
    packets: ((await arrivedAtHost(attacker)) - packets) / seconds,
    cookies: ((await cookiesSent()) - cookies) / seconds,
  }
}

function summarize(rounds: Rounds): FloodFound {
  const { flood, paces, shares } = rounds
  const sent = paceOfFlood(flood, middle(paces, 'packets'))
  const cookies = middle(paces, 'cookies')
  if (flood.what === 'SYN' && cookies < FLOOD.leastPerSecond / 2)
    throw new NothingProven('the flood did not reach the edge: it was answered without SYN cookies')
  return {
    ...{ what: flood.what, sent, cookies, shares },
    ...{ answers: middle(paces, 'answers'), share: middleMean(shares), error: middleMeanError(shares) },
    isKnown: isKnown(rounds),
  }
}

const middle = (paces: readonly Pace[], of: keyof Pace) => median(paces.map((one) => one[of]))
