import { randomBytes } from 'node:crypto'
import { ContainerSpec } from '#contract/agent.ts'
import type { BuildDeps } from './build-context.ts'

/** Has the files of an image read: from a container of it that is never started, and gone afterwards. */
export async function withStillContainer<T>(
  { docker, config }: Pick<BuildDeps, 'docker' | 'config'>,
  app: string,
  image: string,
  use: (id: string) => Promise<T>,
): Promise<T> {
  const spec = ContainerSpec.parse({
    name: `${config.installation.name}-check-${app}-${randomBytes(4).toString('hex')}`,
    component: 'check',
    image,
    // Without a command of its own the engine would make none.
    entrypoint: [],
    command: ['never-started'],
    networks: [{ name: 'none' }],
    restart: 'no',
  })
  const id = await docker.containers.create(spec, config.installation.id)
  try {
    return await use(id)
  } finally {
    await docker.containers.remove(id)
  }
}
