import { Group, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { isActive } from '#contract/network.ts'
import { type NetworkRuleView, networkRoutes } from '#contract/network-api.ts'
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
import { inOrder } from './rule-draft.ts'

const COLUMNS = ['State', 'Who', 'May reach', 'Why', 'Until', '.Change']
/** Of an app's own rules it is known whose they are. */
const OWN_COLUMNS = COLUMNS.filter((column) => column !== 'Who')

/** Rules with the way to take each back; who may approve gets that, too. `app`: its people take back what is its own. */
export function RulesTable(props: {
  readonly rules: readonly NetworkRuleView[]
  readonly app?: string
  readonly none: string
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
            <bdi className={cells.below}>{whoseText(rule)}</bdi>
          </td>
          <td data-live>{untilText(rule)}</td>
          <td className={cells.end}>
            <Group gap="xs" justify="end" wrap="nowrap">
              {operator && rule.approvedBy === null && <Approve rule={rule} />}
              {!rule.builtIn && (
                <TakeBack rule={rule} {...(props.app === undefined ? {} : { app: props.app })} />
              )}
            </Group>
          </td>
        </tr>
      ))}
    </DataTable>
  )
}

function stateOf(rule: NetworkRuleView, now: Date): string {
  if (rule.builtIn) return 'built in'
  if (!isActive(rule, now)) return 'ended'
  return rule.approvedBy === null ? 'waits' : 'allowed'
}

function whoseText({ id, builtIn, approvedBy, askedBy }: NetworkRuleView): string {
  if (builtIn) return id
  const asked = askedBy === null ? [] : [`asked by ${askedBy}`]
  return [id, ...(approvedBy === null ? [] : [`allowed by ${approvedBy}`]), ...asked].join(', ')
}

function untilText({ builtIn, until }: NetworkRuleView): string {
  if (until !== null) return `${until.slice(0, 16).replace('T', ' ')} UTC`
  return builtIn ? '–' : 'it is taken back'
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
