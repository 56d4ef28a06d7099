import { Group, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { isOnTrial } from '#contract/network.ts'
import { type NetworkRuleView, networkRoutes } from '#contract/network-api.ts'
import type { RuleNotice } from '#contract/network-notices.ts'
import { call } from '../api/api.ts'
import cells from '../app/cells.module.css'
import { ConfirmButton } from '../app-shell/confirm-button.tsx'
import { DataTable } from '../app-shell/data-table.tsx'
import { PanelBody } from '../app-shell/panel.tsx'
import { StateBadge } from '../app-shell/state-badge.tsx'
import { keyOf } from '../live/topic-keys.ts'
import { useServerTime } from '../live/use-server-time.ts'
import { useMe } from '../session/use-me.ts'
import { describeEnd, portsText } from './flows.ts'
import { NoticesOfRule } from './notices.tsx'
import { inOrder } from './rule-draft.ts'
import { isOf, stateOf, untilText } from './rule-state.ts'

const COLUMNS = ['State', 'Who', 'May reach', 'Why', 'Until', '.Change']
/** Of an app's own rules it is known whose they are. */
const OWN_COLUMNS = COLUMNS.filter((column) => column !== 'Who')

/**
 * Rules with the way to take each back; who may approve gets that, too. `app`: its people take back what is its own, and read what
 * people have allowed every app.
 */
export function RulesTable(props: {
  readonly rules: readonly NetworkRuleView[]
  readonly app?: string
  readonly none: string
  readonly notices?: readonly RuleNotice[] | undefined
}) {
  const now = useServerTime()
  const { operator } = useMe()
  if (props.rules.length === 0)
    return (
      <PanelBody>
        <Text size="sm">{props.none}</Text>
      </PanelBody>
    )
  return (
    <DataTable
      label="Rules"
      columns={props.app === undefined ? COLUMNS : OWN_COLUMNS}
      minWidth={props.app === undefined ? 860 : 700}
    >
      {inOrder(props.rules).map((rule) => (
        <tr key={rule.id}>
          <td>
            <StateBadge state={stateOf(rule, now)} />
          </td>
          {props.app === undefined && (
            <td className={cells.name} title={describeEnd(rule.from)}>
              <bdi>{rule.from}</bdi>
            </td>
          )}
          <td>
            <bdi className={cells.name}>{rule.to}</bdi>
            <span className={cells.below}>
              {portsText(props.app === undefined ? { ...rule, from: '' } : rule)}
            </span>
          </td>
          <td>
            <bdi>{rule.reason}</bdi>
            <bdi className={cells.below}>{whoseText(rule, props.app)}</bdi>
            <NoticesOfRule notices={props.notices?.filter((one) => one.rule === rule.id) ?? []} />
          </td>
          <td data-live>{untilText(rule, now)}</td>
          <td className={cells.end}>
            <Group gap="xs" justify="end" wrap="nowrap">
              {operator && rule.approvedBy === null && <Approve rule={rule} />}
              {isOnTrial(rule, now) && <KeepTakenBack rule={rule} />}
              {!rule.builtIn && isOf(rule, props.app) && !isOnTrial(rule, now) && (
                <TakeBack rule={rule} {...(props.app === undefined ? {} : { app: props.app })} />
              )}
            </Group>
          </td>
        </tr>
      ))}
    </DataTable>
  )
}

function whoseText(rule: NetworkRuleView, app: string | undefined): string {
  const { id, builtIn, approvedBy, askedBy } = rule
  if (builtIn) return id
  const every = isOf(rule, app) ? [] : ['for every app']
  const asked = askedBy === null ? [] : [`asked by ${askedBy}`]
  return [id, ...every, ...(approvedBy === null ? [] : [`allowed by ${approvedBy}`]), ...asked].join(', ')
}

const sentence = ({ from, to, protocol, ports }: NetworkRuleView) =>
  `${from} to ${to} at ${protocol} ${ports.join(', ')}`

function Approve({ rule }: { readonly rule: NetworkRuleView }) {
  const queries = useQueryClient()
  const approve = useMutation({
    mutationFn: () => call(networkRoutes.approve, { params: { rule: rule.id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keyOf({ kind: 'network' }) }),
  })
  return (
    <ConfirmButton
      label="Approve"
      title={`Approve ${rule.id}?`}
      action={() => approve.mutate()}
      pending={approve.isPending}
      error={approve.error}
      look={{ size: 'compact-sm' }}
    >
      {rule.askedBy} asks for {sentence(rule)}: {rule.reason}. It is in force on every host within seconds.
    </ConfirmButton>
  )
}

/** Its people were asked back: one that may be what lets them in is gone by a second word only. */
function KeepTakenBack({ rule }: { readonly rule: NetworkRuleView }) {
  const queries = useQueryClient()
  const deny = useMutation({
    mutationFn: () => call(networkRoutes.deny, { params: { rule: rule.id }, query: { keep: 'true' } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keyOf({ kind: 'network' }) }),
  })
  return (
    <ConfirmButton
      label="Keep it so"
      title={`Leave ${rule.id} taken back?`}
      action={() => deny.mutate()}
      pending={deny.isPending}
      error={deny.error}
      look={{ color: 'red', size: 'compact-sm' }}
    >
      It may be what lets you in, so it was taken back on trial and stands again by itself. That you read this
      proves nothing: the console stays open. Open a new connection now in the way in which you administer the
      hosts, such as ssh, and go on only if that works. {sentence(rule)} stays refused.
    </ConfirmButton>
  )
}

function TakeBack({ rule, app }: { readonly rule: NetworkRuleView; readonly app?: string }) {
  const queries = useQueryClient()
  const waits = rule.approvedBy === null
  const label = waits ? 'Refuse' : 'Take back'
  const deny = useMutation({
    mutationFn: () =>
      app === undefined
        ? call(networkRoutes.deny, { params: { rule: rule.id } })
        : call(networkRoutes.appDeny, { params: { app, rule: rule.id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keyOf({ kind: 'network' }) }),
  })
  return (
    <ConfirmButton
      label={waits && app !== undefined ? 'Withdraw' : label}
      title={`${waits && app !== undefined ? 'Withdraw' : label} ${rule.id}?`}
      action={() => deny.mutate()}
      pending={deny.isPending}
      error={deny.error}
      look={{ color: 'red', variant: 'subtle', size: 'compact-sm' }}
    >
      {waits
        ? `${sentence(rule)} was not allowed yet, and will not be.`
        : `${sentence(rule)} is refused from then on; connections that the rule allowed end at once.`}
    </ConfirmButton>
  )
}
