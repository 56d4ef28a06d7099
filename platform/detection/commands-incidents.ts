import { detectionRoutes, type IncidentAccount, SEVERITY_NAMES } from '#contract/detection.ts'
import { MaruError, parseWith } from '#contract/errors.ts'
import type { RuleSetReport } from '#contract/rule-set.ts'
import type { ApiOptions, CliContext } from '#runtime/cli/context.ts'
import { openSession } from '#runtime/cli/session.ts'
import { ago } from '#runtime/kit/human-units.ts'

const columns = (...titles: string[]) => titles.map((title) => ({ title }))

/** `maru network incidents` */
export async function incidents(
  context: CliContext,
  id: string | undefined,
  options: ApiOptions & { readonly state?: string; readonly limit?: string },
): Promise<void> {
  if (id !== undefined) return await incident(context, id, options)
  const { state, limit } = options
  const query = parseWith(detectionRoutes.incidents.query, {
    ...(state === undefined ? {} : { state }),
    ...(limit === undefined ? {} : { limit }),
  })
  const { api, out } = await openSession(context, options)
  const answer = await api.call(detectionRoutes.incidents, { query })
  const rows = answer.incidents.map((one) => [
    ...[one.id, one.state, SEVERITY_NAMES[one.severity] ?? '', ago(one.lastAt, context.now())],
    ...[one.apps.join(', ') || '-', one.hosts.join(', '), one.title],
  ])
  out.result(answer, () =>
    [
      rows.length === 0
        ? 'No incidents.\n'
        : out.table(columns('ID', 'STATE', 'SEVERITY', 'LAST', 'APPS', 'HOSTS', 'WHAT'), rows),
      ...answer.problems.map(({ host, problem }) => `${host}: ${problem}\n`),
    ].join('\n'),
  )
}

async function incident(context: CliContext, text: string, options: ApiOptions): Promise<void> {
  const params = parseWith(detectionRoutes.incident.params, { incident: text })
  const { api, out } = await openSession(context, options)
  const one = await api.call(detectionRoutes.incident, { params })
  out.result(one, () => renderAccount(one))
}

function renderAccount(one: IncidentAccount): string {
  const line = ({ start_time, host, count, message }: IncidentAccount['entries'][number]) =>
    `  ${start_time.slice(0, 19).replace('T', ' ')}  ${host}${count > 1 ? ` (${count} times)` : ''}: ${message}`
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((text) => `  ${text}`)]
  return [
    `${one.title} (${SEVERITY_NAMES[one.severity]}, ${one.state})`,
    '',
    one.account,
    ...part('What the platform did', one.did),
    ...part('What you can do', one.canDo),
    '',
    'Time line (UTC):',
    ...one.entries.map(line),
    '',
  ].join('\n')
}

/** `maru network detectors` */
export async function detectors(
  context: CliContext,
  options: ApiOptions & { readonly rules?: boolean },
): Promise<void> {
  const { api, out } = await openSession(context, options)
  const answer = await api.call(detectionRoutes.detectors, {})
  const hosts = () =>
    out.table(
      columns('HOST', 'COUNTED', 'PACKETS', 'MISSED', 'RULES', 'OF OTHERS', 'PROBLEM'),
      answer.detectors.map(({ host, saidAt, packets, dropped, rules, problem, ruleSet }) => [
        ...[host, saidAt === null ? 'never' : ago(saidAt, context.now())],
        ...[String(packets), String(dropped), String(rules)],
        ...[ruleSetText(ruleSet), problem || ruleSet?.problem || '-'],
      ]),
    )
  const rules = () =>
    out.table(
      columns('RULE', 'KIND', 'SEVERITY', 'LOOKS FOR', 'WHAT IT MEANS'),
      answer.rules.map(({ sid, kind, severity, title, means }) => [
        ...[String(sid), kind, SEVERITY_NAMES[severity] ?? '', title, means],
      ]),
    )
  out.result(answer, () => (options.rules === true ? rules() : hosts()))
}

const ruleSetText = (said: RuleSetReport | undefined) =>
  said === undefined
    ? 'off'
    : `${said.rules} of ${said.fetchedAt?.slice(0, 10) ?? 'no day yet'}${said.silenced.length === 0 ? '' : `, not heard: ${said.silenced.join(', ')}`}`

/** `maru network rule-set` */
export async function ruleSet(
  context: CliContext,
  state: string,
  options: ApiOptions & { readonly url?: string },
): Promise<void> {
  if (state !== 'on' && state !== 'off')
    throw new MaruError('invalid', { field: 'state', reason: 'must be on or off' })
  const wish = state === 'on' ? { url: options.url ?? null } : null
  const body = parseWith(detectionRoutes.ruleSet.body, { ruleSet: wish })
  const { api, out } = await openSession(context, options)
  const answer = await api.call(detectionRoutes.ruleSet, { body })
  out.result(answer, () =>
    state === 'on'
      ? 'Every host fetches the rules now and then daily, and uses them when they were tried. `maru network detectors` shows how it is.\n'
      : 'Detectors look for the platform’s own rules only.\n',
  )
}
