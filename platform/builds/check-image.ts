import { MaruError } from '#contract/errors.ts'
import { type Docker, EngineRefusal, type ImageDetail } from '#runtime/drivers/docker.ts'
import type { BuildContext } from './build-context.ts'
import { readTarFile } from './source-file.ts'
import { withStillContainer } from './still-container.ts'

const PLAIN_PATH = /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/

const refused = (reason: string) => new MaruError('apps.build_failed', { reason })

/** Refuses an image of a Dockerfile that could not be run confined. */
export async function checkImage(context: BuildContext, image: ImageDetail): Promise<void> {
  const bad = image.volumes.find((path) => !PLAIN_PATH.test(path))
  if (bad !== undefined) throw refused(`VOLUME ${JSON.stringify(bad)} is not a plain path`)
  const [name = ''] = image.user.split(':')
  if (!/^[A-Za-z_]/.test(name) || name === 'root') return
  const passwd = await readPasswd(context, image.id)
  if (passwd === undefined) throw refused(`USER ${name}: its /etc/passwd is not a plain file`)
  const uid = uidOf(passwd, name)
  if (uid === undefined) throw refused(`USER ${name} is not in its /etc/passwd`)
  if (uid === 0) throw refused(`USER ${name} is another name of root`)
}

/** The user's number; every entry of the name counts, so that none can hide behind another. */
export function uidOf(passwd: string, name: string): number | undefined {
  const ids = passwd
    .split('\n')
    .map((line) => line.trim().split(':'))
    .filter(([user]) => user === name)
    .map(([, , uid]) => (/^\d+$/.test(uid ?? '') ? Number(uid) : 0))
  return ids.length === 0 ? undefined : Math.min(...ids)
}

const readPasswd = ({ deps, request }: BuildContext, image: string): Promise<string | undefined> =>
  withStillContainer(deps, request.app, image, (id) => readArchived(deps.docker, id))

async function readArchived(docker: Docker, id: string): Promise<string | undefined> {
  try {
    return await readTarFile(await docker.containers.getArchive(id, '/etc/passwd'), 'passwd')
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === 404) return undefined
    throw error
  }
}
