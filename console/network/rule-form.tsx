import { Button, SegmentedControl, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { NetworkRuleView } from '#contract/network-api.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { refusedField } from '../app-shell/refused-field.ts'
import { keyOf } from '../live/topic-keys.ts'
import { EMPTY_DRAFT, fieldOf, type RuleDraft } from './rule-draft.ts'
import classes from './rule-form.module.css'

/** Asks for a rule. `send` says whose it is; an app's people choose one of its processes at most. */
export function RuleForm(props: {
  readonly button: string
  readonly send: (draft: RuleDraft) => Promise<NetworkRuleView>
  readonly first: { readonly label: string; readonly hint: string }
}) {
  const [draft, setDraft] = useState(EMPTY_DRAFT)
  const queries = useQueryClient()
  const make = useMutation({
    mutationFn: props.send,
    onSuccess: () => {
      setDraft(EMPTY_DRAFT)
      return queries.invalidateQueries({ queryKey: keyOf({ kind: 'network' }) })
    },
  })
  const refused = fieldOf(refusedField(make.error))
  const field = (name: Exclude<keyof RuleDraft, 'protocol'>, label: string, place: string, hint = '') => (
    <TextInput
      className={classes[place] ?? ''}
      label={label}
      placeholder={hint}
      value={draft[name]}
      error={refused === name}
      onChange={({ currentTarget }) => setDraft({ ...draft, [name]: currentTarget.value })}
    />
  )
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate(draft)
      }}
    >
      <Stack gap="sm">
        <div className={classes.rule}>
          {field('from', props.first.label, 'half', props.first.hint)}
          {field('to', 'May reach', 'half', 'api.example.org, 198.51.100.0/24, internet')}
          {field('ports', 'Ports', 'small', '443, 8000-8010')}
          <Protocol value={draft.protocol} onChange={(protocol) => setDraft({ ...draft, protocol })} />
          {field('reason', 'Why', 'long')}
          <TextInput
            className={classes.half ?? ''}
            label="Ends after"
            type="date"
            value={draft.until}
            error={refused === 'until'}
            onChange={({ currentTarget }) => setDraft({ ...draft, until: currentTarget.value })}
          />
          <Button className={classes.small ?? ''} type="submit" loading={make.isPending}>
            {props.button}
          </Button>
        </div>
        {make.error && <ErrorNotice error={make.error} />}
        <Text size="sm" role="status">
          {make.data && <bdi>{madeText(make.data)}</bdi>}
        </Text>
      </Stack>
    </form>
  )
}

const Protocol = (props: {
  readonly value: RuleDraft['protocol']
  readonly onChange: (protocol: RuleDraft['protocol']) => void
}) => (
  <SegmentedControl
    className={classes.small ?? ''}
    aria-label="Protocol of the rule"
    data={['tcp', 'udp']}
    value={props.value}
    onChange={(value) => props.onChange(value === 'udp' ? 'udp' : 'tcp')}
  />
)

/** About the first field, where an operator makes the rule. */
export const ANYBODY = { label: 'Who', hint: 'app:shop, builder, 203.0.113.0/24, 2001:db8:1::/48' } as const

function madeText({ id, from, to, protocol, ports, approvedBy }: NetworkRuleView): string {
  if (approvedBy === null) return `${id} waits for the approval of an operator.`
  return `${id}: ${from} may reach ${to} at ${protocol} ${ports.join(', ')}.`
}
