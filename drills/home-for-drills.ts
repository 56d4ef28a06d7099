import { type ApiOptions, type CliContext, DEFAULT_HOME, DEFAULT_LAB_HOME } from '#runtime/cli/context.ts'
import type { AnyDrill } from './drill.ts'

/**
 * The folder that drills run in: the one that was named, or else the usual one. Drills that need hosts are in the usual place of a
 * lab, when nothing else was asked for.
 */
export function homeForDrills(
  { env }: Pick<CliContext, 'env'>,
  { home }: Pick<ApiOptions, 'home'>,
  drills: ReadonlyArray<Pick<AnyDrill, 'needs'>>,
): string {
  const needHosts = drills.length > 0 && drills.every(({ needs }) => needs === 'hosts')
  return home ?? env.MARU_HOME ?? (needHosts ? DEFAULT_LAB_HOME : DEFAULT_HOME)
}
