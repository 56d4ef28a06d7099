import { Checkbox, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { ResponseOf } from '#contract/route.ts'
import { upstreamRoutes } from '#contract/upstream-api.ts'
import { call } from '../api/api.ts'
import { ConfirmButton } from '../app-shell/confirm-button.tsx'
import { refusedField } from '../app-shell/refused-field.ts'
import classes from './rule-form.module.css'
import { useUpstreamChange } from './use-upstream-change.ts'

const TIMES = [
  { value: '10', label: '10 minutes' },
  { value: '60', label: 'An hour' },
  { value: '360', label: '6 hours' },
  { value: '1440', label: 'A day' },
]
const EVERYBODY = 'All that bring it'
const EMPTY = { minutes: '10', upstream: '', reason: '', evenLast: false }

type Known = Pick<ResponseOf<typeof upstreamRoutes.list>, 'own' | 'upstreams'>

/** Has providers drop everything to an address, after it was said what that means. */
export function UpstreamForm({ known: { own, upstreams } }: { readonly known: Known }) {
  const [draft, setDraft] = useState({ ...EMPTY, address: '' })
  const [made, setMade] = useState(0)
  const address = draft.address || (own[0] ?? '')
  const { minutes, upstream, reason, evenLast } = draft
  const announce = useUpstreamChange(
    () =>
      call(upstreamRoutes.announce, {
        body: {
          ...{ address, minutes: Number(minutes), reason, evenLast },
          ...(upstream === '' ? {} : { upstream }),
        },
      }),
    () => {
      setDraft({ ...EMPTY, address })
      setMade(made + 1)
    },
  )
  const change = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part })
  const names = upstreams.map(({ name }) => ({ value: name, label: name }))
  const time = TIMES.find(({ value }) => value === minutes)?.label.toLowerCase()
  return (
    <Stack gap="sm">
      <div className={classes.fields}>
        <NativeSelect
          label="Take off the net"
          data={own}
          value={address}
          onChange={({ currentTarget }) => change({ address: currentTarget.value })}
        />
        <NativeSelect
          label="For"
          data={TIMES}
          value={minutes}
          onChange={({ currentTarget }) => change({ minutes: currentTarget.value })}
        />
        <NativeSelect
          label="At"
          data={[{ value: '', label: EVERYBODY }, ...names]}
          value={upstream}
          onChange={({ currentTarget }) => change({ upstream: currentTarget.value })}
        />
        <TextInput
          label="Why"
          value={reason}
          error={refusedField(announce.error) === 'reason'}
          onChange={({ currentTarget }) => change({ reason: currentTarget.value })}
        />
        {/* After each announcement a new one: its question is closed. */}
        <ConfirmButton
          key={made}
          label="Announce"
          title={`Take ${address} off the net?`}
          action={() => announce.mutate(undefined)}
          pending={announce.isPending}
          error={announce.error}
          look={{ color: 'red', variant: 'default', size: 'sm' }}
        >
          {upstream === '' ? 'Every provider that brings it' : upstream} drops everything to {address} for{' '}
          {time}: attackers and visitors alike do not reach it, and its host reaches nobody from it. You can
          withdraw it before.
        </ConfirmButton>
      </div>
      <Checkbox
        label="Even if it is the last address that serves the apps"
        checked={evenLast}
        onChange={({ currentTarget }) => change({ evenLast: currentTarget.checked })}
      />
      <Text size="sm" role="status">
        {announce.data?.warning}
      </Text>
    </Stack>
  )
}
