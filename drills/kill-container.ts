import type { DrillPlace } from './drill.ts'

/** Ends a member's container with all that runs in it. Not by the engine: what a person ends through it stays ended. */
export async function killContainer(
  { docker, installation }: Pick<DrillPlace, 'docker' | 'installation'>,
  member: string,
): Promise<void> {
  const found = await docker.containers.inspect(`${installation.name}-${member}`)
  if (found === undefined || found.pid === 0) throw new Error(`${member} does not run`)
  process.kill(found.pid, 'SIGKILL')
}
