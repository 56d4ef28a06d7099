import { Button, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { guardRoutes } from '#contract/guard-api.ts'
import { call } from '../api/api.ts'
import { ErrorNotice } from '../app-shell/error-notice.tsx'
import { refusedField } from '../app-shell/refused-field.ts'
import classes from './rule-form.module.css'
import { useGuardChange } from './use-topic-change.ts'

/** Minutes; nothing for until it is lifted. */
const TIMES = [
  { value: '60', label: 'An hour' },
  { value: '1440', label: 'A day' },
  { value: '10080', label: 'A week' },
  { value: '', label: 'Until it is lifted' },
]
const EMPTY = { source: '', minutes: '60', reason: '' }

/** Blocks a source on every host. */
export function BlockForm() {
  const [draft, setDraft] = useState(EMPTY)
  const block = useGuardChange(
    ({ source, minutes, reason }: typeof EMPTY) =>
      call(guardRoutes.block, {
        body: { source: source.trim(), minutes: minutes === '' ? null : Number(minutes), reason },
      }),
    () => setDraft(EMPTY),
  )
  const refused = refusedField(block.error)
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        block.mutate(draft)
      }}
    >
      <Stack gap="sm">
        <div className={classes.fields}>
          <TextInput
            label="Block a source"
            placeholder="192.0.2.7 or 192.0.2.0/24"
            value={draft.source}
            error={refused === 'source'}
            onChange={({ currentTarget }) => setDraft({ ...draft, source: currentTarget.value })}
          />
          <NativeSelect
            label="For"
            data={TIMES}
            value={draft.minutes}
            onChange={({ currentTarget }) => setDraft({ ...draft, minutes: currentTarget.value })}
          />
          <TextInput
            label="Why"
            value={draft.reason}
            error={refused === 'reason'}
            onChange={({ currentTarget }) => setDraft({ ...draft, reason: currentTarget.value })}
          />
          <Button type="submit" variant="default" loading={block.isPending}>
            Block
          </Button>
        </div>
        {block.error && <ErrorNotice error={block.error} />}
        <Text size="sm" role="status">
          {block.data && `${block.data.source} is blocked on every host, open connections included.`}
        </Text>
      </Stack>
    </form>
  )
}
