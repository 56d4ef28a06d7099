import type { HostStacks } from '#contract/host-stacks.ts'
import { STACK_LIMITS } from '#contract/stacks.ts'
import { listServingReleases, type ServingRelease } from '#platform/apps/index.ts'
import type { Check, Finding } from '#platform/trust/index.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { isBehind, isOverdue } from './plan.ts'

const AGE_H = STACK_LIMITS.stackAgeS / 3600

/** What the stacks under the apps can show about themselves. */
export const STACK_CHECKS: readonly Check[] = [
  {
    name: 'stacks.age',
    promises: ['SYS-3'],
    everyS: 300,
    validS: 1200,
    run: async (deps) =>
      judgeAge(await listServingReleases(deps), await deps.agents.first.stacks(), deps.now()),
  },
]

/**
 * No instance may stand on an older stack once the newest has been there for the set age. Looked at twice: what is
 * written about the releases, and what the layers of the running instances say. Public: apps by number only.
 */
export function judgeAge(
  apps: readonly ServingRelease[],
  stacks: Pick<HostStacks, 'newest' | 'behind'>,
  now: Date,
): Finding {
  const onOurs = apps.filter(({ stack }) => stack !== null)
  const behind = onOurs.filter((one) => isBehind(one, stacks) || stacks.behind.some((id) => id === one.appId))
  const usual = stacks.newest.find((stack) => stack.usual)
  const overdue =
    usual === undefined || isOverdue(usual.madeAt, STACK_LIMITS.stackAgeS, now) ? behind.length : 0
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
