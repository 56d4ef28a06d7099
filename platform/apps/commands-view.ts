import { type App, appRoutes, type Instance, type Release } from '#contract/apps.ts'
import { chooseApp } from '#runtime/cli/app-name.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'
import { ago, bytes } from '#runtime/kit/human-units.ts'

type AppOptions = ApiOptions & { readonly app?: string }

const version = (release: number | null) => (release === null ? '-' : `v${release}`)
/** An image id is long and tells people nothing beyond its first digits. */
const stack = (name: string | null) => name?.replace(/^sha256:([0-9a-f]{12}).*/, '$1') ?? '-'
const size = (count: number | null) => (count === null ? '-' : bytes(count))

/** `maru apps` */
export async function apps(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(appRoutes.list, {})
  const columns = ['NAME', 'STATE', 'RELEASE', 'INSTANCES', 'URL'].map((title) => ({ title }))
  const row = (app: App) => [
    app.name,
    app.state,
    version(app.release),
    `${app.instances.running}/${app.instances.wanted}`,
    app.url,
  ]
  out.result(answer, () =>
    answer.apps.length === 0
      ? 'No apps yet. `maru deploy` in the folder of one puts it online.\n'
      : out.table(columns, answer.apps.map(row)),
  )
}

/** `maru ps` */
export async function instances(context: CliContext, options: AppOptions): Promise<void> {
  const app = await chooseApp(options.app, context.cwd)
  const { api, out } = await openSession(context, options)
  const answer = await api.call(appRoutes.instances, { params: { app } })
  const several = answer.hosts > 1
  const row = (one: Instance) => [
    one.id,
    one.state,
    version(one.release),
    one.startedAt === null ? '-' : ago(one.startedAt, context.now()),
    String(one.restarts),
    size(one.memoryBytes),
    ...(several ? [one.host, one.dataCentre ?? 'removed'] : []),
    one.detail,
  ]
  const where = several ? ['HOST', 'DATA CENTRE'] : []
  const columns = ['INSTANCE', 'STATE', 'RELEASE', 'STARTED', 'RESTARTS', 'MEMORY', ...where, 'DETAIL']
  out.result(answer, () =>
    answer.instances.length === 0
      ? `${app} has no instances. \`maru deploy\` starts some.\n`
      : `${out.table(
          columns.map((title) => ({ title })),
          answer.instances.map(row),
        )}${several ? `\n${leadTo(answer.addresses)}` : ''}`,
  )
}

/** What a name server should say. */
const leadTo = (addresses: readonly string[]) => `Its names should lead to ${addresses.join(' and ')}.\n`

/** `maru releases` */
export async function releases(context: CliContext, options: AppOptions): Promise<void> {
  const app = await chooseApp(options.app, context.cwd)
  const { api, out } = await openSession(context, options)
  const answer = await api.call(appRoutes.releases, { params: { app } })
  const row = (one: Release) => [
    version(one.version),
    one.state,
    one.reason,
    ago(one.createdAt, context.now()),
    one.createdBy,
    one.kind ?? '-',
    stack(one.stack),
    size(one.sizeBytes),
  ]
  const columns = ['RELEASE', 'STATE', 'REASON', 'CREATED', 'BY', 'KIND', 'STACK', 'SIZE']
  out.result(answer, () =>
    answer.releases.length === 0
      ? `${app} has no releases. \`maru deploy\` makes the first.\n`
      : out.table(
          columns.map((title) => ({ title })),
          answer.releases.map(row),
        ),
  )
}
