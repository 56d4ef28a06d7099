import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { HOST_CGROUP } from '#contract/installation.ts'
import type { EngineInfo } from '#runtime/drivers/docker.ts'
import { readText } from '#runtime/drivers/files.ts'

type Engine = Pick<EngineInfo, 'cgroupDriver' | 'cgroupVersion'>

/** Where the weight of a group stands; what the kernel gives to each, as to every process beside it, and what it shall be. */
interface Weight {
  readonly file: string
  readonly usual: string
  readonly value: string
}

/**
 * The weight of the group that the engine puts all containers into; undefined where systemd has a group for each, beside those of its
 * services. For the kernel the one group is no more than any single process of the machine beside it: ten busy ones would leave all
 * containers an eleventh of the processors, however much etcd weighs among them.
 */
function weightOfContainers({ cgroupDriver, cgroupVersion }: Engine): Weight | undefined {
  if (cgroupDriver !== 'cgroupfs') return undefined
  return cgroupVersion === '1'
    ? { file: 'cpu/docker/cpu.shares', usual: '1024', value: '8192' }
    : { file: 'docker/cpu.weight', usual: '100', value: '800' }
}

/** Has the containers come before other programs of the machine while processors are scarce; a weight that somebody set himself stays. */
export async function weighContainers(engine: Engine, root = HOST_CGROUP): Promise<void> {
  const weight = weightOfContainers(engine)
  if (weight === undefined) return
  const file = join(root, weight.file)
  if ((await readText(file))?.trim() === weight.usual) await writeFile(file, weight.value)
}
