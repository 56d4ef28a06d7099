import type { DrillPlace } from './drill.ts'

/** Ends the container of a part with all that runs in it. Not by the engine: what a person ends through it stays ended. */
export async function killContainer(
  { hostOf, installation }: Pick<DrillPlace, 'hostOf' | 'installation'>,
  part: string,
): Promise<void> {
  const { docker, kill } = await hostOf(part)
  const found = await docker.containers.inspect(`${installation.name}-${part}`)
  if (found === undefined || found.pid === 0) throw new Error(`${part} does not run`)
  await kill(found.pid)
}
