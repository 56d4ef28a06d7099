import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { appRoutes } from '#contract/apps.ts'
import { MaruError } from '#contract/errors.ts'
import type { AppName } from '#contract/ids.ts'
import { type PackedSource, packSource } from '#platform/builds/index.ts'
import { chooseApp } from '#runtime/cli/app-name.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { followOperation } from '#runtime/cli/follow-operation.ts'
import { openSession, type Session } from '#runtime/cli/session.ts'
import { bytes, counted } from '#runtime/kit/human-units.ts'
import { safeText } from '#runtime/kit/safe-text.ts'

type Options = ApiOptions & { readonly app?: string }

/** Finds the app or creates it; somebody else's app of that name is `apps.name_taken`. */
async function ensureApp({ api, out }: Session, app: AppName): Promise<void> {
  try {
    await api.call(appRoutes.get, { params: { app } })
  } catch (error) {
    if (!(error instanceof MaruError) || error.code !== 'apps.not_found') throw error
    const { url } = await api.call(appRoutes.create, { body: { name: app } })
    out.note(`Created ${app}: it will be at ${url}`)
  }
}

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined)
  if (found?.isDirectory()) return
  const reason = found === undefined ? `there is no folder ${folder}` : `${folder} is not a folder`
  throw new MaruError('invalid', { field: 'DIR', reason })
}

/** Passes bytes through and tells how many there were. */
const counting = (tell: (count: number) => void) => {
  let count = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count += chunk.length
      tell(count)
      done(null, chunk)
    },
  })
}

const SHOWN_SKIPPED = 6

/** What stays behind is told: somebody may miss it on the other side. */
function noteSkipped({ out }: Session, skipped: readonly string[]): void {
  if (skipped.length === 0) return
  const more = skipped.length > SHOWN_SKIPPED ? `, and ${skipped.length - SHOWN_SKIPPED} more` : ''
  out.note(safeText(`Left out: ${skipped.slice(0, SHOWN_SKIPPED).join(', ')}${more}`))
}

async function upload({ api, out }: Session, app: AppName, source: PackedSource) {
  const what = `${counted(source.files, 'file')}, ${bytes(source.sizeBytes)}`
  out.progress.step(`Uploading ${what}`)
  const body = counting((sent) => out.progress.update(`Uploading ${what}: ${bytes(sent)} sent`))
  // A file that can't be read breaks `body`, and who sends it tells the reason.
  pipeline(source.stream, body).catch(() => {})
  const uploaded = await api.upload(appRoutes.upload, { params: { app } }, body)
  out.progress.update(`Uploaded ${what}`)
  out.progress.end('done')
  return uploaded
}

async function send(session: Session, app: AppName, folder: string) {
  session.out.progress.step('Reading the source')
  // Read first, so that a folder that can't be deployed leaves no empty app behind.
  const source = await packSource(folder)
  session.out.progress.end('done')
  noteSkipped(session, source.skipped)
  await ensureApp(session, app)
  return upload(session, app, source)
}

/** `maru deploy`: sends the source of a folder and follows its way to the address. */
export async function deploy(context: CliContext, dir: string, options: Options): Promise<void> {
  const folder = resolve(context.cwd, dir)
  await checkFolder(folder)
  const app = await chooseApp(options.app, folder)
  const session = await openSession(context, options)
  try {
    const { source } = await send(session, app, folder)
    const request = { params: { app }, body: { source }, idempotencyKey: randomUUID() }
    await followOperation(session, await session.api.call(appRoutes.deploy, request))
  } catch (error) {
    session.out.progress.end('failed')
    throw error
  }
}
