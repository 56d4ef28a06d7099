import { Checkbox, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { ResponseOf } from '#contract/route.ts'
import { upstreamRoutes } from '#contract/upstream-api.ts'
import { call } from '../api/api.ts'
import { ConfirmButton } from '../app-shell/confirm-button.tsx'
import { refusedField } from '../app-shell/refused-field.ts'
import classes from './rule-form.module.css'
import { useUpstreamChange } from './use-topic-change.ts'

const TIMES = [
  { value: '10', label: '10 minutes' },
  { value: '60', label: 'An hour' },
  { value: '360', label: '6 hours' },
  { value: '1440', label: 'A day' },
]
const EVERYBODY = 'All that bring it'
const EMPTY = { minutes: '10', upstream: '', only: '', reason: '', evenLast: false }
type Draft = typeof EMPTY & { readonly address: string }

type Known = Pick<ResponseOf<typeof upstreamRoutes.list>, 'own' | 'upstreams'>

/** Has providers drop what goes to an address, after it was said what that means. */
export function UpstreamForm({ known }: { readonly known: Known }) {
  const [draft, setDraft] = useState({ ...EMPTY, address: '' })
  const [made, setMade] = useState(0)
  const address = draft.address || (known.own[0] ?? '')
  const { minutes, upstream, only, reason, evenLast } = draft
  const announce = useUpstreamChange(
    () =>
      call(upstreamRoutes.announce, {
        body: {
          ...{ address, minutes: Number(minutes), reason, evenLast },
          ...(upstream === '' ? {} : { upstream }),
          ...(only === '' ? {} : { only }),
        },
      }),
    () => {
      setDraft({ ...EMPTY, address })
      setMade(made + 1)
    },
  )
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  return (
    <Stack gap="sm">
      <div className={classes.fields}>
        <Fields
          known={known}
          draft={{ ...draft, address }}
          change={change}
          refused={refusedField(announce.error)}
        />
      </div>
      <Group justify="space-between">
        <Checkbox
          label="Even if it is the last address that serves the apps"
          checked={evenLast}
          onChange={({ currentTarget }) => change({ evenLast: currentTarget.checked })}
        />
        {/* After each announcement a new one: its question is closed. */}
        <ConfirmButton
          key={made}
          label="Announce"
          title={only === '' ? `Take ${address} off the net?` : `Have ${only} to ${address} dropped?`}
          action={() => announce.mutate(undefined)}
          pending={announce.isPending}
          error={announce.error}
          look={{ color: 'red', variant: 'default', size: 'sm' }}
        >
          {questionOf({ ...draft, address })}
        </ConfirmButton>
      </Group>
      <Text size="sm" role="status">
        {announce.data?.warning}
      </Text>
    </Stack>
  )
}

function questionOf({ address, minutes, upstream, only }: Draft): string {
  const time = TIMES.find(({ value }) => value === minutes)?.label.toLowerCase()
  const who = upstream || `Every provider that brings it${only === '' ? '' : ' and takes flow rules'}`
  return only === ''
    ? `${who} drops everything to ${address} for ${time}: attackers and visitors alike do not reach it, and its host reaches nobody from it. You can withdraw it before.`
    : `${who} drops ${only} to ${address} for ${time}, whoever sends it; all else arrives. You can withdraw it before.`
}

function Fields(props: {
  readonly known: Known
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
  readonly refused: string | undefined
}) {
  const { known, draft, change, refused } = props
  const names = known.upstreams.map(({ name }) => ({ value: name, label: name }))
  return (
    <>
      <NativeSelect
        label="Take off the net"
        data={known.own}
        value={draft.address}
        onChange={({ currentTarget }) => change({ address: currentTarget.value })}
      />
      <TextInput
        label="Only"
        placeholder="everything, or udp:53"
        value={draft.only}
        error={refused === 'only'}
        onChange={({ currentTarget }) => change({ only: currentTarget.value.trim() })}
      />
      <NativeSelect
        label="For"
        data={TIMES}
        value={draft.minutes}
        onChange={({ currentTarget }) => change({ minutes: currentTarget.value })}
      />
      <NativeSelect
        label="At"
        data={[{ value: '', label: EVERYBODY }, ...names]}
        value={draft.upstream}
        onChange={({ currentTarget }) => change({ upstream: currentTarget.value })}
      />
      <TextInput
        label="Why"
        value={draft.reason}
        error={refused === 'reason'}
        onChange={({ currentTarget }) => change({ reason: currentTarget.value })}
      />
    </>
  )
}
