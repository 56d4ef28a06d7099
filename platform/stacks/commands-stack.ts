import { type AppStack, type Stack, stackRoutes } from '#contract/stacks.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { followOperation } from '#runtime/cli/follow-operation.ts'
import { openSession } from '#runtime/cli/session.ts'
import { ago, counted } from '#runtime/kit/human-units.ts'

/** `maru stack list` */
export async function list(context: CliContext, options: ApiOptions): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(stackRoutes.list, {})
  const age = (at: string | null) => (at === null ? '-' : ago(at, context.now()))
  const severalHosts = hostsIn(answer).size > 1
  const onHosts = (...hosts: string[]) => (severalHosts ? hosts : [])
  const stackRow = ({ name, madeAt, hosts }: Stack) => [name, age(madeAt), ...onHosts(hosts.join(', '))]
  const appRow = (one: AppStack) => [
    one.app,
    `v${one.release}`,
    one.stack ?? '-',
    age(one.madeAt),
    ...onHosts(one.builtOn),
    one.state,
    one.detail,
  ]
  const behind = answer.apps.filter(({ state, detail }) => state === 'behind' && detail === '').length
  const columns = (...titles: string[]) => titles.map((title) => ({ title }))
  out.result(answer, () =>
    [
      out.table(columns('NEWEST STACK', 'MADE', ...onHosts('ON')), answer.stacks.map(stackRow)),
      answer.apps.length === 0
        ? 'No app has a release yet.\n'
        : out.table(
            columns('APP', 'RELEASE', 'STACK', 'MADE', ...onHosts('BUILT ON'), 'STATE', 'DETAIL'),
            answer.apps.map(appRow),
          ),
      ...(answer.roll === null ? [] : [`A roll is under way: maru operation ${answer.roll.id}\n`]),
      ...(behind === 0 || answer.roll !== null
        ? []
        : [`${counted(behind, 'app')} behind: \`maru stack roll\` moves them.\n`]),
    ].join('\n'),
  )
}

const hostsIn = ({
  stacks,
  apps,
}: {
  readonly stacks: readonly Stack[]
  readonly apps: readonly AppStack[]
}) => new Set([...stacks.flatMap(({ hosts }) => hosts), ...apps.map(({ builtOn }) => builtOn)])

/** `maru stack roll` */
export async function roll(context: CliContext, options: ApiOptions): Promise<void> {
  const session = await openSession(context, options)
  const answer = await session.api.call(stackRoutes.roll, {})
  for (const { app, detail } of answer.stay) session.out.note(`${app} stays where it is: ${detail}.`)
  if (answer.operation !== null) return await followOperation(session, answer.operation)
  session.out.result(answer, () =>
    answer.stay.length === 0
      ? 'Nothing to do: every app that stands on a stack of ours stands on the newest.\n'
      : 'Nothing to do for the others: every one that stands on a stack of ours stands on the newest.\n',
  )
}
