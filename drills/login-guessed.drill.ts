import type { Incident } from '#contract/detection.ts'
import { GUARD_LIMITS } from '#contract/guard.ts'
import type { Drill, DrillPlace, Measured, Stages } from './drill.ts'
import { hundredths } from './hundredths.ts'
import { makeOutsiders, type Outsider } from './network/other-network.ts'
import { endAll } from './network/programs-on-host.ts'
import { blocksOf, incidentOf, letIn } from './network/said.ts'
import { type Caller, callerAt } from './network/signing-in.ts'
import { present } from './present.ts'
import { secondsUntil } from './wait-until.ts'

const REACHED = 'guesses that reached the control plane'
const FREE = 'guessers that were not held'
const TOLD = 'time from the last guess until people were told'
const OTHERS = 'sign-ins of others that were turned away'
const BEHIND = 'other requests from the same address that failed'
const SHUT = 'guessers that could not sign in once they were let in'
type Names = typeof REACHED | typeof FREE | typeof TOLD | typeof OTHERS | typeof BEHIND | typeof SHUT

const { failedSignIns, turnedAwaySignIns } = GUARD_LIMITS
/** So many accounts, each guessed once: none of them would pause for it. */
const GUESSES = failedSignIns + turnedAwaySignIns + 10
/** The guesser's colleagues, and somebody elsewhere, do something after so many guesses. */
const EVERY = 10
const SOON_S = 20

/** Somebody outside tries a password for one account after the other. */
export const loginGuessed: Drill<Names> = {
  name: 'login-guessed',
  promises: ['NET-3'],
  needs: 'machine',
  programs: { curl: 'curl' },
  summary: 'Guess passwords of many accounts from one address, while others sign in',
  harmless: false,
  setUp: 'Two places outside of the platform.',
  fault: `From one of them curl tries ${GUESSES} accounts, a password for each. Meanwhile others behind the same address read a page, and somebody at the other place signs in.`,
  measures: {
    // The edge counts over a window that slides: it can be behind by one.
    [REACHED]: { unit: 'guesses', limit: failedSignIns + 1 },
    [FREE]: { unit: 'guessers', limit: 0 },
    [TOLD]: { unit: 's', limit: 10 },
    [OTHERS]: { unit: 'sign-ins', limit: 0 },
    [BEHIND]: { unit: 'requests', limit: 0 },
    [SHUT]: { unit: 'guessers', limit: 0 },
  },
  expectedS: 30,
  begin,
}

interface Seen {
  reached: number
  asked: number
  turnedOthers: number
  failedBehind: number
  heldAfterS: number
  toldAfterS: number
  isShut: boolean
}

function begin(place: DrillPlace): Stages<Names> {
  const outsiders: Outsider[] = []
  const seen: Seen = {
    ...{ reached: 0, asked: 0, turnedOthers: 0, failedBehind: 0 },
    ...{ heldAfterS: SOON_S, toldAfterS: SOON_S, isShut: true },
  }
  return {
    setUp: async () => {
      await makeOutsiders(2, (one) => outsiders.push(one))
      for (const one of outsiders)
        if (!(await callerAt(place, one).isServed())) throw new Error('the platform serves nobody')
    },
    fault: async () => {
      const [office, elsewhere] = outsiders as [Outsider, Outsider]
      await guess(place, callerAt(place, office), callerAt(place, elsewhere), seen)
      seen.toldAfterS = await until(place, async () => (await incidentOfGuesser(place, office)) !== undefined)
      if (seen.toldAfterS < SOON_S) place.mark('people told')
      seen.heldAfterS = await until(place, () => isHeld(place, office))
      if (seen.heldAfterS < SOON_S) place.mark('guesser held')
      await letIn(place, [office])
      place.mark('let in again')
      const again = async () => !(await callerAt(place, office).signIn(0)).isTurnedAway
      seen.isShut = (await until(place, again)) >= SOON_S
    },
    measure: async () => summarize(seen, await incidentOfGuesser(place, present(outsiders[0]))),
    cleanUp: () => endAll([() => letIn(place, outsiders), ...outsiders.map((one) => one.remove)]),
  }
}

async function guess(place: DrillPlace, office: Caller, elsewhere: Caller, seen: Seen): Promise<void> {
  place.mark('fault')
  for (let number = 1; number <= GUESSES; number++) {
    place.signal.throwIfAborted()
    const { isTurnedAway } = await office.signIn(number)
    if (isTurnedAway && seen.reached === number - 1) place.mark('turned away')
    if (!isTurnedAway) seen.reached++
    if (number % EVERY !== 0) continue
    seen.asked++
    if ((await elsewhere.signIn(number)).isTurnedAway) seen.turnedOthers++
    if (!(await office.isServed())) seen.failedBehind++
    place.show(`${number} guesses`)
  }
  place.mark('last guess')
}

const until = ({ signal }: DrillPlace, probe: () => Promise<boolean>) =>
  secondsUntil({ timeoutS: SOON_S, signal }, probe)

const isHeld = async (place: DrillPlace, { address }: Outsider) =>
  (await blocksOf(place)).some(({ source, kind }) => source === address && kind === 'sign-in')

/** What people are told of him. */
const incidentOfGuesser = (place: DrillPlace, guesser: Outsider) =>
  incidentOf(place, guesser, 'password guessing')

function summarize(seen: Seen, incident: Incident | undefined): Measured<Names> {
  const isFree = seen.heldAfterS >= SOON_S
  return {
    values: {
      [REACHED]: seen.reached,
      [FREE]: Number(isFree),
      [TOLD]: hundredths(seen.toldAfterS),
      [OTHERS]: seen.turnedOthers,
      [BEHIND]: seen.failedBehind,
      [SHUT]: Number(seen.isShut),
    },
    result: `Of ${GUESSES} guesses at as many accounts ${seen.reached} reached the control plane; the guesser was ${isFree ? 'not held' : 'held'}, and people were ${incident === undefined ? 'not told' : `told: “${incident.title.replace(incident.who, 'somebody')}”`}. Of ${seen.asked} sign-ins from elsewhere ${seen.turnedOthers} were turned away, and of ${seen.asked} other requests from the same address ${seen.failedBehind} failed.`,
    figures: { guesses: { value: GUESSES, unit: 'guesses' } },
  }
}
