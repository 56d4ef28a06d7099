import { chown } from 'node:fs/promises'
import type { PlatformConfig } from '#contract/agent.ts'
import type { DetectorReport } from '#contract/detection.ts'
import { type AgentConfig, UID } from '#contract/installation.ts'
import {
  DETECTION_RULES,
  DETECTOR_MB,
  type DetectorHealth,
  describeAlert,
  detectorContainer,
  detectorFiles,
  isStuck,
  newHealth,
  noteStats,
  parseEve,
  renderDetector,
  renderRules,
  reportOf,
} from '#platform/detection/host.ts'
import type { Docker } from '#runtime/drivers/docker.ts'
import { ensureFolder, writeFileIfChanged } from '#runtime/drivers/files.ts'
import { listenForLines } from '#runtime/drivers/line-socket.ts'
import { filesHash } from '#runtime/kit/files-hash.ts'
import type { Log } from '#runtime/kit/log.ts'
import type { Guard } from './guard.ts'
import { openRuleSet, type RuleSetKeeper } from './own-rule-set.ts'
import type { WorkloadStore } from './workload-store.ts'

/** Keeps the detector of this host running, and hears what it says. */
export interface DetectorKeeper {
  /** The platform's half with what reads the traffic of apps. */
  withDetector(platform: PlatformConfig): Promise<PlatformConfig>
  /** Null where there is nothing to read. */
  report(): DetectorReport | null
  stop(): void
}

export interface DetectorDeps {
  readonly config: AgentConfig
  readonly docker: Docker
  readonly guard: Pick<Guard, 'appAt' | 'noteFinding'>
  readonly workloads: Pick<WorkloadStore, 'current'>
  readonly log: Log
  readonly now: () => Date
}

/** A witness runs no apps: there is nothing to read. */
const NO_DETECTOR: DetectorKeeper = {
  withDetector: async (platform) => platform,
  report: () => null,
  stop: () => undefined,
}

/** Listens before the detector starts: one that finds nobody to tell ends. */
export async function makeDetectorKeeper(deps: DetectorDeps): Promise<DetectorKeeper> {
  const { config, docker, log } = deps
  if (config.host.role === 'witness') return NO_DETECTOR
  const now = () => deps.now().getTime()
  const files = detectorFiles(config.home)
  await ensureFolder(files.folder, 0o755)
  await ensureFolder(files.run, 0o755)
  let health = newHealth(now())
  const ruleSet = await openRuleSet(deps)
  const listener = await listenForLines(files.socket, (line) => {
    health = take(deps, line, health, ruleSet)
  })
  await chown(files.socket, UID.detector, UID.detector)
  let spec = await specOf(config, ruleSet.rules())
  return {
    withDetector: async (platform) => {
      if (await ruleSet.look()) spec = await specOf(config, ruleSet.rules())
      if (isStuck(health, now())) {
        log.warn('agent.detector_replaced', { saidAt: health.saidAt })
        await docker.containers.remove(spec.name)
        health = newHealth(now())
      }
      // Last: there is traffic only when the rest is there.
      return { ...platform, containers: [...platform.containers, spec] }
    },
    report: () => {
      const said = ruleSet.report()
      return { ...reportOf(health, now()), ...(said === undefined ? {} : { ruleSet: said }) }
    },
    stop: () => {
      ruleSet.stop()
      listener.close()
    },
  }
}

/** One line of the detector's; gives what is known of it from then on. */
function take(
  { guard, now }: DetectorDeps,
  line: string,
  health: DetectorHealth,
  ruleSet: Pick<RuleSetKeeper, 'isHeard'>,
): DetectorHealth {
  const at = now().getTime()
  const said = parseEve(line, at)
  if (said?.type === 'stats') return noteStats(health, said.stats, at)
  if (said === undefined) return health
  const finding = describeAlert(said.alert, guard.appAt)
  if (finding !== undefined && ruleSet.isHeard(said.alert.sid, finding.source, at)) guard.noteFinding(finding)
  return health
}

/** Its container, made anew when its files are others. */
async function specOf(config: AgentConfig, others: string) {
  const hash = await writeFiles(config, others)
  const memoryMb = others === '' ? DETECTOR_MB.alone : DETECTOR_MB.withOthers
  return detectorContainer(config.installation, config.home, config.images.detector, hash, memoryMb)
}

/** What it reads at its start, readable for its own user; gives the name of all of it together. */
async function writeFiles({ installation, home }: AgentConfig, others: string): Promise<string> {
  const files = detectorFiles(home)
  const [config, rules] = [renderDetector(installation, files), renderRules(DETECTION_RULES) + others]
  await writeFileIfChanged(files.config, config, { mode: 0o644 })
  await writeFileIfChanged(files.rules, rules, { mode: 0o644 })
  return filesHash(config, rules)
}
