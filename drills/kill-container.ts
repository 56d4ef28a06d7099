import type { Installation } from '#contract/installation.ts'
import type { PartHost } from './part-host.ts'

interface Hands {
  readonly installation: Pick<Installation, 'name'>
  hostOf(part: string): Promise<Pick<PartHost, 'docker' | 'kill'>>
}

/** Ends the container of a part with all that runs in it. Not by the engine: what a person ends through it stays ended. */
export async function killContainer({ hostOf, installation }: Hands, part: string): Promise<void> {
  const { docker, kill } = await hostOf(part)
  const found = await docker.containers.inspect(`${installation.name}-${part}`)
  if (found === undefined || found.pid === 0) throw new Error(`${part} does not run`)
  await kill(found.pid)
}
