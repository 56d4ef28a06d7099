import { availableParallelism, cpus } from 'node:os'
import { ContainerSpec } from '#contract/agent.ts'
import type { DrillPlace } from './drill.ts'

/** More of them than processors: whoever else wants to run has to wait for its turn. */
const FOR_EACH_PROCESSOR = 2
/** Each ends by itself, should nobody be there any more to end it. */
const SPARE_S = 300
const IMAGE = 'maru/base'

/** Containers that do nothing but compute, and how much of the processors was left over since they began. */
export interface BusyProcessors {
  /** Share of all processor time in which no processor had anything to do: 0 to 1. */
  idleShare(): number
  end(): Promise<void>
}

/**
 * Keeps every processor busy for some minutes. Each loop has a container of its own, as a busy instance of an app has: to
 * the kernel it weighs as much as a member of the pair.
 */
export async function busyProcessors(place: DrillPlace, minutes: number): Promise<BusyProcessors> {
  const { docker, installation } = place
  const count = FOR_EACH_PROCESSOR * availableParallelism()
  const names = Array.from({ length: count }, (_, index) => `${installation.name}-busy-${index + 1}`)
  const end = async () => {
    await Promise.all(names.map((name) => docker.containers.remove(name)))
  }
  await end()
  for (const name of names) {
    await docker.containers.create(busySpec(name, minutes * 60 + SPARE_S), installation.id)
    await docker.containers.start(name)
  }
  const before = processorTime()
  return {
    idleShare: () => {
      const now = processorTime()
      return (now.idle - before.idle) / Math.max(1, now.all - before.all)
    },
    end,
  }
}

/** The component `run` is what the platform leaves alone, and removes when its agent starts. */
const busySpec = (name: string, seconds: number): ContainerSpec =>
  ContainerSpec.parse({
    name,
    component: 'run',
    image: IMAGE,
    command: ['timeout', String(seconds), 'sh', '-c', 'while :; do :; done'],
    user: '65534:65534',
    networks: [],
    restart: 'no',
    stopTimeoutS: 0,
    memoryMb: 32,
    processes: 8,
  })

/** Milliseconds that the processors have counted since the machine was started. */
function processorTime(): { readonly idle: number; readonly all: number } {
  const times = cpus().map((one) => one.times)
  const idle = times.reduce((sum, one) => sum + one.idle, 0)
  const busy = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0)
  return { idle, all: idle + busy }
}
