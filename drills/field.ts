import { join } from 'node:path'
import type { DrillResult } from '#contract/drill-result.ts'
import { type DrillRun, drillRoutes } from '#contract/drills.ts'
import { MaruError } from '#contract/errors.ts'
import { platformRoutes } from '#contract/platform.ts'
import { requireInstallation, takeLock } from '#platform/hosts/index.ts'
import type { Environment } from '#runtime/cli/context.ts'
import { makeDocker } from '#runtime/drivers/docker.ts'
import { retrying } from '#runtime/kit/retry.ts'
import { bringPrograms } from './bring-programs.ts'
import { carryOut, type Ground, isLab, RECORD_MS, recordResult } from './carry-out.ts'
import type { AnyDrill } from './drill.ts'
import { isLabHome, type OpenLab, openLabGround } from './hosts/lab-ground.ts'
import { versionsInLab } from './hosts/lab-versions.ts'
import { carryOutOnPair, isOnPair } from './hosts/pair-drill.ts'
import { lacksSpare } from './hosts/spare-host.ts'
import { memberElsewhere } from './members-here.ts'
import { DRILLS } from './register.ts'
import { runDrill } from './run-drill.ts'

/** Where drills are carried out: an installation on this host, or a lab of several hosts that this machine carries. */
export interface Field {
  /** The drills that may run there as it is. */
  fitting(): Promise<readonly AnyDrill[]>
  carryOut(drill: AnyDrill): Promise<DrillResult>
  /** Hands a result in to the platform there. */
  record(result: DrillResult): Promise<DrillRun>
  /** Takes away what drills shared. */
  close(): Promise<void>
}

/** Opens what is in the folder of the ground; a lab is held until it is closed. */
export async function openField(ground: Ground, env: Environment): Promise<Field> {
  if (!(await isLabHome(ground.home))) return onInstallation(ground)
  const unlock = await lockDrills(ground.home)
  try {
    const lab = await openLabGround(ground.home, env)
    return inLab(ground, { ...lab, close: () => lab.close().finally(unlock) })
  } catch (error) {
    unlock()
    throw error
  }
}

/** Holds the drills of a lab: two at once would measure each other. Gives what lets go of them. */
export const lockDrills = (home: string): Promise<() => void> => takeLock(join(home, 'drills'), 'drill run')

const onInstallation = (ground: Ground): Field => ({
  fitting: async () => {
    const installation = await requireInstallation(ground.home)
    const inLab = await isLab(ground.home)
    const hasPair =
      (await memberElsewhere({ docker: makeDocker(ground.dockerSocket), installation })) === undefined
    return DRILLS.filter(
      ({ needs, harmless, onlyByName }) =>
        needs !== 'hosts' &&
        (hasPair || needs !== 'pair') &&
        onlyByName !== true &&
        (inLab || (harmless && ground.understands === true)),
    )
  },
  carryOut: (drill) => carryOut(drill, ground),
  record: (result) => recordResult(ground.home, result),
  close: async () => {},
})

/** Whether `--all` carries a drill out in a lab of several hosts. */
export const fitsLab = (drill: AnyDrill, lab: Pick<OpenLab, 'hosts'>): boolean =>
  drill.onlyByName !== true && (isOnPair(drill) || (drill.needs === 'hosts' && !lacksSpare(drill, lab)))

const inLab = ({ home, progress, signal, now }: Ground, lab: OpenLab): Field => ({
  fitting: async () => DRILLS.filter((drill) => fitsLab(drill, lab)),
  carryOut: async (drill) => {
    if (isOnPair(drill)) return await carryOutOnPair(lab, drill, { home, progress, signal })
    if (drill.needs !== 'hosts') throw new MaruError('drills.on_a_host', { drill: drill.name, home })
    if (lacksSpare(drill, lab)) throw new MaruError('drills.no_spare_host', { drill: drill.name, home })
    const version = async () => (await lab.ask((client) => client.call(platformRoutes.status, {}))).version
    await bringPrograms(drill, home, progress)
    const versions = async () => versionsInLab(lab, await version().catch(() => undefined))
    return await runDrill(drill, { place: { ...lab, signal }, where: 'lab', progress, now, versions })
  },
  record: (result) =>
    retrying(() => lab.ask((client) => client.call(drillRoutes.record, { body: result })), {
      forMs: RECORD_MS,
    }),
  close: lab.close,
})
