import { MaruError } from '#contract/errors.ts'

/** zxcvbn's scale of 0 to 4; 3 is "safely unguessable" for a hash that is slow to check. */
const ENOUGH = 3

/** Estimates how many guesses a password would take; `mine` are words that an attacker would try first. */
export type Estimate = (
  password: string,
  mine: readonly string[],
) => { score: number; warning: string | null }

let estimate: Promise<Estimate> | undefined

/** Loads the estimator on first use: its word lists take memory that most control planes never need. */
export async function loadEstimate(): Promise<Estimate> {
  estimate ??= makeEstimate()
  return await estimate
}

async function makeEstimate(): Promise<Estimate> {
  const [{ ZxcvbnFactory }, { dictionary, adjacencyGraphs }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ])
  const zxcvbn = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })
  return (password, mine) => {
    const { score, feedback } = zxcvbn.check(password, [...mine])
    return { score, warning: feedback.warning }
  }
}

/** Throws `accounts.password_weak` for a password that is common or made of what everyone knows about the person. */
export async function checkPassword(
  password: string,
  person: { email: string; name: string },
): Promise<void> {
  const mine = [...wordsOf(person.email), ...wordsOf(person.name), 'maru']
  const { score } = (await loadEstimate())(password, mine)
  if (score < ENOUGH)
    throw new MaruError('accounts.password_weak', {
      reason: 'it is too easy to guess (a common password, a name, a pattern or a repetition)',
    })
}

/** The words of a name or an address, alone and run together. */
function wordsOf(text: string): string[] {
  const words = text.split(/[\s@.+_-]+/).filter(Boolean)
  return [text, words.join(''), text.split('@')[0]?.replaceAll(/[\s.+_-]/g, '') ?? '', ...words]
}
