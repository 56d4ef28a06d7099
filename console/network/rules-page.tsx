import { SegmentedControl, Stack, Switch, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { type NetworkRuleView, networkRoutes } from '#contract/network-api.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { call } from '../api/api.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { Loaded } from '../app-shell/loaded.tsx'
import { Panel, PanelBody } from '../app-shell/panel.tsx'
import { keyOf } from '../live/topic-keys.ts'
import { LockDownNotice } from './lock-down-notice.tsx'
import { noticesQuery, rulesQuery } from './network-queries.ts'
import { NetworkPageFrame } from './network-tabs.tsx'
import { NoticesSummary } from './notices.tsx'
import { requestOf } from './rule-draft.ts'
import { ANYBODY, RuleForm } from './rule-form.tsx'
import { RulesTable } from './rules-table.tsx'

type Shown = 'people' | 'built-in' | 'all'

/** Every rule, made by people or built in, and the way to make one. */
export function RulesPage() {
  const query = useQuery(rulesQuery)
  return (
    <NetworkPageFrame title="Rules">
      <Loaded query={query}>
        {({ rules, lockDown, approvalNeeded }) => (
          <Stack gap="lg">
            {lockDown !== null && <LockDownNotice lockDown={lockDown} />}
            <AllRules rules={rules} />
            <NewRule />
            <Approval needed={approvalNeeded} />
          </Stack>
        )}
      </Loaded>
    </NetworkPageFrame>
  )
}

const NewRule = () => (
  <Panel
    title="Allow a connection"
    note="From the inside to the outside, or from an address outside to a port of the hosts."
  >
    <PanelBody>
      <RuleForm
        button="Allow"
        first={ANYBODY}
        send={(draft) =>
          call(networkRoutes.allow, { body: { from: draft.from.trim(), ...requestOf(draft) } })
        }
      />
    </PanelBody>
  </Panel>
)

function Approval({ needed }: { readonly needed: boolean }) {
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: (wanted: boolean) => call(networkRoutes.approval, { body: { needed: wanted } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keyOf({ kind: 'network' }) }),
  })
  return (
    <Panel title="Approval">
      <PanelBody>
        <Stack gap="sm">
          <Switch
            label="What an app’s people ask for waits for an operator"
            description="Without it they let their app reach public addresses themselves; private networks always need an operator."
            checked={needed}
            disabled={change.isPending}
            onChange={({ currentTarget }) => change.mutate(currentTarget.checked)}
          />
          {change.error && <ErrorNotice error={change.error} />}
        </Stack>
      </PanelBody>
    </Panel>
  )
}

/** All rules, below what people should know of theirs; a notice leads to its rule. */
function AllRules({ rules }: { readonly rules: readonly NetworkRuleView[] }) {
  const notices = useQuery(noticesQuery).data?.notices ?? []
  const [text, setText] = useState('')
  const [shown, setShown] = useState<Shown>('people')
  const field = useRef<HTMLInputElement>(null)
  const onShow = (rule: string) => {
    setShown('all')
    setText(rule)
    field.current?.focus()
  }
  const found = rules.filter((rule) => isShown(rule, shown) && isAbout(rule, text.trim().toLowerCase()))
  const waiting = rules.filter(({ approvedBy }) => approvedBy === null).length
  return (
    <>
      <NoticesSummary notices={notices} onShow={onShow} />
      <Panel
        title="Rules"
        note={
          <span data-live>{`${counted(found.length, 'rule')} shown; ${waiting} waiting for approval`}</span>
        }
        actions={
          <SegmentedControl
            size="xs"
            aria-label="Whose rules"
            data={[
              { value: 'people', label: 'Made by people' },
              { value: 'built-in', label: 'Built in' },
              { value: 'all', label: 'All' },
            ]}
            value={shown}
            onChange={(value) => setShown(value as Shown)}
          />
        }
      >
        <PanelBody>
          <TextInput
            ref={field}
            type="search"
            size="xs"
            maw={320}
            aria-label="Find a rule"
            placeholder="Find by app, group, address or reason"
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
          />
        </PanelBody>
        <RulesTable rules={found} notices={notices} none="There is no such rule." />
      </Panel>
    </>
  )
}

const isShown = ({ builtIn }: NetworkRuleView, shown: Shown) =>
  shown === 'all' || builtIn === (shown === 'built-in')

const isAbout = ({ id, from, to, reason, approvedBy, askedBy }: NetworkRuleView, text: string) =>
  [id, from, to, reason, approvedBy ?? '', askedBy ?? ''].some((part) => part.toLowerCase().includes(text))
