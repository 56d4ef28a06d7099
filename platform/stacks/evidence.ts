import { MaruError } from '#contract/errors.ts'
import type { HostStacks } from '#contract/host-stacks.ts'
import type { HostName } from '#contract/ids.ts'
import { STACK_LIMITS } from '#contract/stacks.ts'
import { listServingReleases, type ServingRelease } from '#platform/apps/index.ts'
import type { Check, Finding } from '#platform/trust/index.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { loadStacks, type Told } from './host-stacks.ts'
import { isBehind, isOverdue, isStacks } from './plan.ts'

const AGE_H = STACK_LIMITS.stackAgeS / 3600

/** What the stacks under the apps can show about themselves. */
export const STACK_CHECKS: readonly Check[] = [
  {
    name: 'stacks.age',
    promises: ['SYS-3'],
    everyS: 300,
    validS: 1200,
    run: async (deps) => {
      const [apps, stacks] = await Promise.all([listServingReleases(deps), loadStacks(deps)])
      const own = askedOf(stacks.of(deps.config.host.name), deps.config.host.name)
      const of = (host: HostName) => (stacks.of(host) === 'gone' ? 'gone' : askedOf(stacks.of(host), host))
      return judgeAge(apps, { own, of }, deps.now())
    },
  },
]

function askedOf(told: Told, host: HostName): HostStacks {
  if (isStacks(told)) return told
  throw new MaruError('unreachable', { what: `The host ${host}` })
}

/** What the hosts say on which the apps were built. */
interface Judged {
  readonly own: Pick<HostStacks, 'newest' | 'behind'>
  of(host: HostName): Pick<HostStacks, 'newest' | 'behind'> | 'gone'
}

/**
 * No instance may stand on an older stack once the newest has been there for the set age. Looked at twice, on the host where it was
 * built: what is written about the release, and what the layers of the running instances say. Public: apps by number only.
 */
export function judgeAge(apps: readonly ServingRelease[], { own, of }: Judged, now: Date): Finding {
  const onOurs = apps.filter(({ stack }) => stack !== null)
  const behind = onOurs.filter((one) => {
    const told = of(one.builtOn)
    // What was built on a host that is gone, and whose image no other one has, can be put on nothing newer, ever.
    return told === 'gone' || isBehind(one, told) || told.behind.some((id) => id === one.appId)
  })
  const usual = usualOf(own)
  const overdue = behind.filter(({ builtOn }) => {
    const told = of(builtOn)
    const newest = told === 'gone' ? undefined : usualOf(told)
    return newest === undefined || isOverdue(newest.madeAt, STACK_LIMITS.stackAgeS, now)
  }).length
  const facts = [
    { name: 'Apps on a stack of the platform', value: String(onOurs.length) },
    { name: 'Of these behind the newest stack', value: String(behind.length) },
    { name: 'Apps that bring their own stack', value: String(apps.length - onOurs.length) },
    { name: 'Set age', value: `${AGE_H} h` },
  ]
  if (usual === undefined)
    return { passed: false, summary: 'The host does not say which stack is the newest.', facts }
  return {
    passed: overdue === 0,
    summary:
      overdue === 0
        ? `No app has stood on an older stack for more than ${AGE_H} h after the newest was made: ${onOurs.length - behind.length} of ${counted(onOurs.length, 'app')} stand on the newest.`
        : `${overdue} of ${counted(onOurs.length, 'app')} stand on an older stack, more than ${AGE_H} h after the newest was made.`,
    facts,
  }
}

const usualOf = ({ newest }: Pick<HostStacks, 'newest'>) => newest.find(({ usual }) => usual)
