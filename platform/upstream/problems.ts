import type { PlatformStatus } from '#contract/platform.ts'
import { droppedBy, flowWords } from './plan.ts'
import type { AutomaticAct } from './plan-automatic.ts'
import type { Loaded } from './snapshot.ts'

const REFUSED: Readonly<Record<string, string>> = {
  'upstream.last':
    'is the last address that serves the apps. If it should be dropped nevertheless: `maru network upstream announce` with --even-the-last.',
}

/**
 * What people should know of providers: who was not told, what is off the net because somebody wanted it, and what a limit asked for
 * and was not done.
 */
export function describeProblems(loaded: Loaded, due: readonly AutomaticAct[]): PlatformStatus['problems'] {
  const { rows, providers } = loaded
  const untold = rows.flatMap(({ name, problem }) =>
    problem === '' ? [] : [{ host: `upstream ${name}`, problem }],
  )
  const gone = loaded.dropped.filter((one) =>
    providers.some((provider) => droppedBy(loaded, provider).includes(one)),
  )
  const told = gone.map(({ address, upstream, only, until, reason }) => ({
    host: `upstream ${upstream ?? 'all'}`,
    problem: `${only === null ? `${address} is off the net until ${until}: everything to it is dropped` : `What goes to ${address} by ${flowWords(only)} is dropped until ${until}`} (${reason}). \`maru network upstream withdraw ${address}\` ends it.`,
  }))
  const refused = due.flatMap(({ wanted, reason, refusal }) =>
    refusal === undefined
      ? []
      : [
          {
            host: `upstream ${wanted.upstream}`,
            problem: `${wanted.address} gets ${reason}, and was not announced: it ${REFUSED[refusal.code] ?? 'cannot be announced.'}`,
          },
        ],
  )
  return [...untold, ...told, ...refused]
}
