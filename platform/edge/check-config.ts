import { type Installation, UID } from '#contract/installation.ts'
import { type Docker, EngineRefusal } from '#runtime/drivers/docker.ts'
import { EDGE_COMPONENT } from './layout.ts'

/**
 * Has the HAProxy of the running edge judge a configuration file: its complaint, or undefined when it is good. As the
 * edge's own user, because root in that container may not read what belongs to others.
 */
export async function checkConfig(
  docker: Docker,
  { name }: Pick<Installation, 'name'>,
  file: string,
): Promise<string | undefined> {
  const command = ['haproxy', '-c', '-f', file]
  try {
    const options = { user: `${UID.edge}:${UID.edge}` }
    const { exitCode, stderr } = await docker.containers.exec(`${name}-${EDGE_COMPONENT}`, command, options)
    return exitCode === 0 ? undefined : stderr
  } catch (error) {
    if (error instanceof EngineRefusal) return error.message
    throw error
  }
}
