import { Button, Group, Stack, Text } from '@mantine/core'
import { EyeClosedIcon, EyeOpenIcon } from '@radix-ui/react-icons'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { appRoutes } from '#contract/apps.ts'
import { counted } from '#runtime/kit/human-units.ts'
import { call } from '../../api/api.ts'
import { ErrorNotice } from '../../app-shell/error-notice.tsx'
import { useStartOperation } from '../use-start-operation.ts'
import { AddValue } from './add-value.tsx'
import { type ConfigDraft, rowsOf, withoutChange } from './config-draft.ts'
import classes from './config-form.module.css'
import { ValueRow } from './value-row.tsx'

/** Changes are collected and saved together: one release for all of them. */
export function ConfigForm({ app, names }: { readonly app: string; readonly names: readonly string[] }) {
  const [draft, setDraft] = useState<ConfigDraft>({})
  const [stored, setStored] = useState(false)
  const values = useMutation({ mutationFn: () => call(appRoutes.configValues, { params: { app } }) })
  const shown = values.data?.values
  const save = useStartOperation(app, async () => {
    const answer = await call(appRoutes.configChange, { params: { app }, body: { values: draft } })
    values.reset()
    setDraft({})
    setStored(answer.operation === null && answer.changed)
    return answer.operation
  })
  const changes = Object.keys(draft).length
  const set = (name: string, value: string | null) => {
    setStored(false)
    setDraft({ ...draft, [name]: value })
  }
  return (
    <Stack gap="md">
      {(values.error ?? save.error) !== null && <ErrorNotice error={values.error ?? save.error} />}
      {names.length > 0 && (
        <Group>
          <Button
            size="xs"
            variant="default"
            leftSection={shown ? <EyeClosedIcon aria-hidden /> : <EyeOpenIcon aria-hidden />}
            loading={values.isPending}
            onClick={() => (shown ? values.reset() : values.mutate())}
          >
            {shown ? 'Hide the values' : 'Show the values'}
          </Button>
        </Group>
      )}
      {names.length + changes === 0 && (
        <Text size="sm">
          No values yet. Addresses of other services and keys of yours belong here and not into the program.
        </Text>
      )}
      {rowsOf(names, draft, shown).map((row) => (
        <ValueRow
          key={row.name}
          row={row}
          onChange={(value) => set(row.name, value)}
          onRemove={() => set(row.name, null)}
          onUndo={() => setDraft(withoutChange(draft, row.name))}
        />
      ))}
      <AddValue taken={[...names, ...Object.keys(draft)]} onAdd={set} />
      <SaveBar
        changes={changes}
        pending={save.isPending}
        onSave={() => save.mutate()}
        onDiscard={() => setDraft({})}
        note={stored ? `Stored; the first deploy of ${app} uses it.` : ''}
      />
    </Stack>
  )
}

function SaveBar(props: {
  readonly changes: number
  readonly pending: boolean
  readonly onSave: () => void
  readonly onDiscard: () => void
  readonly note: string
}) {
  const { changes } = props
  return (
    <Group gap="sm" aria-live="polite" className={classes.save ?? ''}>
      <Button disabled={changes === 0} loading={props.pending} onClick={props.onSave}>
        {changes === 0 ? 'Save' : `Save ${counted(changes, 'change')}`}
      </Button>
      {changes > 0 && (
        <Button variant="subtle" color="gray" onClick={props.onDiscard}>
          Discard
        </Button>
      )}
      {props.note && <Text size="sm">{props.note}</Text>}
    </Group>
  )
}
